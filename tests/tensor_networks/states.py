"""States with known entanglement, and free fermions by their correlation matrix."""

import numpy as np

from strangeness.tensor_networks.mps import MPS


def ghz(sites: int) -> MPS:
    """(|00..0> + |11..1>) / sqrt(2)."""
    bulk = np.zeros((2, 2, 2))
    bulk[0, 0, 0] = bulk[1, 1, 1] = 1.0
    return MPS(
        (bulk.sum(0, keepdims=True), *[bulk] * (sites - 2), bulk.sum(2, keepdims=True)), -0.5 * np.log(2)
    )


def w_state(sites: int) -> MPS:
    """The sum of the states with one 1, over sqrt(sites)."""
    bulk = np.zeros((2, 2, 2))
    bulk[0, 0, 0] = bulk[1, 0, 1] = bulk[0, 1, 1] = 1.0
    return MPS((bulk[:1], *[bulk] * (sites - 2), bulk[:, :, 1:]), -0.5 * np.log(sites))


def aklt(sites: int) -> MPS:
    """The AKLT state of spins 1 with open ends: edge spins fixed, so that a cut holds one valence bond.

    A+ = sqrt(2/3) s+, A0 = -sqrt(1/3) sz, A- = -sqrt(2/3) s- (s are the Pauli ladder and z matrices).
    """
    up, z, down = np.array([[0, 1], [0, 0]]), np.diag([1.0, -1.0]), np.array([[0, 0], [1, 0]])
    bulk = np.stack([np.sqrt(2 / 3) * up, -np.sqrt(1 / 3) * z, -np.sqrt(2 / 3) * down], axis=1)
    return MPS((bulk[:1], *[bulk] * (sites - 2), bulk[:, :, :1]))


def hopping_ground_state(sites: int) -> np.ndarray:
    """Ground state (2, ..., 2) of -sum (c+_i c_(i+1) + h.c.), open, half filled: exact diagonalisation.

    Between neighbours the Jordan-Wigner string is absent, so the matrix is that of hopping hard-core bosons.
    """
    n = 2**sites
    matrix = np.zeros((n, n))
    occupied = (np.arange(n)[:, None] >> np.arange(sites)[::-1]) & 1
    for site in range(sites - 1):
        here, there = sites - 1 - site, sites - 2 - site
        movable = np.flatnonzero(occupied[:, site] != occupied[:, site + 1])
        matrix[movable ^ (1 << here) ^ (1 << there), movable] -= 1.0
    half = np.flatnonzero(occupied.sum(1) == sites // 2)
    _, vectors = np.linalg.eigh(matrix[np.ix_(half, half)])
    state = np.zeros(n)
    state[half] = vectors[:, 0]
    return state.reshape([2] * sites)


def free_fermion_entropies(sites: int) -> np.ndarray:
    """Entropies (sites - 1,) of that state from the eigenvalues of its correlation matrix (Peschel 2003)."""
    hop = -np.eye(sites, k=1) - np.eye(sites, k=-1)
    _, modes = np.linalg.eigh(hop)
    filled = modes[:, : sites // 2]
    correlation = filled @ filled.T
    result = []
    for cut in range(1, sites):
        c = np.clip(np.linalg.eigvalsh(correlation[:cut, :cut]), 1e-15, 1 - 1e-15)
        result.append(-np.sum(c * np.log(c) + (1 - c) * np.log(1 - c)))
    return np.array(result)
