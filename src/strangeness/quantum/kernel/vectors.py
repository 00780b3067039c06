"""A SIMD vector as a Numba type: one number of each event of a tile, in one or more registers.

Numba leaves vectorisation to LLVM, which gives up on gathers and on arrays that may overlap. A type that *is*
a vector settles it. LLVM maps any width to the registers that the processor has, so the number of lanes is a
parameter of the type and the same source serves AVX-512, AVX2, SSE and NEON.
"""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, signature
from numba.extending import lower_builtin, models, register_model

from strangeness.quantum.kernel.jit import infer_global, intrinsic

# Products and sums may fuse; nothing may be reordered, so NaN and the range reduction of angles survive.
FLAGS = ("contract", "nsz")


class Vector(types.Type):
    """``lanes`` numbers of type ``real`` (float32 or float64) that are worked on together."""

    def __init__(self, real: types.Float, lanes: int) -> None:
        self.real, self.lanes = real, lanes
        super().__init__(name=f"Vector({real}, {lanes})")

    @property
    def llvm(self) -> ir.VectorType:
        """The LLVM type."""
        return ir.VectorType(ir.FloatType() if self.real.bitwidth == 32 else ir.DoubleType(), self.lanes)

    @property
    def bytes(self) -> int:
        """Its size, which is also its alignment in memory."""
        return self.lanes * self.real.bitwidth // 8


@register_model(Vector)
class _VectorModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Vector) -> None:
        super().__init__(manager, kind, kind.llvm)


def broadcast(builder: Any, kind: Vector, scalar: Any) -> Any:
    """The IR value of a vector whose lanes all hold ``scalar``."""
    undefined = ir.Constant(kind.llvm, ir.Undefined)
    first = builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
    order = ir.Constant(ir.VectorType(ir.IntType(32), kind.lanes), [0] * kind.lanes)
    return builder.shuffle_vector(first, undefined, order)


def _as_vector(context: Any, builder: Any, kind: Vector, given: Any, value: Any) -> Any:
    if isinstance(given, Vector):
        return value
    return broadcast(builder, kind, context.cast(builder, value, given, kind.real))


def _register(operation: Any, instruction: str) -> None:
    """``vector . vector``, ``vector . number`` and ``number . vector``."""

    @infer_global(operation)
    class _Typing(AbstractTemplate):
        def generic(self, args: Any, kws: Any) -> Any:
            kinds = [a for a in args if isinstance(a, Vector)]
            others = [a for a in args if not isinstance(a, Vector)]
            if len(args) == 2 and kinds and all(isinstance(a, types.Float | types.Integer) for a in others):
                return signature(kinds[0], *args)
            return None

    def lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [
            _as_vector(context, builder, sig.return_type, *pair) for pair in zip(sig.args, args, strict=True)
        ]
        return getattr(builder, instruction)(*values, flags=FLAGS)

    for left, right in ((Vector, Vector), (Vector, types.Number), (types.Number, Vector)):
        lower_builtin(operation, left, right)(lower)


for _operation, _instruction in (
    (operator.add, "fadd"),
    (operator.sub, "fsub"),
    (operator.mul, "fmul"),
    (operator.truediv, "fdiv"),
):
    _register(_operation, _instruction)


@infer_global(operator.neg)
class _Negation(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        return signature(args[0], args[0]) if len(args) == 1 and isinstance(args[0], Vector) else None


@lower_builtin(operator.neg, Vector)
def _negate(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.fneg(args[0])


def _llvm_function(builder: Any, name: str, kind: Vector, count: int) -> Any:
    """An LLVM intrinsic that acts on each lane."""
    shape = ir.FunctionType(kind.llvm, [kind.llvm] * count)
    name = f"llvm.{name}.v{kind.lanes}f{kind.real.bitwidth}"
    return cgutils.get_or_insert_function(builder.module, shape, name)


@intrinsic
def square_root(typingctx: Any, x: Any) -> Any:
    """The square root of each lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.call(_llvm_function(builder, "sqrt", x, 1), args)

    return x(x), codegen


@intrinsic
def nearest_integer(typingctx: Any, x: Any) -> Any:
    """Each lane rounded to the nearest integer, which stays a floating number."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.call(_llvm_function(builder, "rint", x, 1), args)

    return x(x), codegen


@intrinsic
def where_below(typingctx: Any, x: Any, bound: Any, below: Any, otherwise: Any) -> Any:
    """``below`` in the lanes with x < bound, ``otherwise`` in the rest."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        values = [_as_vector(context, builder, x, *pair) for pair in zip(sig.args, args, strict=True)]
        return builder.select(builder.fcmp_ordered("<", values[0], values[1]), values[2], values[3])

    return x(x, bound, below, otherwise), codegen


@intrinsic
def same(typingctx: Any, pointer: Any, number: Any) -> Any:
    """A vector of the kind behind ``pointer``, with ``number`` in every lane."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return _as_vector(context, builder, pointer.dtype, sig.args[1], args[1])

    return pointer.dtype(pointer, number), codegen


@intrinsic
def sum_of_lanes(typingctx: Any, x: Any) -> Any:
    """The sum of the lanes, first to last."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        lanes = [builder.extract_element(args[0], ir.Constant(ir.IntType(32), i)) for i in range(x.lanes)]
        while len(lanes) > 1:
            lanes = [builder.fadd(a, b) for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
        return lanes[0]

    return x.real(x), codegen


@intrinsic
def smallest_cosine(typingctx: Any, pointer: Any) -> Any:
    """The smallest number by which a vector can be divided three times without overflow, a constant."""
    real = pointer.dtype.real

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return context.get_constant(real, 1e-10 if real.bitwidth == 32 else 1e-90)

    return real(pointer), codegen
