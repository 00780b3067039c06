"""One diagonal a layer: turns about Z behind a layer's rotations, the entangler, and those before the next.

With state'[i] = sign[i] state[order[i]] for the entangler, the diagonal is

    E[i] = sign[i] Post[order[i]] Pre[i],    Post[j] = product of exp(i omega_q) over the qubits set in j,

and Pre the same with phi of the next layer. Post and Pre are products of a table for the high and one for the
low half of the bits, small enough for the first cache at any number of qubits.
"""

from __future__ import annotations

import numpy as np

from strangeness.quantum.kernel.angles import SPLIT
from strangeness.quantum.kernel.jit import apart, function
from strangeness.quantum.kernel.vectors import same


@function
def _product(a, b, c, d):
    """(a + i b)(c + i d)."""
    return a * c - b * d, a * d + b * c


@function
def _fill_table(tables, at, split, k, qubits):
    """The products of phases of some qubits, the last of them the least significant, by doubling."""
    apart()
    tables[at], tables[at + 1] = same(tables, 1.0), same(tables, 0.0)
    size = 1
    for back in range(qubits):
        place = k + SPLIT * (qubits - 1 - back)
        c, s = split[place], split[place + 1]
        for i in range(at, at + 2 * size, 2):
            a, b = _product(tables[i], tables[i + 1], c, s)
            tables[i + 2 * size], tables[i + 2 * size + 1] = a, b
        size *= 2


@function
def fill_tables(tables, n, split, before, after):
    """The four tables between two layers: high and low half of Pre, high and low half of Post."""
    apart()
    low = n // 2
    high, at = n - low, np.int64(0)
    for part in range(2):
        k = before + 4 if part else after + 2
        _fill_table(tables, at, split, k, high)
        at += 2 << high
        _fill_table(tables, at, split, k + SPLIT * high, low)
        at += 2 << low


@function
def fill_phases(phases, at, halves, tables, row, shape, first, count):
    """phases[at + m] = E[first + m] for m < count; ``row`` is where the entangler's tables begin."""
    apart()
    low = shape.n // 2
    mask, pre_low, post_high = (1 << low) - 1, 2 << (shape.n - low), (2 << low) + (2 << (shape.n - low))
    post_low = post_high + pre_low
    for m in range(count):
        i = first + m
        j = tables.order[row + i]
        high, small = 2 * (i >> low), pre_low + 2 * (i & mask)
        a, b = _product(halves[high], halves[high + 1], halves[small], halves[small + 1])
        high, small = post_high + 2 * (j >> low), post_low + 2 * (j & mask)
        c, d = _product(halves[high], halves[high + 1], halves[small], halves[small + 1])
        a, b = _product(a, b, c, d)
        if shape.signed:
            a, b = a * tables.signs[row + i], b * tables.signs[row + i]
        phases[2 * (at + m)], phases[2 * (at + m) + 1] = a, b
