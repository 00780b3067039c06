"""Trees against quimb, norms and likelihoods by enumeration, entropies in closed form."""

import itertools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import quimb
import quimb.tensor as qtn
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.tensor_networks.isometries import Stack, defect
from strangeness.tensor_networks.tree import (
    Tree,
    contract,
    dense,
    edge_entropies,
    log_likelihood,
    log_norm,
    random_tree,
    sample,
)

KEY = jax.random.key(11)


def _tree(sites: int, local: int, bond: int, outputs: int = 1, *, isometric: bool = False) -> Tree:
    return random_tree(sites, local, bond, outputs=outputs, key=KEY, isometric=isometric)


def _written_out(tree: Tree) -> np.ndarray:
    """The state (local^sites, outputs) by quimb, index by index."""
    places, size = 2 ** len(tree.levels), 1
    network = [qtn.Tensor(np.eye(tree.local)[0], inds=[f"0,{site}"]) for site in range(tree.sites, places)]
    for level, stack in enumerate(tree.levels):
        below = round(stack.matrix.shape[1] ** 0.5)
        for node, matrix in enumerate(np.asarray(stack.matrix)):
            inds = [f"{level},{2 * node}", f"{level},{2 * node + 1}", f"{level + 1},{node}"]
            network.append(qtn.Tensor(matrix.reshape(below, below, -1), inds=inds))
        size = level + 1
    kept = [f"0,{site}" for site in range(tree.sites)] + [f"{size},0"]
    found: Any = qtn.TensorNetwork(network).contract(output_inds=kept)
    return np.asarray(found.data).reshape(-1, tree.outputs)


def _amplitudes(tree: Tree, vectors: np.ndarray) -> np.ndarray:
    log, direction = contract(tree, vectors)
    return np.asarray(jnp.exp(log)[:, None] * direction)


def _ghz(sites: int) -> Tree:
    """(|0..0> + |1..1>) / sqrt 2 of a power of two of sites."""
    copy, depth = np.zeros((1, 4, 2)), (sites - 1).bit_length()
    copy[0, 0, 0] = copy[0, 3, 1] = 1.0
    levels = [np.repeat(copy, 2 ** (depth - 1 - level), axis=0) for level in range(depth - 1)]
    top = np.array([[[1.0], [0.0], [0.0], [1.0]]]) / np.sqrt(2.0)
    return Tree(tuple(Stack(jnp.asarray(level), True) for level in [*levels, top]), sites)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("shape", "outputs"), [((2, 2, 4), 1), ((4, 3, 5), 3), ((5, 2, 3), 1)])
def test_amplitudes_are_those_of_dense_contraction(
    shape: tuple[int, int, int], outputs: int, rng: np.random.Generator
) -> None:
    tree = _tree(*shape, outputs)
    state = np.asarray(dense(tree)).reshape(-1, outputs)
    np.testing.assert_allclose(state, _written_out(tree), rtol=1e-10, atol=1e-13)
    vectors = rng.normal(size=(6, shape[0], shape[1]))
    for one, found in zip(vectors, _amplitudes(tree, vectors), strict=True):
        product = one[0]
        for site in one[1:]:
            product = np.kron(product, site)
        np.testing.assert_allclose(found, product @ state, rtol=1e-10, atol=1e-13)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("shape", "outputs"), [((4, 3, 5), 1), ((5, 2, 3), 2)])
