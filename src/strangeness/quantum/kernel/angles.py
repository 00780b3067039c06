"""From weights, biases and features to one fused rotation a qubit and layer, and back by the chain rule.

A qubit's G gates Rot(phi, theta, omega) are 2 G + 1 turns: about Z, Y, Z, ..., Y, Z, since omega of one gate
and phi of the next are turns about the same axis and add up. Slot s of a qubit is turn s; even slots are
about Z.
"""

from __future__ import annotations

from strangeness.quantum.kernel.jit import apart, function
from strangeness.quantum.kernel.pointers import behind
from strangeness.quantum.kernel.trigonometry import sine_cosine
from strangeness.quantum.kernel.vectors import same, square_root, where_below

SPLIT = 6
"""Vectors a qubit and layer: tangent and cosine of theta / 2, exp(i phi), exp(i omega)."""


@function
def _half_angle(weight, bias, x, slot, rotations):
    """Half the angle of a turn; the pointers are to the qubit's own numbers."""
    gate = slot // 2
    if slot % 2:
        return (x[3 * gate + 1] * weight[3 * gate + 1] + bias[3 * gate + 1]) * 0.5
    angle = same(x, 0.0)
    if gate > 0:
        angle = x[3 * gate - 1] * weight[3 * gate - 1] + bias[3 * gate - 1]
    if gate < rotations:
        angle = angle + (x[3 * gate] * weight[3 * gate] + bias[3 * gate])
    return angle * 0.5


@function
def fuse(tables, w, memory, i, at, rotations, tiny, split):
    """The split of the product of a qubit's rotations, of which (a, b) is the first column.

    Cosine and sine of each turn are kept in ``memory.turns`` for ``add_chain``. The arguments say where the
    qubit's numbers begin: w its weights, i its features, at its turns, split its split.
    """
    apart()
    weight, bias = behind(tables.weight, w), behind(tables.bias, w)
    x, turns = behind(memory.x, i), behind(memory.turns, at)
    ar, ai = same(x, 1.0), same(x, 0.0)
    br, bi = ai, ai
    for slot in range(2 * rotations + 1):
        s, c = sine_cosine(_half_angle(weight, bias, x, slot, rotations))
        turns[2 * slot] = 1.0 - s * s * 2.0
        turns[2 * slot + 1] = s * c * 2.0
        if slot % 2:
            ar, ai, br, bi = c * ar - s * br, c * ai - s * bi, s * ar + c * br, s * ai + c * bi
        else:
            ar, ai, br, bi = c * ar + s * ai, c * ai - s * ar, c * br - s * bi, c * bi + s * br
    _store_split(ar, ai, br, bi, tiny, memory.split, split)


@function
def _unit(real, imaginary, tiny):
    """Modulus, at least ``tiny``, and direction; below that the direction is free and is taken as 1."""
    square = real * real + imaginary * imaginary
    floor = tiny * tiny
    modulus = square_root(where_below(square, floor, floor, square))
    inverse = 1.0 / modulus
    cosine = where_below(square, floor, 1.0, real * inverse)
    return modulus, cosine, where_below(square, floor, 0.0, imaginary * inverse)


@function
def _store_split(ar, ai, br, bi, tiny, split, at):
    """The Z-Y-Z angles of a fused rotation: exp(i phi) = conj(u_a u_b), exp(i omega) = u_b conj(u_a).

    The column is not normalised again: rounding near 1 is lopsided and would make every norm grow.
    cos(theta / 2) is kept above ``tiny``, so that three tangents can be multiplied without overflow: the
    amplitudes move by no more than that, and cosine times tangent is still the sine.
    """
    c, ur, ui = _unit(ar, ai, tiny)
    s, vr, vi = _unit(br, bi, tiny)
    split[at] = s / c
    split[at + 1] = c
    split[at + 2] = ur * vr - ui * vi
    split[at + 3] = -(ur * vi + ui * vr)
    split[at + 4] = vr * ur + vi * ui
    split[at + 5] = vi * ur - vr * ui


@function
def store_identity(split, at):
    """The split of a qubit that is not turned."""
    apart()
    one, zero = same(split, 1.0), same(split, 0.0)
    split[at], split[at + 1], split[at + 2] = zero, one, one
    split[at + 3], split[at + 4], split[at + 5] = zero, one, zero


@function
def add_chain(tables, w, memory, v, i, at, s, rotations, with_inputs):
    """Turn a qubit's derivatives X, Y, Z back through its rotations; each turn's angle takes its own axis.

    ``memory.totals`` gains 2 G + 1 vectors for the turns and 3 G for the weights, ``memory.inputs`` the
    derivative by x. The arguments say where the qubit's numbers begin: w its weights, v its derivatives, i
    its features, at its turns, s its totals.
    """
    apart()
    weight, x, inputs = behind(tables.weight, w), behind(memory.x, i), behind(memory.inputs, i)
    vector, turns, totals = behind(memory.vector, v), behind(memory.turns, at), behind(memory.totals, s)
    slots, cotangent = 2 * rotations + 1, memory.lanes[0]
    shares = behind(totals, slots)
    X, Y, Z = vector[0] * cotangent, vector[1] * cotangent, vector[2] * cotangent
    for slot in range(slots - 1, -1, -1):
        c, sine, gate = turns[2 * slot], turns[2 * slot + 1], slot // 2
        # A turn about Z belongs to omega of the gate before and phi of the gate behind, one about Y to theta.
        first, last = 3 * gate - 1, 3 * gate
        if slot % 2:
            own = Y
            first, last = 3 * gate + 1, 3 * gate + 1
            Z, X = c * Z + sine * X, c * X - sine * Z
        else:
            own = Z
            X, Y = c * X + sine * Y, c * Y - sine * X
        totals[slot] = totals[slot] + own
        for angle in range(first if first >= 0 else 0, last + 1 if last < 3 * rotations else last):
            shares[angle] = shares[angle] + own * x[angle]
            if with_inputs:
                inputs[angle] = inputs[angle] + own * weight[angle]
