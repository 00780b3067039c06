"""Operators against dense matrices and against quimb."""

import numpy as np
import pytest
import quimb.tensor as qtn

from strangeness.core.errors import InputError
from strangeness.tensor_networks.mpo import (
    MPO,
    apply,
    compress_mpo,
    expectation,
    log_matrix_element,
    mpo_to_dense,
    nearest_neighbour_mpo,
)
from strangeness.tensor_networks.mps import log_norm, random_mps, to_dense
from tests.tensor_networks.states import aklt
from tests.tensor_networks.test_mps import to_quimb

X, Z = np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([1.0, -1.0])


def ising(sites: int, field: float = 0.7) -> MPO:
    """-sum Z Z - field sum X."""
    return nearest_neighbour_mpo(sites, -field * X, [(-1.0, Z, Z)])


def dense_ising(sites: int, field: float = 0.7) -> np.ndarray:
    def on(site: int, *operators: np.ndarray) -> np.ndarray:
        factors = [np.eye(2)] * sites
        factors[site : site + len(operators)] = operators
        result = np.eye(1)
        for factor in factors:
            result = np.kron(result, factor)
        return result

    return -sum(on(i, Z, Z) for i in range(sites - 1)) - field * sum(on(i, X) for i in range(sites))


def test_an_operator_of_neighbours_is_its_dense_matrix() -> None:
    np.testing.assert_allclose(mpo_to_dense(ising(5)), dense_ising(5), atol=1e-13)


def test_expectation_and_application_are_dense_ones(rng: np.random.Generator) -> None:
    state = random_mps(6, 2, 5, rng)
    vector, matrix = to_dense(state).ravel(), dense_ising(6)
    assert expectation(ising(6), state) == pytest.approx(
        vector @ matrix @ vector / (vector @ vector), rel=1e-12
    )
    np.testing.assert_allclose(to_dense(apply(ising(6), state)).ravel(), matrix @ vector, atol=1e-12)
    other = random_mps(6, 2, 3, rng)
    expected = to_dense(other).ravel() @ matrix @ vector
    assert expectation(ising(6), state, other) == pytest.approx(expected, rel=1e-10)


def test_expectation_is_that_of_quimb(rng: np.random.Generator) -> None:
    """quimb's Ising operator is j Sz Sz - bx Sx of spins 1/2: a quarter and a half of ours."""
    state = random_mps(12, 2, 8, rng)
    theirs = to_quimb(state)
    theirs /= theirs.norm()
    operator = qtn.MPO_ham_ising(12, j=-4.0, bx=1.4)
    expected = float(np.real(qtn.expec_TN_1D(theirs.H, operator, theirs)))
    assert expectation(ising(12), state) == pytest.approx(expected, rel=1e-10)


def test_aklt_is_a_ground_state_of_its_parent() -> None:
    """sum S S + (S S)^2 / 3 has -2/3 a bond in the AKLT state, for any ends."""
    root = np.sqrt(2.0)
    sx = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]]) / root
    isy = np.array([[0, 1, 0], [-1, 0, 1], [0, -1, 0]]) / root
    sz = np.diag([1.0, 0.0, -1.0])
    # (i Sy)(i Sy) = - Sy Sy keeps all matrices real.
    spins = [(1.0, sx), (-1.0, isy), (1.0, sz)]
    pairs = [(c, a, a) for c, a in spins]
    pairs += [(c * e / 3, a @ b, a @ b) for c, a in spins for e, b in spins]
    energy = expectation(nearest_neighbour_mpo(40, np.zeros((3, 3)), pairs), aklt(40))
    assert energy == pytest.approx(-2 / 3 * 39, rel=1e-12)


def test_compression_finds_the_smaller_operator() -> None:
    """Z Z twice is one term: two bonds of 4 become 3."""
    double = nearest_neighbour_mpo(6, X, [(0.5, Z, Z), (0.5, Z, Z)])
    small, cut = compress_mpo(double)
    assert double.bonds == (4,) * 5 and small.bonds == (3,) * 5
    np.testing.assert_allclose(mpo_to_dense(small), mpo_to_dense(double), atol=1e-11)
    assert np.all(cut.discarded < 1e-25)


def test_a_long_operator_keeps_its_logarithm(rng: np.random.Generator) -> None:
    """A product of 3 on each of 1,500 sites: 1500 ln 3 above the overlap."""
    state = random_mps(1500, 2, 4, rng)
    threefold = MPO(tuple(3.0 * np.eye(2)[None, :, :, None] for _ in range(1500)))
    sign, log = log_matrix_element(threefold, state, state)
    assert sign == 1.0 and log - log_norm(state) == pytest.approx(1500 * np.log(3.0), rel=1e-12)


def test_operators_that_do_not_fit(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="operator of 5 sites on a state of 4"):
        expectation(ising(5), random_mps(4, 2, 2, rng))
    with pytest.raises(InputError, match="on 1 site"):
        ising(1)
    with pytest.raises(InputError, match="dense operator of 20 sites"):
        mpo_to_dense(ising(20))
