"""The kernel as an XLA custom call: a C function that reads XLA's call frame by offset.

The offsets are those of version 0.3 of XLA's foreign-function interface (xla/ffi/api/c_api.h). Under any
other version nothing is registered, and ``differentiable`` goes through the host instead.
"""

from __future__ import annotations

import ctypes
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

from strangeness.quantum.kernel.compiled import compiled, symbol
from strangeness.quantum.kernel.machine_code import address_of
from strangeness.quantum.kernel.modes import XLA_VERSION


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

    return installed_version() == XLA_VERSION and jax.default_backend() == "cpu"


@cache
def registered(lanes: int) -> str:
    """The name under which XLA knows the kernel of this many lanes."""
    import jax

    name = symbol(lanes)
    kernel = {name: compiled(lanes).address}
    address = address_of(f"{name}_xla", partial(_function, name), kernel)
    pointer = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(address)
    jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(pointer), platform="cpu")
    return name


def _function(name: str) -> Any:
    from strangeness.quantum.kernel import entries

    return entries.handler(name)
