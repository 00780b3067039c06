"""Passes over a state: real rotations of one to three qubits at a time, overlaps, and the product state.

A block is a run of amplitudes that share the leading bits; everything that the remaining qubits need happens
inside it, from large blocks to small ones, so that most passes run in the nearest cache.
"""

from __future__ import annotations

from strangeness.quantum.kernel.angles import SPLIT
from strangeness.quantum.kernel.groups import (
    gather_group,
    load_group,
    rotate_group,
    scatter_group,
    store_group,
)
from strangeness.quantum.kernel.jit import apart, function
from strangeness.quantum.kernel.overlaps import add_overlaps, add_weights, get_many, set_many
from strangeness.quantum.kernel.vectors import same

LEAF = 7
"""Qubits of the smallest block: 128 amplitudes of 16 lanes are 16 kB."""


@function
def _three(split, sign):
    """Tangents and product of the cosines of three qubits."""
    tangents = split[0] * sign, split[SPLIT] * sign, split[2 * SPLIT] * sign
    return tangents, split[1] * split[SPLIT + 1] * split[2 * SPLIT + 1]


@function
def _rotate(state, size, stride, tangents, scale):
    apart()
    span = stride << len(tangents)
    block = 0
    # Not a range: one with a step of 0 would raise, and the kernel would need Python to say so.
    while block < size:
        for j in range(block, block + stride):
            group = load_group(state, j, stride, tangents)
            store_group(state, j, stride, rotate_group(group, tangents, scale))
        block += span


@function
def rotate(state, size, qubits, split, sign):
    """Turn the first three of the last ``qubits`` qubits, or all of them where there are fewer.

    Acts on ``size`` amplitudes; ``split`` begins at the first of these qubits.
    """
    apart()
    stride = 1 << (qubits - 3) if qubits >= 3 else 1
    if qubits >= 3:
        tangents, scale = _three(split, sign)
        _rotate(state, size, stride, tangents, scale)
    elif qubits == 2:
        pair = split[0] * sign, split[SPLIT] * sign
        _rotate(state, size, stride, pair, split[1] * split[SPLIT + 1])
    else:
        _rotate(state, size, stride, (split[0] * sign,), split[1])


@function
def gather(source, target, n, order, phases, run, first, split):
    """The entangled source with its first three qubits turned, for ``run`` amplitudes of each eighth."""
    apart()
    tangents, scale = _three(split, 1.0)
    stride = 1 << (n - 3)
    for j in range(first, first + run):
        group = gather_group(source, order, j, stride, phases, j - first, run, tangents)
        store_group(target, j, stride, rotate_group(group, tangents, scale))


@function
def scatter(source, target, n, order, phases, run, first, split):
    """The inverse of ``gather``."""
    apart()
    tangents, scale = _three(split, -1.0)
    stride = 1 << (n - 3)
    for j in range(first, first + run):
        group = rotate_group(load_group(source, j, stride, tangents), tangents, scale)
        scatter_group(target, order, j, stride, phases, j - first, run, group)


@function
def _overlaps(psi, adjoint, size, stride, sums, tangents):
    apart()
    span, kept = stride << len(tangents), get_many(sums, tangents)
    block = 0
    while block < size:
        for j in range(block, block + stride):
            kept = add_overlaps(load_group(psi, j, stride, tangents), adjoint, j, stride, kept)
        block += span
    set_many(sums, kept)


@function
def overlaps(psi, adjoint, size, qubits, sums):
    """Add the sums of the same qubits as ``rotate``, four vectors a qubit."""
    apart()
    some, stride = sums[0], 1 << (qubits - 3) if qubits >= 3 else 1
    if qubits >= 3:
        _overlaps(psi, adjoint, size, stride, sums, (some, some, some))
    elif qubits == 2:
        _overlaps(psi, adjoint, size, stride, sums, (some, some))
    else:
        _overlaps(psi, adjoint, size, stride, sums, (some,))


@function
def weigh(psi, adjoint, size, weights, zs):
    """The weights of a block, summed in eights; Z of the last three qubits is added to ``zs``."""
    apart()
    found = zs[0], zs[1], zs[2]
    for j in range(0, size, 8):
        found, weights[j >> 3] = add_weights(psi, adjoint, j, found)
    set_many(zs, found)


@function
def halve(weights, zs, n):
    """Z of the leading qubits: the weights of their two halves, which are then added up."""
    apart()
    size = 1 << (n - 3)
    for qubit in range(n - 3):
        size >>= 1
        total = same(weights, 0.0)
        for j in range(size):
            a, b = weights[j], weights[j + size]
            total = total + (a - b)
            weights[j] = a + b
        zs[qubit] = total


@function
def product_state(state, n, split):
    """The first layer on |0...0>: real amplitudes, by doubling."""
    apart()
    zero, size = same(state, 0.0), 1
    state[0], state[1] = same(state, 1.0), zero
    for qubit in range(n - 1, -1, -1):
        c = split[SPLIT * qubit + 1]
        s = split[SPLIT * qubit] * c
        for j in range(0, 2 * size, 2):
            a = state[j]
            state[j], state[j + 2 * size], state[j + 2 * size + 1] = c * a, s * a, zero
        size *= 2
