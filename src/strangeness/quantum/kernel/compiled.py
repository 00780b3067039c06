"""The compiled kernel for a number of lanes: one C function, cached on disk, for Python and for XLA alike."""

from __future__ import annotations

import ctypes
import os
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from llvmlite import binding
from numba import cfunc, types

from strangeness.core.errors import InputError
from strangeness.quantum.kernel.pointers import addresses_at, allocate, integers_at, release, vectors_at
from strangeness.quantum.kernel.tiles import run, shape_of
from strangeness.quantum.kernel.workspace import total_length

LANES = (4, 8, 16)
"""Numbers that a vector may hold: SSE and NEON, AVX2, AVX-512 in single precision."""
VARIABLE = "STRANGENESS_QUANTUM_LANES"
ALIGNMENT = 64


@dataclass(frozen=True)
class Kernel:
    """A compiled kernel.

    Attributes:
        lanes: events of a tile.
        bits: of a number, 32 or 64.
        address: of ``int64_t kernel(const int64_t *addresses)``, which returns 0, or 1 for want of memory.
        call: the same from Python; it leaves the interpreter's lock to other threads.
    """

    lanes: int
    bits: int
    address: int
    call: Any

    @property
    def dtype(self) -> type[np.floating]:
        """Of the numbers."""
        return np.float32 if self.bits == 32 else np.float64


def best_lanes() -> int:
    """The numbers in a register of this processor, or what the environment variable says.

    Raises:
        InputError: when the variable is none of ``LANES``.
    """
    wanted = os.environ.get(VARIABLE)
    if wanted:
        return checked_lanes(int(wanted) if wanted.isdigit() else wanted)
    features = binding.get_host_cpu_features()
    if features.get("avx512f"):
        return 16
    return 8 if features.get("avx2") else 4


def checked_lanes(lanes: Any) -> int:
    """The number of lanes if it is one of ``LANES``.

    Raises:
        InputError: otherwise.
    """
    if lanes not in LANES:
        raise InputError(f"{lanes!r} lanes", f"Use one of {', '.join(map(str, LANES))}.")
    return lanes


@cache
def compiled(lanes: int, bits: int = 32) -> Kernel:
    """The kernel for so many lanes: from the cache on disk, or compiled (some seconds) and put there."""
    function = _compile(checked_lanes(lanes), bits, fingerprint())
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    kernel = Kernel(lanes, bits, function.address, prototype(function.address))
    _KEPT.append(function)
    return kernel


# The code lives as long as the objects that own it.
_KEPT: list[Any] = []


def _compile(lanes: int, bits: int, fingerprint: int) -> Any:
    def kernel(addresses):
        if fingerprint == 0:
            return 2
        sizes = integers_at(addresses_at(addresses)[0])
        memory = allocate(total_length(shape_of(sizes)) * lanes * bits // 8 + ALIGNMENT)
        if memory == 0:
            return 1
        start = (memory + ALIGNMENT - 1) // ALIGNMENT * ALIGNMENT
        run(sizes, addresses_at(addresses), vectors_at(start, lanes, bits))
        release(memory)
        return 0

    return cached_on_disk(cfunc, types.int64(types.int64), kernel)


def cached_on_disk(decorator: Any, signature: Any, function: Any) -> Any:
    """A C function, from the cache on disk where one can be written (see NUMBA_CACHE_DIR)."""
    options = {"nopython": True, "error_model": "numpy"}
    try:
        return decorator(signature, cache=True, **options)(function)
    except RuntimeError:
        # Neither the package's folder nor the user's cache can be written: compile in every process.
        return decorator(signature, **options)(function)


@cache
def fingerprint() -> int:
    """A number made of the sources, part of the key of the cache on disk, which watches one file only."""
    total = 0
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in _PLAIN:
            total = zlib.crc32(file.read_bytes(), total)
    return total | 1


# These are not part of the kernel.
_PLAIN = ("__init__", "engine", "tables", "budget", "differentiable", "xla")
