"""A tile of events through all layers and back: states forward, adjoint vector backward.

All states are kept between a layer's turn about Y and its second turn about Z, where the rotations are real;
the turns about Z wait in the diagonal between two layers (``phases``).
"""

from __future__ import annotations

import numpy as np

from strangeness.quantum.kernel import passes
from strangeness.quantum.kernel.angles import SPLIT
from strangeness.quantum.kernel.jit import apart, function
from strangeness.quantum.kernel.modes import RUN
from strangeness.quantum.kernel.phases import fill_phases, fill_tables
from strangeness.quantum.kernel.pointers import behind
from strangeness.quantum.kernel.vectors import same


@function
def forward(shape, memory, tables):
    """The states of all layers, or of the last two; returns the last."""
    n, width = shape.n, SPLIT * shape.n
    state, nothing = memory.states, np.int64(0)
    passes.product_state(state, n, memory.split)
    for layer in range(1, shape.layers):
        following, k = _state(shape, memory, layer), layer * width
        fill_tables(memory.tables, n, memory.split, k - width, k)
        if shape.keep_phases:
            row, phases = _row(shape, layer), behind(memory.phases, (layer - 1) * (2 << n))
            fill_phases(phases, nothing, memory.tables, tables, row, shape, nothing, 1 << n)
        _between(shape, memory, tables, state, following, layer, 1.0)
        _rotate_rest(following, n, memory.split, k)
        state = following
    return state


@function
def _state(shape, memory, layer):
    return behind(memory.states, (layer if shape.keep_states else layer % 2) * (2 << shape.n))


@function
def _row(shape, layer):
    """Where the permutation and the signs in front of ``layer`` begin."""
    return (layer - 1) % shape.entanglers * (1 << shape.n)


