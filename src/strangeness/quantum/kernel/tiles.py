"""One call of the kernel: tiles of events one after the other, from angles to derivatives by them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from strangeness.quantum.kernel.angles import SPLIT, add_chain, fuse, store_identity
from strangeness.quantum.kernel.jit import apart, function
from strangeness.quantum.kernel.modes import (
    CHAIN,
    ENTANGLERS,
    EVENTS,
    FIRST,
    INPUTS,
    LAST,
    LAYERS,
    MODE,
    PHASES,
    QUBITS,
    ROTATIONS,
    SIGNED,
    STATES,
    VALUE,
    VECTOR,
)
from strangeness.quantum.kernel.pointers import integers_at, lanes_behind, lanes_of, numbers_at
from strangeness.quantum.kernel.sweep import backward, forward, read_out
from strangeness.quantum.kernel.vectors import same, smallest_cosine, sum_of_lanes
from strangeness.quantum.kernel.workspace import Shape, divide


class Tables(NamedTuple):
    """What a call reads and writes, in the order of its addresses; what a mode does not use may be anything.

    Attributes:
        order: (K, 2^n) permutations of the entanglers, 32-bit integers.
        signs: (K, 2^n).
        observable: (2^n,) diagonal, behind the rotations of the last layer.
        weight: (L, n, G, 3).
        bias: (L, n, G, 3), radians.
        x: (B, n, G, 3).
        cotangent: (B,).
        given: (tiles, L, n, 3, lanes) derivatives by generators, given when they are not computed.
        values: (B,) expectations.
        vector: like ``given``, computed.
        d_weight: (L, n, G, 3).
        d_bias: (L, n, G, 3).
        d_x: (B, n, G, 3).
    """

    order: Any
    signs: Any
    observable: Any
    weight: Any
    bias: Any
    x: Any
    cotangent: Any
    given: Any
    values: Any
    vector: Any
    d_weight: Any
    d_bias: Any
    d_x: Any


@function
def shape_of(sizes):
    """The shape of the padded circuit."""
    n, adjoint = np.int64(sizes[QUBITS]), (sizes[MODE] & VECTOR) != 0
    if n < 3:
        n = 3
    states, phases = sizes[STATES] != 0 and adjoint, sizes[PHASES] != 0 and adjoint
    layers, rotations, entanglers = sizes[LAYERS], sizes[ROTATIONS], sizes[ENTANGLERS]
    return Shape(
        n,
        np.int64(layers),
        np.int64(rotations),
        states,
        phases,
        adjoint,
        np.int64(entanglers),
        sizes[SIGNED] != 0,
    )


@function
def tables_of(addresses, vectors):
    """The tables at the addresses; ``vectors`` says which numbers they hold."""
    return Tables(
        integers_at(addresses[1]),
        numbers_at(addresses[2], vectors),
        numbers_at(addresses[3], vectors),
        numbers_at(addresses[4], vectors),
        numbers_at(addresses[5], vectors),
        numbers_at(addresses[6], vectors),
        numbers_at(addresses[7], vectors),
        numbers_at(addresses[8], vectors),
        numbers_at(addresses[9], vectors),
        numbers_at(addresses[10], vectors),
        numbers_at(addresses[11], vectors),
        numbers_at(addresses[12], vectors),
        numbers_at(addresses[13], vectors),
    )


@function
def run(sizes, addresses, vectors):
    """Work on the tiles FIRST <= tile < LAST with scratch memory at ``vectors``."""
    shape, tables, mode = shape_of(sizes), tables_of(addresses, vectors), sizes[MODE]
    memory, qubits, events = divide(vectors, shape), np.int64(sizes[QUBITS]), np.int64(sizes[EVENTS])
    own, one, tiny = 3 * qubits * shape.rotations, np.int64(1), smallest_cosine(vectors)
    lanes = lanes_of(vectors)
    derive, chain, given = shape.adjoint, (mode & CHAIN) != 0, (mode & (VALUE | VECTOR)) == 0
    _clear(memory.totals, shape.layers * qubits * (5 * shape.rotations + 1))
    for tile in range(np.int64(sizes[FIRST]), np.int64(sizes[LAST])):
        first = tile * lanes
        _to_lanes(tables.x, memory.x, own, first, events, lanes)
        _fuse_all(shape, qubits, tables, memory, tiny)
        if not given:
            state = forward(shape, memory, tables)
            memory.lanes[0] = (
                backward(shape, memory, tables)
                if derive
                else read_out(state, shape.n, tables.observable, state, derive)
            )
            _from_lanes(memory.lanes, tables.values, one, first, events, lanes)
        if derive != chain:
            _copy_vector(shape, qubits, memory.vector, tables, tile, given)
        if chain:
            _to_lanes(tables.cotangent, memory.lanes, one, first, events, lanes)
            _chain(shape, qubits, tables, memory, (mode & INPUTS) != 0)
            if mode & INPUTS:
                _from_lanes(memory.inputs, tables.d_x, own, first, events, lanes)
    if chain:
        _store_totals(shape, qubits, tables, memory)


@function
def _clear(vectors, count):
    zero = same(vectors, 0.0)
    for i in range(count):
        vectors[i] = zero


@function
def _to_lanes(numbers, vectors, own, first, events, lanes):
    """``own`` numbers an event become vectors with one event a lane; lanes without an event hold zeros."""
    apart()
    target = lanes_behind(vectors)
    for lane in range(lanes):
        source = (first + lane) * own
        if first + lane < events:
            for i in range(own):
                target[i * lanes + lane] = numbers[source + i]
        else:
            for i in range(own):
                target[i * lanes + lane] = 0.0


@function
def _from_lanes(vectors, numbers, own, first, events, lanes):
    """The opposite, for the lanes that hold an event."""
    apart()
    source = lanes_behind(vectors)
    for lane in range(lanes):
        if first + lane < events:
            for i in range(own):
                numbers[(first + lane) * own + i] = source[i * lanes + lane]


@function
def _fuse_all(shape, qubits, tables, memory, tiny):
    """Every qubit's rotation of every layer; idle qubits come first and are not turned."""
    apart()
    idle, rotations = shape.n - qubits, shape.rotations
    for layer in range(shape.layers):
        for qubit in range(shape.n):
            split = SPLIT * (layer * shape.n + qubit)
            if qubit < idle:
                store_identity(memory.split, split)
            else:
                own, i = layer * qubits + qubit - idle, 3 * rotations * (qubit - idle)
                fuse(
                    tables, 3 * rotations * own, memory, i, own * (4 * rotations + 2), rotations, tiny, split
                )


