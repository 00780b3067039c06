"""MERA against quimb and the written-out state, its causal cones against partial traces, its tree limit."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import quimb

from strangeness.core.errors import InputError
from strangeness.tensor_networks import tree
from strangeness.tensor_networks.isometries import defect, project
from strangeness.tensor_networks.mera import (
    Mera,
    contract,
    dense,
    entropy,
    random_mera,
    reduced_density,
)

KEY = jax.random.key(5)


def _mera(sites: int, local: int, bond: int, outputs: int = 1, **settings: object) -> Mera:
    return random_mera(sites, local, bond, outputs=outputs, key=KEY, **settings)  # type: ignore[arg-type]


def _by_circuit(mera: Mera) -> np.ndarray:
    """The state by Kronecker products of whole layers, matrix by matrix."""
    state = np.eye(mera.outputs)
    for layer in reversed(mera.layers):
        isometries = np.asarray(layer.isometries.matrix)
        whole = isometries[0]
        for matrix in isometries[1:]:
            whole = np.kron(whole, matrix)
        state = whole @ state
        sites, d = 2 * len(isometries), layer.below
        for pair, matrix in zip(layer.pairs(), np.asarray(layer.disentanglers.matrix), strict=True):
            state = quimb.pkron(matrix, [d] * sites, pair) @ state
    return np.asarray(state)


def _amplitudes(mera: Mera, vectors: np.ndarray) -> np.ndarray:
    log, direction = contract(mera, vectors)
    return np.asarray(jnp.exp(log)[:, None] * direction)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("periodic", [False, True])
def test_the_state_is_that_of_its_layers(periodic: bool) -> None:
    mera = _mera(8, 2, 3, 2, periodic=periodic)
    state = dense(mera).reshape(-1, 2)
    np.testing.assert_allclose(state, _by_circuit(mera), atol=1e-12)
    np.testing.assert_allclose(state.T @ state, np.eye(2), atol=1e-12)
    assert defect(mera) < 1e-13


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize(("sites", "periodic"), [(8, False), (4, True), (5, False)])
def test_amplitudes_are_those_of_dense_contraction(
    sites: int, periodic: bool, rng: np.random.Generator
) -> None:
    mera = _mera(sites, 2, 3, 2, periodic=periodic)
    vectors = rng.normal(size=(4, sites, 2))
    state = dense(mera).reshape(-1, 2)
    for one, found in zip(vectors, _amplitudes(mera, vectors), strict=True):
        product = one[0]
        for site in one[1:]:
            product = np.kron(product, site)
        np.testing.assert_allclose(found, product @ state, rtol=1e-10, atol=1e-12)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("disentanglers", ["identity", "none"])
@pytest.mark.parametrize("sites", [8, 6])
def test_identities_leave_the_tree(disentanglers: str, sites: int, rng: np.random.Generator) -> None:
    mera = _mera(sites, 2, 4, 3, disentanglers=disentanglers)
    np.testing.assert_allclose(dense(mera), tree.dense(mera.tree()), atol=1e-14)
    vectors = rng.normal(size=(5, sites, 2))
    log, direction = tree.contract(mera.tree(), vectors)
    np.testing.assert_allclose(
        _amplitudes(mera, vectors), np.exp(log)[:, None] * np.asarray(direction), rtol=1e-10, atol=1e-13
    )


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("periodic", [False, True])
def test_causal_cones_are_partial_traces(periodic: bool) -> None:
    mera = _mera(8, 2, 3, 1, periodic=periodic)
    state = dense(mera).reshape(-1, 1)
    for sites in [(7,), (7, 0), (5, 1, 2)] if periodic else [(0,), (2, 3), (4, 3)]:
        kept = quimb.ptr(state, [2] * 8, sites)
        # quimb orders the kept sites by number.
        order = np.argsort(np.argsort(sites))
        k = len(sites)
        axes = [*order, *(k + order)]
        expected = np.asarray(kept).reshape([2] * (2 * k)).transpose(axes).reshape(2**k, 2**k)
        np.testing.assert_allclose(reduced_density(mera, sites), expected, atol=1e-12)


@pytest.mark.usefixtures("x64")
def test_entropies_are_those_of_the_whole_state() -> None:
    mera = _mera(8, 2, 4, 1)
    state = dense(mera).reshape(-1, 1)
    for sites in [(3, 4), (0, 7)]:
        expected = quimb.entropy_subsys(state, [2] * 8, sites) * np.log(2.0)  # quimb counts in bits
        assert float(entropy(mera, sites)) == pytest.approx(expected, abs=1e-10)


def test_a_reduced_density_of_many_sites_needs_its_cone_alone() -> None:
    density = np.asarray(reduced_density(_mera(64, 2, 3), (31, 32)))
    assert np.trace(density) == pytest.approx(1.0, abs=1e-5)
    assert np.all(np.linalg.eigvalsh(density) > -1e-6)


def test_the_constraint_is_mended_in_every_layer() -> None:
    mera = jax.tree.map(lambda leaf: leaf + 0.1, _mera(4, 2, 3))
    assert defect(mera) > 0.1
    assert defect(project(mera)) < 1e-6


def test_gradients_are_finite(rng: np.random.Generator) -> None:
    vectors = jnp.asarray(rng.normal(size=(3, 4, 2)), jnp.float32)
    slope = jax.grad(lambda mera: jnp.sum(contract(mera, vectors)[0]))(_mera(4, 2, 2))
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(slope))


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="'randm'"):
        _mera(4, 2, 2, disentanglers="randm")
    with pytest.raises(InputError, match="entries"):
        contract(_mera(30, 2, 2), np.ones((1, 30, 2)))
    with pytest.raises(InputError, match="of 6 sites"):
        reduced_density(_mera(6, 2, 2), [0])
    with pytest.raises(InputError, match=r"\[1, 1\]"):
        reduced_density(_mera(4, 2, 2), [1, 1])
    with pytest.raises(InputError, match=r"\[4\]"):
        reduced_density(_mera(4, 2, 2), [4])
