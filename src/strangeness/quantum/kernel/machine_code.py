"""From the functions of the kernel to machine code: optimised as a whole, kept on disk, loaded without Numba.

A function is compiled once for a processor, some sources and some versions. Later processes load the object
file with llvmlite alone, which takes milliseconds where importing Numba's own libraries takes a second.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import platform
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llvmlite import binding

from strangeness.core.errors import FileError
from strangeness.core.files import written_whole

_DIGEST = 32
# All that the kernel may call: what every process has.
_KNOWN = ("malloc", "free")


def address_of(name: str, function: Callable[[], Any], calls: Mapping[str, int] | None = None) -> int:
    """The address of a compiled function: from the cache on disk, or compiled (some seconds) and put there.

    Args:
        name: under which it is kept, and its symbol.
        function: makes the Numba C function (``entries``), asked only where there is nothing on disk.
        calls: symbols that it calls, and their addresses.
    """
    for symbol, address in (calls or {}).items():
        binding.add_symbol(symbol, address)
    file = folder() / f"{name}-{_key()}.o"
    code = _read(file)
    if code is None:
        code, called = _machine_code(name, function())
        if called <= {*_KNOWN, *(calls or {})}:
            _write(file, code)
    engine = binding.create_mcjit_compiler(binding.parse_assembly(""), _machine())
    engine.add_object_file(binding.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _KEPT.append(engine)
    return engine.get_function_address(name)


# The code lives as long as the engines that own it.
_KEPT: list[Any] = []


def folder() -> Path:
    """Where object files are kept: NUMBA_CACHE_DIR where it is set, else in the user's cache folder."""
    given, base = os.environ.get("NUMBA_CACHE_DIR"), os.environ.get("XDG_CACHE_HOME")
    if given:
        return Path(given)
    return (Path(base) if base else Path.home() / ".cache") / "strangeness" / "quantum"


@cache
def _key() -> str:
    """All that the machine code depends on, as a hash: sources, versions, processor."""
    features = binding.get_host_cpu_features().flatten()
    machine = binding.get_process_triple(), binding.get_host_cpu_name(), features, platform.machine()
    total = hashlib.sha256(repr((machine, version("numba"), version("llvmlite"))).encode())
    for file in sorted(Path(__file__).parent.glob("*.py")):
        if file.stem not in _PLAIN:
            total.update(file.read_bytes())
    return total.hexdigest()[:24]


# These are not part of the kernel.
_PLAIN = ("__init__", "compiled", "engine", "tables", "budget", "differentiable", "xla")


def _read(file: Path) -> bytes | None:
    """The machine code in a file, or None where it is missing, cut short or damaged."""
    try:
        found = file.read_bytes()
    except OSError:
        return None
    digest, code = found[:_DIGEST], found[_DIGEST:]
    return code if hashlib.sha256(code).digest() == digest else None


def _write(file: Path, code: bytes) -> None:
    # Where nothing can be written, every process compiles for itself.
    with contextlib.suppress(FileError), written_whole(file) as path:
        path.write_bytes(hashlib.sha256(code).digest() + code)


@cache
def _machine() -> Any:
    """The processor of this machine, as LLVM describes it, for code that is run where it was made."""
    with contextlib.suppress(RuntimeError):
        # Newer versions of llvmlite do this by themselves, and refuse to be asked.
        binding.initialize()
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    triple = binding.get_process_triple()
    return binding.Target.from_triple(triple).create_target_machine(
        cpu=binding.get_host_cpu_name(),
        features=binding.get_host_cpu_features().flatten(),
        opt=3,
        reloc="static" if triple.startswith(("x86", "i686")) else "default",
        codemodel="jitdefault",
        jit=True,
    )


def _machine_code(name: str, function: Any) -> tuple[bytes, set[str]]:
    """The object file of a Numba C function, and the symbols that it calls."""
    machine, module = _machine(), binding.parse_assembly(function.inspect_llvm())
    for one in module.functions:
        if one.name == function.native_name:
            one.name = name
        elif not one.is_declaration:
            # Nobody else calls it, so that it can be left out where it is inlined or never called.
            one.linkage = "internal"
    options = binding.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization, options.slp_vectorization = True, False
    builder = binding.create_pass_builder(machine, options)
    builder.getModulePassManager().run(module, builder)
    called = {one.name for one in module.functions if one.is_declaration}
    return machine.emit_object(module), {one for one in called if not one.startswith("llvm.")}
