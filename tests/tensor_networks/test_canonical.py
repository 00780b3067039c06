"""Canonical forms, truncation and entanglement against quimb and against closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.tensor_networks.canonical import canonical, compress, entropies, schmidt_values
from strangeness.tensor_networks.mps import MPS, from_dense, log_inner, log_norm, random_mps, to_dense
from tests.tensor_networks.states import aklt, free_fermion_entropies, ghz, hopping_ground_state, w_state
from tests.tensor_networks.test_mps import to_quimb


def _isometric(tensor: np.ndarray, side: str) -> bool:
    axes = ((0, 1), (0, 1)) if side == "left" else ((1, 2), (1, 2))
    gram = np.tensordot(tensor, tensor, axes=axes)
    return np.allclose(gram, np.eye(len(gram)), atol=1e-12)


@pytest.mark.parametrize("centre", [0, 3, 7])
def test_left_right_and_mixed_forms(centre: int, rng: np.random.Generator) -> None:
    state = random_mps(8, 3, 6, rng)
    form = canonical(state, centre)
    assert all(_isometric(tensor, "left") for tensor in form.tensors[:centre])
    assert all(_isometric(tensor, "right") for tensor in form.tensors[centre + 1 :])
    assert np.linalg.norm(form.tensors[centre]) == pytest.approx(1.0, rel=1e-14)
    assert 2 * form.log_scale == pytest.approx(log_norm(state), abs=1e-10)
    np.testing.assert_allclose(to_dense(form), to_dense(state), atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_the_error_is_at_most_the_sum_of_the_discarded_weights(seed: int, bond: int) -> None:
    state = random_mps(6, 2, 8, np.random.default_rng(seed))
    cut = compress(state, bond)
    before, after = to_dense(state), to_dense(cut.state)
    error = np.sum((before - after) ** 2) / np.sum(before**2)
    assert error <= np.sum(cut.discarded) + 1e-12
    # The best state of these bonds is not further away than the product of what the cuts kept.
    assert error == pytest.approx(1 - cut.fidelity, abs=1e-12)


def test_truncation_is_that_of_quimb(rng: np.random.Generator) -> None:
    state = random_mps(10, 2, 12, rng)
    theirs = to_quimb(state)
    theirs.compress(form="left", max_bond=5, cutoff=0.0)
    ours = compress(state, 5)
    assert ours.state.bonds == tuple(theirs.bond_sizes())
    overlap = log_inner(state, ours.state)[1]
    assert np.exp(overlap) == pytest.approx(float(to_quimb(state).H @ theirs), rel=1e-10)


def test_an_exact_compression_finds_the_rank(rng: np.random.Generator) -> None:
    a = random_mps(8, 2, 3, rng)
    wide = MPS(
        tuple(np.concatenate([t, np.zeros_like(t)], axis=2) for t in a.tensors[:1])
        + tuple(np.kron(np.eye(2)[:, None], t) for t in a.tensors[1:-1])
        + tuple(np.concatenate([t, t], axis=0) for t in a.tensors[-1:])
    )
    cut = compress(wide, 50)
    assert cut.ranks == (2, 3, 3, 3, 3, 3, 2) == cut.state.bonds
    assert "50 is above the exact rank of the state and is reduced to 3" in cut.note
    assert compress(wide, 2).note == ""
    assert np.all(cut.discarded < 1e-25)


def test_entropies_are_those_of_quimb(rng: np.random.Generator) -> None:
    state = random_mps(9, 2, 8, rng)
    theirs = to_quimb(state)
    theirs /= theirs.norm()
    expected = [theirs.entropy(i) for i in range(1, 9)]  # quimb counts in bits
    np.testing.assert_allclose(entropies(state), np.array(expected) * np.log(2), atol=1e-10)


def test_ghz_holds_ln_2_across_every_cut() -> None:
    assert log_norm(ghz(1000)) == pytest.approx(0.0, abs=1e-10)
    np.testing.assert_allclose(entropies(ghz(1000)), np.log(2), rtol=1e-12)


def test_w_holds_the_entropy_of_its_share() -> None:
    """Across a cut after k of n sites the squared Schmidt values are k / n and 1 - k / n."""
    p = np.arange(1, 20) / 20
    np.testing.assert_allclose(entropies(w_state(20)), -p * np.log(p) - (1 - p) * np.log(1 - p), rtol=1e-12)


def test_aklt_holds_one_valence_bond() -> None:
    """With both edge spins fixed a cut in the bulk severs one singlet: ln 2, up to (-1/3)^length.

    With periodic ends a block has two edges and 2 ln 2; the open chain has one cut.
    """
    values = entropies(aklt(60))
    assert values[30] == pytest.approx(np.log(2), abs=1e-12)
    assert abs(values[2] - np.log(2)) < 3.0**-4


def test_free_fermions_follow_their_correlation_matrix() -> None:
    state = from_dense(hopping_ground_state(10))
    np.testing.assert_allclose(entropies(state), free_fermion_entropies(10), atol=1e-10)


def test_schmidt_values_are_normalised_and_fall(rng: np.random.Generator) -> None:
    for values in schmidt_values(random_mps(30, 3, 7, rng)):
        assert np.sum(values**2) == pytest.approx(1.0, rel=1e-13) and np.all(np.diff(values) <= 0)


def test_a_state_that_vanishes_and_a_centre_outside() -> None:
    nothing = MPS((np.zeros((1, 2, 1)), np.ones((1, 2, 1))))
    for work in (canonical, compress, entropies):
        with pytest.raises(InputError, match="vanishes"):
            work(nothing)
    with pytest.raises(InputError, match="centre at site 5 of 2"):
        canonical(nothing, 5)
    with pytest.raises(InputError, match="not finite"):
        canonical(MPS((np.full((1, 2, 1), np.nan),)))
