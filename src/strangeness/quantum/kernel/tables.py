"""The fixed parts of a circuit as tables over basis states; qubit 0 is the most significant bit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.entanglers import Entangler

Floats = NDArray[np.floating]
Integers = NDArray[np.int32]


def permutation(pairs: Iterable[tuple[int, int]], qubits: int) -> Integers:
    """The table P of CNOT gates in the order in which they act: state'[i] = state[P[i]]; shape (2^n,)."""
    target = np.arange(1 << qubits, dtype=np.int32)
    for control, flipped in pairs:
        target ^= (target >> (qubits - 1 - control) & 1) << (qubits - 1 - flipped)
    order = np.empty_like(target)
    order[target] = np.arange(1 << qubits, dtype=np.int32)
    return order


def signs(pairs: Iterable[tuple[int, int]], qubits: int) -> Floats:
    """The diagonal of CZ gates, +1 and -1; shape (2^n,)."""
    index, odd = np.arange(1 << qubits), np.zeros(1 << qubits, np.int64)
    for one, other in pairs:
        odd ^= (index >> (qubits - 1 - one)) & (index >> (qubits - 1 - other)) & 1
    return 1.0 - 2.0 * odd


def trash_projector(trash: Sequence[int], qubits: int) -> Floats:
    """The diagonal observable that is the probability to find all trash qubits in 0; shape (2^n,)."""
    index, found = np.arange(1 << qubits), np.ones(1 << qubits)
    for qubit in trash:
        found *= 1 - (index >> (qubits - 1 - qubit) & 1)
    return found


def entangler_tables(entanglers: Sequence[Entangler], qubits: int) -> tuple[Integers, Floats, bool]:
    """Permutations and signs of some entanglers, both of shape (K, 2^n), and whether any sign is -1.

    Raises:
        InputError: for a gate with parameters, or a pair that is not two of the qubits.
    """
    orders, diagonals = [], []
    for entangler in entanglers:
        entangler.refuse_misfit(qubits)
        if entangler.gate not in ("CNOT", "CZ"):
            raise InputError(f"the entangling gate {entangler.gate!r}", "This kernel has CNOT and CZ.")
        moved = entangler.gate == "CNOT"
        orders.append(permutation(entangler.pairs if moved else (), qubits))
        diagonals.append(signs(() if moved else entangler.pairs, qubits))
    return np.stack(orders), np.stack(diagonals), bool((np.stack(diagonals) < 0).any())


def behind_rotations(observable: Floats, order: Integers) -> Floats:
    """An observable of the entangled state as one of the state before the entangler."""
    moved = np.empty_like(observable)
    moved[order] = observable
    return moved


def with_idle_qubits(table: NDArray, qubits: int, least: int = 3) -> NDArray:
    """A (..., 2^n) table for ``least`` qubits, the first of which are idle; indices move with their block."""
    copies = 1 << max(least - qubits, 0)
    tiled = np.concatenate([table] * copies, axis=-1)
    if np.issubdtype(table.dtype, np.integer):
        tiled = tiled + np.repeat(np.arange(copies) << qubits, 1 << qubits)
    return np.ascontiguousarray(tiled.astype(table.dtype))