def test_the_norm_is_exact(shape: tuple[int, int, int], outputs: int) -> None:
    tree = _tree(*shape, outputs)
    assert float(log_norm(tree)) == pytest.approx(np.log(np.sum(_written_out(tree) ** 2)), abs=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("outputs", [1, 2])
def test_an_isometric_tree_has_the_norm_of_its_outputs(outputs: int) -> None:
    tree = _tree(8, 2, 4, outputs, isometric=True)
    assert defect(tree) < 1e-13
    assert float(log_norm(tree)) == pytest.approx(np.log(outputs), abs=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("shape", "outputs"), [((4, 3, 5), 1), ((5, 2, 3), 2)])
def test_entropies_are_those_of_the_written_out_state(shape: tuple[int, int, int], outputs: int) -> None:
    tree = _tree(*shape, outputs)
    state, (sites, local, _) = _written_out(tree).ravel(), shape
    state = state / np.linalg.norm(state)
    for level, found in enumerate(edge_entropies(tree)):
        for node, entropy in enumerate(np.asarray(found)):
            below = range(node * 2**level, min((node + 1) * 2**level, sites))
            expected = (
                quimb.entropy_subsys(state[:, None], [local] * sites + [outputs], list(below))
                if below
                else 0.0
            )
            # quimb counts in bits.
            assert entropy == pytest.approx(expected * np.log(2.0), abs=1e-10)


@pytest.mark.usefixtures("x64")
def test_every_cut_of_ghz_has_one_bit() -> None:
    for edges in edge_entropies(_ghz(8)):
        np.testing.assert_allclose(edges, np.log(2.0), atol=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("shape", [(5, 2, 3)])
def test_likelihoods_of_all_outcomes_sum_to_one(shape: tuple[int, int, int]) -> None:
    tree, (sites, local, _) = _tree(*shape, 2), shape
    outcomes = np.array(list(itertools.product(range(local), repeat=sites)))
    found = np.exp(np.asarray(log_likelihood(tree, np.eye(local)[outcomes])))
    expected = np.sum(_written_out(tree) ** 2, axis=1)
    np.testing.assert_allclose(found, expected / expected.sum(), rtol=1e-10)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)


def test_samples_follow_the_likelihood() -> None:
    tree = _tree(5, 2, 3)
    drawn = np.asarray(sample(tree, 4000, key=KEY)) @ 2 ** np.arange(4, -1, -1)
    expected = _written_out(tree)[:, 0].astype(np.float64) ** 2
    counts = np.bincount(drawn, minlength=32)
    often = expected / expected.sum() * 4000 > 5
    merged = [
        np.append(part[often], part[~often].sum()) for part in (counts, expected / expected.sum() * 4000)
    ]
    # One test at a fixed seed: a false alarm of one in a thousand.
    seen, due = merged
    assert stats.chi2.sf(np.sum((seen - due) ** 2 / due), len(due) - 1) > 1e-3


def test_samples_of_ghz_are_all_alike() -> None:
    drawn = np.asarray(sample(_ghz(8), 200, key=KEY))
    assert np.all(drawn == drawn[:, :1])
    assert 60 < drawn[:, 0].sum() < 140


def test_a_thousand_sites_stay_finite_in_32_bits(rng: np.random.Generator) -> None:
    tree = _tree(1000, 2, 8)
    log, direction = contract(tree, 1e-3 * rng.random((4, 1000, 2)) + 1e-4)
    assert np.all(np.isfinite(log)) and np.all(np.asarray(log) < -5000.0)
    assert np.all(np.abs(direction) == pytest.approx(1.0))
    assert np.isfinite(log_norm(tree))


def test_gradients_are_finite(rng: np.random.Generator) -> None:
    vectors = jnp.asarray(rng.normal(size=(3, 20, 2)), jnp.float32)
    slope = jax.grad(lambda tree: jnp.sum(contract(tree, vectors)[0]))(_tree(20, 2, 4))
    assert all(np.all(np.isfinite(level.matrix)) for level in slope.levels)


def test_a_vanishing_amplitude_is_minus_infinity() -> None:
    log, direction = contract(_ghz(2), np.array([[[1.0, 0.0], [0.0, 1.0]]]))
    assert log[0] == -np.inf
    assert direction[0, 0] == 0.0


@pytest.mark.parametrize(
    ("sites", "bond", "bonds"), [(8, 100, (4, 16, 1)), (6, 3, (3, 3, 1)), (2, 9, (1,)), (3, 1, (1, 1))]
)
def test_a_bond_is_no_larger_than_the_sites_fill(sites: int, bond: int, bonds: tuple[int, ...]) -> None:
    assert _tree(sites, 2, bond).bonds == bonds


@pytest.mark.parametrize(
    ("settings", "said"),
    [((1, 2, 2), "sites 1"), ((4, 0, 2), "local size 0"), ((4, 2, 0), "bond 0"), ((4, 2, 1, 5), "5 outputs")],
)
def test_impossible_trees_are_refused(settings: tuple[int, ...], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _tree(*settings)


def test_vectors_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r"\(1, 3, 2\)"):
        contract(_tree(4, 2, 2), np.ones((1, 3, 2)))
    with pytest.raises(InputError, match="entries"):
        dense(_tree(30, 2, 2))
