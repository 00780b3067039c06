"""What one pass does with the 2^k amplitudes that k qubits mix, all of them in registers.

A group is the amplitudes first + m stride with m < 2^k; k is the length of the tuple of tangents. It is kept
as a tuple (real parts, imaginary parts). The loops below run while the code is generated: what remains is
straight-line code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from numba.core import cgutils, types

from strangeness.quantum.kernel import emit
from strangeness.quantum.kernel.jit import intrinsic
from strangeness.quantum.kernel.vectors import Vector

INDEX = types.int64


def _group(kind: Vector, tangents: types.UniTuple) -> types.Tuple:
    column = types.UniTuple(kind, 1 << len(tangents))
    return types.Tuple((column, column))


def _pack(context: Any, builder: Any, kind: types.Tuple, amplitudes: Iterable[emit.Pair]) -> Any:
    parts = [
        context.make_tuple(builder, part, list(column))
        for part, column in zip(kind.types, zip(*amplitudes, strict=True), strict=True)
    ]
    return context.make_tuple(builder, kind, parts)


def _unpack(builder: Any, group: Any) -> list[list[Any]]:
    return [cgutils.unpack_tuple(builder, part) for part in cgutils.unpack_tuple(builder, group)]


@intrinsic
def load_group(typingctx: Any, state: Any, first: Any, stride: Any, tangents: Any) -> Any:
    """A group of a state."""
    kind = _group(state.dtype, tangents)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        indices = emit.run(builder, args[1], args[2], 1 << len(tangents))
        return _pack(context, builder, kind, [emit.load(builder, state.dtype, args[0], i) for i in indices])

    return kind(state, INDEX, INDEX, tangents), codegen


@intrinsic
def store_group(typingctx: Any, state: Any, first: Any, stride: Any, group: Any) -> Any:
    """Put a group back."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        real, imaginary = _unpack(builder, args[3])
        for m, index in enumerate(emit.run(builder, args[1], args[2], len(real))):
            emit.store(builder, state.dtype, args[0], index, (real[m], imaginary[m]))
        return context.get_dummy_value()

    return types.void(state, INDEX, INDEX, group), codegen


@intrinsic
def gather_group(
    typingctx: Any,
    state: Any,
    order: Any,
    first: Any,
    stride: Any,
    phases: Any,
    at: Any,
    step: Any,
    tangents: Any,
) -> Any:
    """A group of the permuted state: phases[at + m step] state[order[first + m stride]]."""
    kind = _group(state.dtype, tangents)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start, table, factors = args[0], args[1], args[4]
        amplitudes = []
        for index, place in _both(builder, args, 1 << len(tangents)):
            value = emit.load(builder, state.dtype, start, emit.entry(builder, table, index))
            phase = emit.load(builder, phases.dtype, factors, place)
            amplitudes.append(emit.complex_times(builder, phase, value))
        return _pack(context, builder, kind, amplitudes)

    return kind(state, order, INDEX, INDEX, phases, INDEX, INDEX, tangents), codegen


@intrinsic
def scatter_group(
    typingctx: Any,
    state: Any,
    order: Any,
    first: Any,
    stride: Any,
    phases: Any,
    at: Any,
    step: Any,
    group: Any,
) -> Any:
    """The opposite: state[order[first + m stride]] = conj(phases[at + m step]) group[m]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        start, table, factors = args[0], args[1], args[4]
        real, imaginary = _unpack(builder, args[7])
        for m, (index, place) in enumerate(_both(builder, args, len(real))):
            phase = emit.load(builder, phases.dtype, factors, place)
            value = emit.complex_times(builder, phase, (real[m], imaginary[m]), conjugate=True)
            emit.store(builder, state.dtype, start, emit.entry(builder, table, index), value)
        return context.get_dummy_value()

    return types.void(state, order, INDEX, INDEX, phases, INDEX, INDEX, group), codegen


def _both(builder: Any, args: Any, count: int) -> Iterator[tuple[Any, Any]]:
    """The indices into the order and the places of the phases."""
    indices = emit.run(builder, args[2], args[3], count)
    return zip(indices, emit.run(builder, args[5], args[6], count), strict=True)


@intrinsic
def rotate_group(typingctx: Any, group: Any, tangents: Any, scale: Any) -> Any:
    """Real rotations of k qubits: (a, b) -> scale (a - t b, b + t a) for the pairs of each qubit.

    A rotation costs two fused operations a pair, because its cosine waits in ``scale``, the product of all k.
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        ts = cgutils.unpack_tuple(builder, args[1])
        columns = [_rotated(builder, values, ts) for values in _unpack(builder, args[0])]
        scaled = [[emit.times(builder, args[2], value) for value in column] for column in columns]
        return _pack(context, builder, group, zip(*scaled, strict=True))

    return group(group, tangents, scale), codegen


def _rotated(builder: Any, values: list[Any], tangents: list[Any]) -> list[Any]:
    """The first tangent belongs to the qubit of the largest stride."""
    for qubit, t in enumerate(tangents):
        bit = len(values) >> (qubit + 1)
        for low in (m for m in range(len(values)) if not m & bit):
            a, b = values[low], values[low | bit]
            values[low] = emit.minus(builder, a, emit.times(builder, t, b))
            values[low | bit] = emit.plus(builder, b, emit.times(builder, t, a))
    return values
