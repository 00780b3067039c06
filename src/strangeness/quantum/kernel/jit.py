"""How the functions of the kernel are compiled: only for each other, never to be called from Python."""

from __future__ import annotations

from typing import Any

from numba import njit
from numba.core import types
from numba.extending import intrinsic

function = njit(error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)


@intrinsic
def apart(typingctx: Any) -> Any:
    """Keep the function that calls this out of its callers: copies of the hot loops only cost compilation."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), codegen