@function
def _copy_vector(shape, qubits, vector, tables, tile, given):
    """The derivatives of the real qubits: from the caller's array where ``given``, else to it."""
    apart()
    lanes, inner = lanes_of(vector), lanes_behind(vector)
    own = 3 * qubits * lanes
    for layer in range(shape.layers):
        inside, outside = 3 * lanes * (shape.n * (layer + 1) - qubits), (tile * shape.layers + layer) * own
        for i in range(own):
            if given:
                inner[inside + i] = tables.given[outside + i]
            else:
                tables.vector[outside + i] = inner[inside + i]


@function
def _chain(shape, qubits, tables, memory, with_inputs):
    """The tile's share of the derivatives by parameters, and its derivatives by features."""
    apart()
    rotations, idle = shape.rotations, shape.n - qubits
    if with_inputs:
        _clear(memory.inputs, 3 * qubits * rotations)
    for layer in range(shape.layers):
        for qubit in range(qubits):
            own, v = layer * qubits + qubit, 3 * (layer * shape.n + qubit + idle)
            w, i, turns = 3 * rotations * own, 3 * rotations * qubit, own * (4 * rotations + 2)
            add_chain(tables, w, memory, v, i, turns, own * (5 * rotations + 1), rotations, with_inputs)


@function
def _store_totals(shape, qubits, tables, memory):
    """Sum the lanes; an angle's bias has the derivative of its turn."""
    apart()
    rotations = shape.rotations
    for own in range(shape.layers * qubits):
        at = own * (5 * rotations + 1)
        for i in range(3 * rotations):
            tables.d_weight[3 * rotations * own + i] = sum_of_lanes(memory.totals[at + 2 * rotations + 1 + i])
            slot = 2 * (i // 3) + i % 3
            tables.d_bias[3 * rotations * own + i] = sum_of_lanes(memory.totals[at + slot])
