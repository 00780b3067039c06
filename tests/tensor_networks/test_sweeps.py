"""Two-site sweeps: derivatives, states that they must find, bonds that adapt, and failures by name."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime

from strangeness.core.errors import InputError
from strangeness.tensor_networks.mps import MPS, random_mps, to_dense
from strangeness.tensor_networks.sweeps import (
    Centred,
    Sweeps,
    amplitudes,
    centred,
    classification_loss,
    likelihood_loss,
    sweep,
)

BITS = np.eye(2)


def _chain(sites: int, bond: int, rng: np.random.Generator, labels: int = 1) -> Centred:
    tensors = [*random_mps(sites, 2, bond, rng).tensors]
    middle = sites // 2
    shape = (*tensors[middle].shape, labels)
    return centred(tensors[:middle], rng.normal(size=shape), tensors[middle + 1 :])


@pytest.mark.parametrize("loss", [likelihood_loss, classification_loss])
def test_derivatives_are_finite_differences(loss, rng: np.random.Generator) -> None:
    labels = 1 if loss is likelihood_loss else 3
    f, label = rng.normal(size=(4, labels)), np.arange(4) % labels
    slope = loss(f, label)[1]
    for row in range(4):
        numeric = approx_fprime(f[row], lambda z, row=row: loss(z[None], label[row : row + 1])[0][0], 1e-7)
        np.testing.assert_allclose(slope[row], numeric, rtol=1e-4, atol=1e-5)


def test_the_canonical_form_keeps_the_amplitudes(rng: np.random.Generator) -> None:
    tensors = [*random_mps(5, 2, 4, rng).tensors]
    chain = centred(tensors[:2], tensors[2][..., None], tensors[3:])
    vectors = rng.normal(size=(7, 5, 2))
    f, log = amplitudes(chain, vectors)
    dense = to_dense(MPS(tuple(tensors)))
    expected = np.einsum("abcde,na,nb,nc,nd,ne->n", dense, *vectors.transpose(1, 0, 2))
    ratio = f[:, 0] * np.exp(log) / expected
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-11)
    assert abs(ratio[0]) == pytest.approx(1 / np.linalg.norm(dense), rel=1e-11)


def test_two_patterns_are_learned_exactly_with_a_bond_of_two(rng: np.random.Generator) -> None:
    """Equal shares of 000000 and 110100: entropy ln 2; a bond of 2 where they differ on both sides of it."""
    bits = np.array([[0, 0, 0, 0, 0, 0], [1, 1, 0, 1, 0, 0]])[np.arange(40) % 2]
    chain, weight = _chain(6, 2, rng), np.ones(40)
    for _ in range(4):
        report = sweep(chain, BITS[bits], np.zeros(40, int), weight, likelihood_loss, 8, Sweeps(steps=20))
    f, log = amplitudes(chain, BITS[bits])
    assert np.mean(-2 * np.log(np.abs(f[:, 0])) - 2 * log) == pytest.approx(np.log(2), abs=1e-4)
    assert report.bonds == (2, 2, 2, 1, 1) == chain.bonds
    assert chain.site == 3


def test_labels_of_a_parity_are_learned(rng: np.random.Generator) -> None:
    """Which no sum over single sites can tell; a bond of 2 suffices."""
    bits = rng.integers(0, 2, (300, 6))
    label = bits.sum(axis=1) % 2
    chain = _chain(6, 2, rng, labels=2)
    for _ in range(3):
        report = sweep(chain, BITS[bits], label, np.ones(300), classification_loss, 4, Sweeps(steps=15))
    f, _ = amplitudes(chain, BITS[bits])
    assert np.mean(np.argmax(f**2, axis=1) == label) == 1.0 and report.loss < 0.05


def test_a_sweep_does_not_raise_the_loss_when_nothing_is_cut(rng: np.random.Generator) -> None:
    """Eight components are the exact rank of six bits, so that each step starts where the last ended."""
    bits, chain = rng.integers(0, 2, (200, 6)), _chain(6, 2, rng)
    losses = [
        sweep(chain, BITS[bits], np.zeros(200, int), np.ones(200), likelihood_loss, 8, Sweeps(cutoff=0.0))
        for _ in range(3)
    ]
    assert losses[0].loss >= losses[1].loss >= losses[2].loss - 1e-9
    assert all(report.discarded < 1e-20 for report in losses)


def test_weights_count(rng: np.random.Generator) -> None:
    """A pattern of weight 3 beside one of weight 1 gets 3/4."""
    bits, chain = np.array([[0, 0, 0, 0], [1, 1, 1, 1]]), _chain(4, 2, rng)
    for _ in range(4):
        sweep(chain, BITS[bits], np.zeros(2, int), np.array([3.0, 1.0]), likelihood_loss, 4, Sweeps(steps=20))
    f, log = amplitudes(chain, BITS[bits])
    np.testing.assert_allclose(f[:, 0] ** 2 * np.exp(2 * log), [0.75, 0.25], atol=1e-3)


def test_bonds_stay_below_the_limit(rng: np.random.Generator) -> None:
    bits, chain = rng.integers(0, 2, (100, 8)), _chain(8, 2, rng)
    report = sweep(chain, BITS[bits], np.zeros(100, int), np.ones(100), likelihood_loss, 3, Sweeps(cutoff=0))
    assert max(report.bonds) == 3 and report.discarded > 0


def test_what_is_not_finite_is_named(rng: np.random.Generator) -> None:
    bits, chain = rng.integers(0, 2, (20, 4)), _chain(4, 2, rng)
    vectors = BITS[bits]
    vectors[3, 2] = np.nan
    with pytest.raises(InputError, match="loss of nan at sites"):
        sweep(chain, vectors, np.zeros(20, int), np.ones(20), likelihood_loss, 4, Sweeps())
    with pytest.raises(InputError, match="norm is 0"):
        centred([np.zeros((1, 2, 2))], np.ones((2, 2, 1, 1)), [])


def test_an_event_that_the_state_cannot_have_is_floored(rng: np.random.Generator) -> None:
    """The state 0000 and events 1111: losses are -2 ln of the floor at first, and finite throughout."""
    up = [np.array([1.0, 0.0])[None, :, None]] * 4
    chain = centred(up[:2], up[2][..., None], up[3:])
    vectors = np.broadcast_to(BITS[1], (5, 4, 2))
    report = sweep(chain, vectors, np.zeros(5, int), np.ones(5), likelihood_loss, 2, Sweeps(steps=10))
    assert np.isfinite(report.loss)
