"""Derivatives by the generators of a layer's rotations, from the state and its adjoint vector.

With psi behind a rotation and adjoint = O psi pulled back to the same place, d<O>/d(angle) about the axis of
the Pauli matrix P on a qubit is Im <adjoint| P |psi>. All three axes of all qubits are read where all qubits
are rotated, so no rotation has to be undone between them.
"""

from __future__ import annotations

from typing import Any

from numba.core import cgutils, types

from strangeness.quantum.kernel import emit
from strangeness.quantum.kernel.jit import intrinsic


@intrinsic
def get_many(typingctx: Any, vectors: Any, tangents: Any) -> Any:
    """The sums of k qubits, four for each, in a row."""
    kind = types.UniTuple(vectors.dtype, 4 * len(tangents))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        indices = emit.run(builder, emit.integer(0), emit.integer(1), len(kind))
        values = [builder.load(builder.gep(args[0], [i]), align=vectors.dtype.bytes) for i in indices]
        return context.make_tuple(builder, kind, values)

    return kind(vectors, tangents), codegen


@intrinsic
def set_many(typingctx: Any, vectors: Any, values: Any) -> Any:
    """Put a tuple of vectors in a row."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        indices = emit.run(builder, emit.integer(0), emit.integer(1), len(values))
        for index, value in zip(indices, cgutils.unpack_tuple(builder, args[1]), strict=True):
            builder.store(value, builder.gep(args[0], [index]), align=vectors.dtype.bytes)
        return context.get_dummy_value()

    return types.void(vectors, values), codegen


@intrinsic
def add_overlaps(typingctx: Any, group: Any, adjoint: Any, first: Any, stride: Any, sums: Any) -> Any:
    """The sums of k qubits with those of one group added: four for each qubit, of which two make X and two Y.

    The two products of a sum have accumulators of their own, which halves the chain of dependent additions.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        psi = [cgutils.unpack_tuple(builder, part) for part in cgutils.unpack_tuple(builder, args[0])]
        totals = cgutils.unpack_tuple(builder, args[4])
        k = len(sums) // 4
        for m, place in enumerate(emit.run(builder, args[2], args[3], 1 << k)):
            amplitude = emit.load(builder, adjoint.dtype, args[1], place)
            for qubit in range(k):
                bit = 1 << (k - 1 - qubit)
                part = slice(4 * qubit, 4 * qubit + 4)
                other = psi[0][m ^ bit], psi[1][m ^ bit]
                totals[part] = _added(builder, totals[part], amplitude, other, bool(m & bit))
        return context.make_tuple(builder, sums, totals)

    return sums(group, adjoint, types.int64, types.int64, sums), codegen


def _added(builder: Any, sums: list[Any], adjoint: Any, psi: Any, upper: bool) -> list[Any]:
    """conj(adjoint) psi added: its imaginary part for X, its real part for Y, with a sign."""
    (e, f), (a, b) = adjoint, psi
    sign = emit.plus if upper else emit.minus
    terms = ((emit.plus, e, b), (emit.minus, f, a), (sign, e, a), (sign, f, b))
    return [
        operation(builder, total, emit.times(builder, left, right))
        for total, (operation, left, right) in zip(sums, terms, strict=True)
    ]


@intrinsic
def add_weights(typingctx: Any, state: Any, adjoint: Any, first: Any, sums: Any) -> Any:
    """For 2^k amplitudes in a row: the sums for Z of the last k qubits, added to, and the sum of all weights.

    The weights are Im(conj(adjoint) psi); Z of a qubit is their sum where it is 0 less that where it is 1.
    """
    found = types.Tuple((sums, state.dtype))

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        totals = cgutils.unpack_tuple(builder, args[3])
        weights = []
        for place in emit.run(builder, args[2], emit.integer(1), 1 << len(totals)):
            a, b = emit.load(builder, state.dtype, args[0], place)
            e, f = emit.load(builder, state.dtype, args[1], place)
            weights.append(emit.minus(builder, emit.times(builder, e, b), emit.times(builder, f, a)))
        for qubit in reversed(range(len(totals))):
            even, odd = _total(builder, weights[::2]), _total(builder, weights[1::2])
            totals[qubit] = emit.plus(builder, totals[qubit], emit.minus(builder, even, odd))
            weights = [emit.plus(builder, *pair) for pair in zip(weights[::2], weights[1::2], strict=True)]
        return context.make_tuple(builder, found, [context.make_tuple(builder, sums, totals), weights[0]])

    return found(state, adjoint, types.int64, sums), codegen


def _total(builder: Any, values: list[Any]) -> Any:
    """A sum by halving, whose additions do not wait for each other."""
    while len(values) > 1:
        values = [emit.plus(builder, *pair) for pair in zip(values[::2], values[1::2], strict=True)]
    return values[0]
