"""How the functions of the kernel are compiled: only for each other, never to be called from Python."""

from __future__ import annotations

from typing import Any

from numba import extending, njit
from numba.core import types
from numba.core.typing import templates

try:
    from strangeness.quantum.kernel.parts import Parts
except ImportError:
    # Parts are made of Numba's inner workings; a version that has others compiles longer.
    PIPELINE: dict[str, Any] = {}
else:
    PIPELINE = {"pipeline_class": Parts}

OPTIONS: dict[str, Any] = {"error_model": "numpy", "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
# What these make is called with other arguments than it is written with, which a type checker cannot know.
intrinsic: Any = extending.intrinsic
overload: Any = extending.overload
infer_global: Any = templates.infer_global
function: Any = njit(**PIPELINE, **OPTIONS)


@intrinsic
def apart(typingctx: Any) -> Any:
    """Keep the function that calls this out of its callers: copies of the hot loops only cost compilation."""

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        builder.function.attributes.add("noinline")
        return context.get_dummy_value()

    return types.void(), codegen
