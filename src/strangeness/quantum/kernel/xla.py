"""The kernel as an XLA custom call: a C function that reads XLA's call frame by offset.

The offsets are those of version 0.3 of XLA's foreign-function interface (xla/ffi/api/c_api.h). Under any
other version nothing is registered, and ``differentiable`` goes through the host instead.
"""

from __future__ import annotations

import ctypes
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding, ir
from numba import cfunc, types
from numba.core import cgutils

from strangeness.quantum.kernel.compiled import cached_on_disk, compiled, fingerprint
from strangeness.quantum.kernel.jit import function, intrinsic
from strangeness.quantum.kernel.pointers import addresses_at, allocate, integers_at, release

KNOWN = (0, 3)
ARGUMENTS, RESULTS = 9, 5
_NAN = 0x7FC00000

# In words of 8 bytes: a call frame's extension, its arguments' and its results' buffers; then a buffer's.
_EXTENSION, _ARGUMENTS, _RESULTS, _DATA, _RANK, _SHAPE = 1, 9, 14, 3, 4, 5
# An extension's metadata; in those, in words of 4 bytes, the version and the traits.
_METADATA, _MAJOR, _MINOR, _TRAITS = 3, 6, 7, 8


def installed_version() -> tuple[int, int] | None:
    """The version of XLA's interface that the installed jax has; None if it does not say."""
    import jax

    header = Path(jax.ffi.include_dir()) / "xla" / "ffi" / "api" / "c_api.h"
    if not header.is_file():
        return None
    text = header.read_text(encoding="utf-8")
    major, minor = (re.search(rf"define XLA_FFI_API_{part} (\d+)", text) for part in ("MAJOR", "MINOR"))
    return (int(major[1]), int(minor[1])) if major and minor else None


@cache
def supported() -> bool:
    """Whether custom calls can be used here: the known interface, and the processor as the only device."""
    import jax

    return installed_version() == KNOWN and jax.default_backend() == "cpu"


@cache
def registered(lanes: int) -> str:
    """The name under which XLA knows the kernel of this many lanes."""
    import jax

    name = f"strangeness_quantum_{lanes}"
    binding.add_symbol(name, compiled(lanes).address)
    handler = _handler(lanes, fingerprint())
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(_c_pointer(handler.address)), platform="cpu")
    _KEPT.append(handler)
    return name


# The code lives as long as the objects that own it.
_KEPT: list[Any] = []


def _c_pointer(address: int) -> Any:
    return ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(address)


@intrinsic(prefer_literal=True)
def _call_kernel(typingctx: Any, lanes: Any, addresses: Any) -> Any:
    """Call the kernel by its symbol, so that this code can be cached although the address changes."""
    name = f"strangeness_quantum_{lanes.literal_value}"

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        shape = ir.FunctionType(ir.IntType(64), [ir.IntType(64)])
        return builder.call(cgutils.get_or_insert_function(builder.module, shape, name), [args[1]])

    return types.int64(lanes, types.int64), codegen


@function
def _fill_with_nan(buffer):
    """There was no memory: the results must not look like results."""
    count, shape, numbers = 1, addresses_at(buffer[_SHAPE]), integers_at(buffer[_DATA])
    for axis in range(buffer[_RANK]):
        count *= shape[axis]
    for i in range(count):
        numbers[i] = np.int32(_NAN)


def _handler(lanes: int, fingerprint: int) -> Any:
    def handler(frame):
        extension = addresses_at(frame)[_EXTENSION]
        if extension != 0:
            # XLA asks once which version this was written for.
            metadata = integers_at(addresses_at(extension)[_METADATA])
            metadata[_MAJOR], metadata[_MINOR], metadata[_TRAITS] = (
                np.int32(KNOWN[0]),
                np.int32(KNOWN[1]),
                np.int32(0),
            )
            return 0 if fingerprint else 1
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
        if _call_kernel(lanes, memory) != 0:
            for i in range(RESULTS):
                _fill_with_nan(addresses_at(results[i]))
        release(memory)
        return 0

    return cached_on_disk(cfunc, types.int64(types.int64), handler)
