"""The compiled kernel for a number of lanes: one C function, kept on disk, for Python and for XLA alike."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from llvmlite import binding

from strangeness.core.errors import InputError
from strangeness.quantum.kernel.machine_code import address_of

LANES = (4, 8, 16)
"""Numbers that a vector may hold: SSE and NEON, AVX2, AVX-512 in single precision."""
VARIABLE = "STRANGENESS_QUANTUM_LANES"


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
    address = address_of(symbol(checked_lanes(lanes), bits), partial(_function, lanes, bits))
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)
    return Kernel(lanes, bits, address, prototype(address))


def symbol(lanes: int, bits: int = 32) -> str:
    """The name of the kernel for so many lanes among the symbols of the process."""
    return f"strangeness_quantum_{lanes}_{bits}"


def _function(lanes: int, bits: int) -> Any:
    # Numba is imported only where something is compiled.
    from strangeness.quantum.kernel import entries

    return entries.kernel(lanes, bits)
