"""Scratch memory of one tile: how much, and where its parts lie."""

from __future__ import annotations

from typing import Any, NamedTuple

from strangeness.quantum.kernel.angles import SPLIT
from strangeness.quantum.kernel.jit import function
from strangeness.quantum.kernel.modes import RUN
from strangeness.quantum.kernel.pointers import behind


class Shape(NamedTuple):
    """Sizes that all functions of a tile share.

    Attributes:
        n: qubits, at least 3 (smaller circuits are filled up with idle qubits).
        layers: how many.
        rotations: G, gates for each qubit and layer.
        keep_states: whether the states of all layers are kept, or two that take turns.
        keep_phases: whether the diagonals of all layers are kept, or pieces of one.
        adjoint: whether derivatives are wanted.
        entanglers: how many there are; the layers take them in turns.
        signed: whether they have signs.
    """

    n: Any
    layers: Any
    rotations: Any
    keep_states: Any
    keep_phases: Any
    adjoint: Any
    entanglers: Any
    signed: Any


class Memory(NamedTuple):
    """Pointers to vectors, in the order of ``part_lengths``."""

    states: Any
    phases: Any
    tables: Any
    adjoint: Any
    spare: Any
    weights: Any
    sums: Any
    split: Any
    turns: Any
    x: Any
    inputs: Any
    totals: Any
    vector: Any
    lanes: Any


@function
def part_lengths(shape):
    """The number of vectors in each part of ``Memory``."""
    n, layers, rotations = shape.n, shape.layers, shape.rotations
    state, angles = 2 << n, 2 * rotations + 1
    extra = state if shape.adjoint else 0
    phases = layers * state if shape.keep_phases else 16 * RUN
    tables = (4 << n // 2) + (4 << (n - n // 2))
    return (
        (layers if shape.keep_states else 2) * state,
        phases,
        tables,
        extra,
        extra,
        1 << (n - 3),
        5 * n,
        layers * n * SPLIT,
        layers * n * 2 * angles,
        3 * n * rotations,
        3 * n * rotations,
        layers * n * (angles + 3 * rotations),
        layers * n * 3,
        2,
    )


@function
def total_length(shape):
    """The number of vectors in all parts."""
    # Not a loop over a tuple: it could raise, and the kernel would need Python to say so.
    at = part_lengths(shape)
    first = at[0] + at[1] + at[2] + at[3] + at[4] + at[5] + at[6]
    return first + at[7] + at[8] + at[9] + at[10] + at[11] + at[12] + at[13]


@function
def divide(vectors, shape):
    """The parts of one long run of vectors."""
    lengths, at = part_lengths(shape), 0
    states, at = behind(vectors, at), at + lengths[0]
    phases, at = behind(vectors, at), at + lengths[1]
    tables, at = behind(vectors, at), at + lengths[2]
    adjoint, at = behind(vectors, at), at + lengths[3]
    spare, at = behind(vectors, at), at + lengths[4]
    weights, at = behind(vectors, at), at + lengths[5]
    sums, at = behind(vectors, at), at + lengths[6]
    split, at = behind(vectors, at), at + lengths[7]
    turns, at = behind(vectors, at), at + lengths[8]
    x, at = behind(vectors, at), at + lengths[9]
    inputs, at = behind(vectors, at), at + lengths[10]
    totals, at = behind(vectors, at), at + lengths[11]
    vector, at = behind(vectors, at), at + lengths[12]
    lanes = behind(vectors, at)
    return Memory(
        states, phases, tables, adjoint, spare, weights, sums, split, turns, x, inputs, totals, vector, lanes
    )
