"""The two C functions of the kernel: one for Python, one for XLA, compiled for a number of lanes."""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import cfunc, types
from numba.core import cgutils

from strangeness.quantum.kernel.jit import PIPELINE, function, intrinsic
from strangeness.quantum.kernel.modes import ALIGNMENT, ARGUMENTS, RESULTS, XLA_VERSION
from strangeness.quantum.kernel.pointers import addresses_at, allocate, integers_at, release, vectors_at
from strangeness.quantum.kernel.tiles import run, shape_of
from strangeness.quantum.kernel.workspace import total_length

_NAN = 0x7FC00000
# In words of 8 bytes: a call frame's extension, its arguments' and its results' buffers; then a buffer's.
_EXTENSION, _ARGUMENTS, _RESULTS, _DATA, _RANK, _SHAPE = 1, 9, 14, 3, 4, 5
# An extension's metadata; in those, in words of 4 bytes, the version and the traits.
_METADATA, _MAJOR, _MINOR, _TRAITS = 3, 6, 7, 8


def kernel(lanes: int, bits: int) -> Any:
    """``int64_t kernel(const int64_t *addresses)``: 0, or 1 for want of memory."""

    def kernel(addresses):
        sizes = integers_at(addresses_at(addresses)[0])
        memory = allocate(total_length(shape_of(sizes)) * lanes * bits // 8 + ALIGNMENT)
        if memory == 0:
            return 1
        start = (memory + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
        run(sizes, addresses_at(addresses), vectors_at(start, lanes, bits))
        release(memory)
        return 0

    return _c_function(kernel)


def handler(kernel: str) -> Any:
    """``void *handler(void *frame)``: XLA's call of the kernel of that symbol, read by offset."""

    def handler(frame):
        extension = addresses_at(frame)[_EXTENSION]
        if extension != 0:
            # XLA asks once which version this was written for.
            metadata = integers_at(addresses_at(extension)[_METADATA])
            metadata[_MAJOR], metadata[_MINOR], metadata[_TRAITS] = (
                np.int32(XLA_VERSION[0]),
                np.int32(XLA_VERSION[1]),
                np.int32(0),
            )
            return 0
        memory = allocate(8 * (ARGUMENTS + RESULTS))
        addresses = addresses_at(memory)
        given, results = (
            addresses_at(addresses_at(frame)[_ARGUMENTS]),
            addresses_at(addresses_at(frame)[_RESULTS]),
        )
        for i in range(ARGUMENTS):
            addresses[i] = addresses_at(given[i])[_DATA]
        for i in range(RESULTS):
            addresses[ARGUMENTS + i] = addresses_at(results[i])[_DATA]
        if _call_kernel(kernel, memory) != 0:
            for i in range(RESULTS):
                _fill_with_nan(addresses_at(results[i]))
        release(memory)
        return 0

    return _c_function(handler)


def _c_function(written: Any) -> Any:
    options = {"nopython": True, "error_model": "numpy", **PIPELINE}
    return cfunc(types.int64(types.int64), **options)(written)


@intrinsic(prefer_literal=True)
def _call_kernel(typingctx: Any, name: Any, addresses: Any) -> Any:
    """Call the kernel by its symbol, so that this code can be kept on disk although the address changes."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        shape = ir.FunctionType(ir.IntType(64), [ir.IntType(64)])
        called = cgutils.get_or_insert_function(builder.module, shape, name.literal_value)
        return builder.call(called, [args[1]])

    return types.int64(name, types.int64), codegen


@function
def _fill_with_nan(buffer):
    """There was no memory: the results must not look like results."""
    count, shape, numbers = 1, addresses_at(buffer[_SHAPE]), integers_at(buffer[_DATA])
    for axis in range(buffer[_RANK]):
        count *= shape[axis]
    for i in range(count):
        numbers[i] = np.int32(_NAN)
