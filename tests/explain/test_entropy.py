"""Entropies of fitted states: those of planted correlations, of the function and not of its basis."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.born_machine import BornMachineScorer
from strangeness.detectors.controls import SumOfFeatures
from strangeness.detectors.mps_classifier import ChainClassifierScorer
from strangeness.explain.entropy import entropy_map, state_of
from strangeness.tensor_networks.born import BornMachine, born_machine
from strangeness.tensor_networks.classifier import ChainClassifier, chain_classifier
from strangeness.tensor_networks.feature_maps import PolynomialMap, SpinMap
from strangeness.tensor_networks.mps import log_norm, padded, to_dense
from strangeness.tensor_networks.scaling import UnitScaling
from tests.tensor_networks.states import ghz


def _scaling(sites: int) -> UnitScaling:
    return UnitScaling.of(np.random.default_rng(0).normal(size=(50, sites)))


def test_a_state_of_two_patterns_holds_ln_2_everywhere() -> None:
    machine = BornMachine(jnp.asarray(padded(ghz(6)), jnp.float32), PolynomialMap(2))
    found = entropy_map(BornMachineScorer(_scaling(6), machine))
    np.testing.assert_allclose(found.cuts, np.log(2), rtol=1e-5)
    np.testing.assert_allclose(found.sites, np.log(2), rtol=1e-5)
    np.testing.assert_allclose(found.mutual, np.log(2), rtol=1e-5)


@pytest.mark.usefixtures("x64")
def test_entropies_are_those_of_the_function() -> None:
    """The same function in spins and in orthonormal spins: cores multiplied by the inverse root."""
    whole, plain = SpinMap(2, orthonormal=True), SpinMap(2)
    machine = born_machine(whole, 4, 3, key=jax.random.key(0), noise=2.0)
    grid = np.array([[0.1], [0.8]])
    change = np.linalg.solve(np.asarray(plain(grid))[:, 0], np.asarray(whole(grid))[:, 0])
    cores = jnp.einsum("pq,slqr->slpr", change, machine.cores)
    same = entropy_map(BornMachineScorer(_scaling(4), BornMachine(cores, plain)))
    np.testing.assert_allclose(
        same.sites, entropy_map(BornMachineScorer(_scaling(4), machine)).sites, atol=1e-9
    )


def test_the_label_counts_to_the_middle() -> None:
    """A classifier by the third feature alone: only the label and that feature hang together, at one site."""
    model = chain_classifier(PolynomialMap(2), 5, 2, key=jax.random.key(0), noise=0.0)
    centre = np.zeros((2, 2, 2, 2), np.float32)
    centre[0, 0, 0, 0] = centre[0, 1, 1, 0] = 1.0
    labelled = ChainClassifier(model.left, jnp.asarray(centre), model.right, model.map)
    found = entropy_map(ChainClassifierScorer(_scaling(5), labelled))
    np.testing.assert_allclose(found.cuts, 0.0, atol=1e-6)
    assert state_of(ChainClassifierScorer(_scaling(5), labelled)).sizes == (2, 2, 4, 2, 2)


def test_ranks_fall_and_ties_keep_their_order() -> None:
    machine = born_machine(PolynomialMap(3), 5, 3, key=jax.random.key(1), noise=2.0)
    found = entropy_map(BornMachineScorer(_scaling(5), machine))
    assert np.all(np.diff(found.sites[found.ranked()]) <= 0)
    state = state_of(BornMachineScorer(_scaling(5), machine))
    assert log_norm(state) == pytest.approx(2 * state.log_scale, abs=1e-9)
    dense = to_dense(state) / np.linalg.norm(to_dense(state))
    values = np.linalg.svd(dense.reshape(9, -1), compute_uv=False) ** 2
    values = values[values > 1e-30]
    assert found.cuts[1] == pytest.approx(-np.sum(values * np.log(values)), abs=1e-9)


def test_another_scorer_is_refused() -> None:
    scorer = SumOfFeatures().fit_scorer(ArraySource(make_batch(np.eye(4))), key=jax.random.key(0))
    with pytest.raises(InputError, match="holds no matrix-product state"):
        entropy_map(scorer)
