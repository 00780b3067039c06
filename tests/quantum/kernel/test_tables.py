"""Permutations, signs and observables against the gates; the memory estimate against the kernel's own."""

from __future__ import annotations

import numpy as np
import pytest
from numba import njit

from strangeness.quantum.entanglers import TOPOLOGIES, entangler
from strangeness.quantum.kernel import scratch_bytes, trash_projector
from strangeness.quantum.kernel.tables import behind_rotations, permutation, signs, with_idle_qubits
from strangeness.quantum.kernel.workspace import Shape, total_length
from tests.quantum.kernel.simulator import entangled


@pytest.mark.parametrize("topology", sorted(TOPOLOGIES))
def test_tables_equal_the_gates(topology: str) -> None:
    cnot, cz = entangler(topology, 4), entangler(topology, 4, "CZ")
    state = np.random.default_rng(0).normal(size=16)
    np.testing.assert_allclose(state[permutation(cnot.pairs, 4)], entangled(state, cnot, 4))
    np.testing.assert_allclose(signs(cz.pairs, 4) * state, entangled(state, cz, 4))


def test_an_observable_moves_before_the_entangler() -> None:
    ring, observable = entangler("ring", 3), np.arange(8.0)
    matrix, order = entangled(np.eye(8), ring, 3).T, permutation(ring.pairs, 3)
    np.testing.assert_allclose(
        np.diag(matrix.T @ np.diag(observable) @ matrix), behind_rotations(observable, order)
    )


def test_the_trash_projector_is_one_where_all_trash_is_zero() -> None:
    assert trash_projector([0, 2], 3).tolist() == [1, 0, 1, 0, 0, 0, 0, 0]


def test_idle_qubits_come_first() -> None:
    assert with_idle_qubits(np.array([1, 0], np.int32), 1).tolist() == [1, 0, 3, 2, 5, 4, 7, 6]
    assert with_idle_qubits(np.array([0.5, 2.0]), 1).tolist() == [0.5, 2.0] * 4


@njit
def _length(n, layers, rotations, states, phases, adjoint):
    return total_length(Shape(n, layers, rotations, states, phases, adjoint, 1, False))


@pytest.mark.parametrize("derive", [True, False])
@pytest.mark.parametrize("keep", [True, False])
def test_the_estimate_is_what_the_kernel_takes(derive: bool, keep: bool) -> None:
    for qubits, layers, rotations in ((1, 1, 1), (4, 5, 6), (13, 2, 1)):
        kept = qubits <= 11
        taken = _length(max(qubits, 3), layers, rotations, keep and derive, kept and derive, derive)
        found = scratch_bytes(qubits, layers, rotations, lanes=8, derive=derive, keep_states=keep)
        assert found == taken * 32


def test_memory_grows_with_the_state() -> None:
    sizes = [scratch_bytes(n, 5, 1) for n in (12, 16, 20)]
    assert sizes[1] / sizes[0] == pytest.approx(16, rel=0.05) and sizes[2] / sizes[1] == pytest.approx(
        16, rel=0.01
    )
    assert scratch_bytes(20, 5, 1, lanes=4, keep_states=False) < 200e6
