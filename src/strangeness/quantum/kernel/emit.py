"""Writing LLVM instructions: fused arithmetic, and the complex amplitudes of a state.

A state is a pointer to vectors: the real part of amplitude i at 2 i, the imaginary part at 2 i + 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from llvmlite import ir

from strangeness.quantum.kernel.vectors import FLAGS, Vector

INDEX = ir.IntType(64)
Pair = tuple[Any, Any]


def integer(value: int) -> ir.Constant:
    """A 64-bit constant."""
    return ir.Constant(INDEX, value)


def times(builder: Any, a: Any, b: Any) -> Any:
    """The product a b."""
    return builder.fmul(a, b, flags=FLAGS)


def plus(builder: Any, a: Any, b: Any) -> Any:
    """The sum a + b."""
    return builder.fadd(a, b, flags=FLAGS)


def minus(builder: Any, a: Any, b: Any) -> Any:
    """The difference a - b."""
    return builder.fsub(a, b, flags=FLAGS)


def complex_times(builder: Any, a: Pair, b: Pair, conjugate: bool = False) -> Pair:
    """The complex product a b, or conj(a) b."""
    (ar, ai), (br, bi) = a, b
    first, second = (plus, minus) if conjugate else (minus, plus)
    real = first(builder, times(builder, ar, br), times(builder, ai, bi))
    return real, second(builder, times(builder, ar, bi), times(builder, ai, br))


def run(builder: Any, first: Any, stride: Any, count: int) -> Iterator[Any]:
    """The indices first + m stride for m < count."""
    for m in range(count):
        yield builder.add(first, builder.mul(stride, integer(m)))


def entry(builder: Any, table: Any, index: Any) -> Any:
    """The integer table[index] of an index table, in 64 bits."""
    value = builder.load(builder.gep(table, [index]))
    return builder.sext(value, INDEX) if value.type.width < INDEX.width else value


def load(builder: Any, kind: Vector, state: Any, index: Any) -> Pair:
    """Real and imaginary part of an amplitude."""
    real, imaginary = _parts(builder, state, index)
    return builder.load(real, align=kind.bytes), builder.load(imaginary, align=kind.bytes)


def store(builder: Any, kind: Vector, state: Any, index: Any, amplitude: Pair) -> None:
    """Put an amplitude back."""
    for pointer, value in zip(_parts(builder, state, index), amplitude, strict=True):
        builder.store(value, pointer, align=kind.bytes)


def _parts(builder: Any, state: Any, index: Any) -> Pair:
    real = builder.shl(index, integer(1))
    return builder.gep(state, [real]), builder.gep(state, [builder.or_(real, integer(1))])