@function
def _between(shape, memory, tables, source, target, layer, sign):
    """The entangler, the diagonal and the first three qubits of ``layer``; for sign = -1 their inverse."""
    apart()
    n, eighth, row = shape.n, 1 << (shape.n - 3), _row(shape, layer)
    order, split = behind(tables.order, row), behind(memory.split, layer * SPLIT * n)
    phases = memory.phases
    run = RUN if eighth > RUN else eighth
    if shape.keep_phases:
        phases, run = behind(phases, (layer - 1) * (2 << n)), eighth
    for piece in range(eighth // run):
        first = piece * run
        if not shape.keep_phases:
            for m in range(8):
                fill_phases(phases, m * run, memory.tables, tables, row, shape, m * eighth + first, run)
        if sign > 0.0:
            passes.gather(source, target, n, order, phases, run, first, split)
        else:
            passes.scatter(source, target, n, order, phases, run, first, split)


@function
def _leaf_qubit(n):
    """The first qubit of the smallest blocks: 0 where one block holds everything."""
    qubit = 0
    while n - qubit > passes.LEAF:
        qubit += 3
    return qubit


@function
def _rotate_rest(state, n, split, k):
    """Turn all qubits but the first three, from large blocks to small ones."""
    leaf = _leaf_qubit(n)
    for block in range(1 << leaf):
        for qubit in range(3, leaf, 3):
            if block % (1 << (leaf - qubit)) == 0:
                start = behind(state, block << (n - leaf + 1))
                passes.rotate(start, 1 << (n - qubit), n - qubit, behind(split, k + SPLIT * qubit), 1.0)
        _rotate_leaf(state, block, n, leaf, split, k, 1.0)


@function
def _rotate_leaf(state, block, n, leaf, split, k, sign):
    """All qubits of a smallest block, three by three."""
    apart()
    start = behind(state, block << (n - leaf + 1))
    for qubit in range(leaf if leaf > 0 else 3, n, 3):
        passes.rotate(start, 1 << (n - leaf), n - qubit, behind(split, k + SPLIT * qubit), sign)


@function
def read_out(state, n, observable, adjoint, keep):
    """The expectation of a diagonal observable behind the last rotations; adjoint = O state if ``keep``."""
    apart()
    total, zero = same(state, 0.0), same(state, 0.0)
    for i in range(1 << n):
        o = observable[i]
        if o != 0.0:
            a, b = state[2 * i], state[2 * i + 1]
            c, d = a * o, b * o
            total = total + (a * c + b * d)
            if keep:
                adjoint[2 * i], adjoint[2 * i + 1] = c, d
        elif keep:
            adjoint[2 * i], adjoint[2 * i + 1] = zero, zero
    return total


@function
def backward(shape, memory, tables):
    """The derivatives X, Y, Z of all layers and qubits, into ``memory.vector``; returns the expectation."""
    n, width = shape.n, SPLIT * shape.n
    adjoint, spare, psi = memory.adjoint, memory.spare, _state(shape, memory, shape.layers - 1)
    value = read_out(psi, n, tables.observable, adjoint, shape.adjoint)
    for layer in range(shape.layers - 1, -1, -1):
        k = layer * width
        _differentiate(shape, memory, psi, adjoint, k, layer > 0)
        _store_vector(memory, n, k, 3 * n * layer)
        if layer > 0:
            earlier = _state(shape, memory, layer - 1)
            if not shape.keep_phases:
                fill_tables(memory.tables, n, memory.split, k - width, k)
            _between(shape, memory, tables, adjoint, spare, layer, -1.0)
            if not shape.keep_states:
                # The state before is found as the adjoint vector is: by walking back.
                _between(shape, memory, tables, psi, earlier, layer, -1.0)
            adjoint, spare, psi = spare, adjoint, earlier
    return value


@function
def _differentiate(shape, memory, psi, adjoint, k, undo):
    """All overlaps of one layer; then the qubits behind the third are turned back where ``undo``."""
    n, sums, leaf, zero = shape.n, memory.sums, _leaf_qubit(shape.n), same(psi, 0.0)
    for i in range(5 * n):
        sums[i] = zero
    passes.overlaps(psi, adjoint, 1 << n, n, sums)
    for block in range(1 << leaf):
        at = block << (n - leaf + 1)
        one, other = behind(psi, at), behind(adjoint, at)
        for qubit in range(3, leaf, 3):
            if block % (1 << (leaf - qubit)) == 0:
                passes.overlaps(one, other, 1 << (n - qubit), n - qubit, behind(sums, 4 * qubit))
        passes.weigh(one, other, 1 << (n - leaf), behind(memory.weights, at >> 4), behind(sums, 5 * n - 3))
        for qubit in range(leaf if leaf > 0 else 3, n, 3):
            passes.overlaps(one, other, 1 << (n - leaf), n - qubit, behind(sums, 4 * qubit))
        if undo:
            _undo(adjoint, block, n, leaf, memory.split, k)
            if not shape.keep_states:
                _undo(psi, block, n, leaf, memory.split, k)
    passes.halve(memory.weights, behind(sums, 4 * n), n)


@function
def _undo(state, block, n, leaf, split, k):
    """Turn a block back, and the larger ones that it completes."""
    apart()
    _rotate_leaf(state, block, n, leaf, split, k, -1.0)
    for qubit in range(leaf - 3, 2, -3):
        blocks = 1 << (leaf - qubit)
        if (block + 1) % blocks == 0:
            start = behind(state, (block + 1 - blocks) << (n - leaf + 1))
            passes.rotate(start, 1 << (n - qubit), n - qubit, behind(split, k + SPLIT * qubit), -1.0)


@function
def _store_vector(memory, n, k, at):
    """X, Y, Z of each qubit from its sums, moved behind its second turn about Z."""
    sums, split, vector = memory.sums, memory.split, memory.vector
    for qubit in range(n):
        x, y = sums[4 * qubit] + sums[4 * qubit + 1], sums[4 * qubit + 2] + sums[4 * qubit + 3]
        c, s = split[k + SPLIT * qubit + 4], split[k + SPLIT * qubit + 5]
        vector[at + 3 * qubit] = c * x - s * y
        vector[at + 3 * qubit + 1] = c * y + s * x
        vector[at + 3 * qubit + 2] = sums[4 * n + qubit]
