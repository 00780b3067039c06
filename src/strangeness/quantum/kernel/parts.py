"""Functions of the kernel as parts that are linked, but not optimised and made machine code one by one.

Numba would do both for every function together with all that it calls, so that the innermost functions are
worked on a dozen times. Here only the whole is: see ``machine_code``.
"""

from __future__ import annotations

from typing import Any, Literal

from numba._dynfunc import make_function
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering


class Part(JITCodeLibrary):
    """A function and what it calls, as it was written down."""

    def _optimize_functions(self, ll_module: Any) -> None:
        ll_module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class _PartLowering(NativeLowering):
    """Writes a function down into a ``Part``."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> Literal[True]:
        state.library = Part(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        state.flags.no_compile = True
        super().run_pass(state)
        description, environment = state.cr.fndesc, state.cr.env
        # What Numba knows a function by; there is no code behind it that Python could call.
        name = make_function(
            description.lookup_module(), description.qualname, "", 0, environment, (state.library,)
        )
        state.targetctx.insert_user_function(name, description, [state.library])
        state.cr = state.cr._replace(cfunc=name)
        return True


class Parts(CompilerBase):
    """Numba's own pipeline for compiled functions, with ``Part`` for the library."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)
        replaced = {NativeLowering: _PartLowering}
        passes.passes = [(replaced.get(one, one), why) for one, why in passes.passes]
        passes.finalize()
        return [passes]
