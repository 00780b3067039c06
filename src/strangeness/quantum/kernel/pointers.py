"""Bare pointers as a Numba type: ``p[i]`` is one load or store, without the bookkeeping of an array."""

from __future__ import annotations

import operator
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types
from numba.core.typing.templates import AbstractTemplate, signature
from numba.extending import lower_builtin, models, register_model

from strangeness.quantum.kernel.jit import infer_global, intrinsic
from strangeness.quantum.kernel.vectors import Vector

INDEX = ir.IntType(64)


class Pointer(types.Type):
    """The address of the first of many values of type ``dtype``: vectors, plain numbers or integers."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = dtype
        super().__init__(name=f"Pointer({dtype})")


@register_model(Pointer)
class _PointerModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Pointer) -> None:
        super().__init__(manager, kind, manager.lookup(kind.dtype).get_value_type().as_pointer())


@infer_global(operator.getitem)
class _Reading(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        pointer, index = args
        if isinstance(pointer, Pointer) and isinstance(index, types.Integer):
            return signature(pointer.dtype, pointer, types.int64)
        return None


@infer_global(operator.setitem)
class _Writing(AbstractTemplate):
    def generic(self, args: Any, kws: Any) -> Any:
        pointer, index, _ = args
        if isinstance(pointer, Pointer) and isinstance(index, types.Integer):
            return signature(types.none, pointer, types.int64, pointer.dtype)
        return None


def _alignment(kind: Pointer) -> int:
    return kind.dtype.bytes if isinstance(kind.dtype, Vector) else kind.dtype.bitwidth // 8


@lower_builtin(operator.getitem, Pointer, types.Integer)
def _read(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    return builder.load(builder.gep(args[0], [args[1]]), align=_alignment(sig.args[0]))


@lower_builtin(operator.setitem, Pointer, types.Integer, types.Any)
def _write(context: Any, builder: Any, sig: Any, args: Any) -> Any:
    builder.store(args[2], builder.gep(args[0], [args[1]]), align=_alignment(sig.args[0]))
    return context.get_dummy_value()


@intrinsic
def behind(typingctx: Any, pointer: Any, count: Any) -> Any:
    """The pointer to pointer[count]."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return pointer(pointer, types.int64), codegen


def _cast(kind: Pointer) -> Any:
    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], context.get_value_type(kind))

    return codegen


@intrinsic(prefer_literal=True)
def vectors_at(typingctx: Any, address: Any, lanes: Any, bits: Any) -> Any:
    """Vectors at an address; ``lanes`` and ``bits`` (32 or 64, of a number) are known at compile time."""
    real = types.float32 if bits.literal_value == 32 else types.float64
    kind = Pointer(Vector(real, lanes.literal_value))
    return kind(types.int64, lanes, bits), _cast(kind)


@intrinsic
def numbers_at(typingctx: Any, address: Any, vectors: Any) -> Any:
    """Plain numbers at an address, of the type of the lanes of ``vectors``."""
    kind = Pointer(vectors.dtype.real)
    return kind(types.int64, vectors), _cast(kind)


@intrinsic
def integers_at(typingctx: Any, address: Any) -> Any:
    """32-bit integers at an address."""
    kind = Pointer(types.int32)
    return kind(types.int64), _cast(kind)


@intrinsic
def addresses_at(typingctx: Any, address: Any) -> Any:
    """Addresses at an address."""
    kind = Pointer(types.int64)
    return kind(types.int64), _cast(kind)


@intrinsic
def lanes_behind(typingctx: Any, vectors: Any) -> Any:
    """The same memory as plain numbers: lane k of vector i at i lanes + k."""
    kind = Pointer(vectors.dtype.real)

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return builder.bitcast(args[0], context.get_value_type(kind))

    return kind(vectors), codegen


@intrinsic
def lanes_of(typingctx: Any, vectors: Any) -> Any:
    """How many lanes the vectors have, a constant."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return ir.Constant(INDEX, vectors.dtype.lanes)

    return types.int64(vectors), codegen


@intrinsic
def allocate(typingctx: Any, size: Any) -> Any:
    """The address of so many bytes, from the C library; 0 when there is no memory."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        shape = ir.FunctionType(INDEX, [INDEX])
        return builder.call(cgutils.get_or_insert_function(builder.module, shape, "malloc"), args)

    return types.int64(types.int64), codegen


@intrinsic
def release(typingctx: Any, address: Any) -> Any:
    """Give what ``allocate`` gave back."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        shape = ir.FunctionType(ir.VoidType(), [INDEX])
        builder.call(cgutils.get_or_insert_function(builder.module, shape, "free"), args)
        return context.get_dummy_value()

    return types.void(types.int64), codegen
