"""Facts that a result needs beside its numbers: commit, versions, hardware (without its maker's name)."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("strangeness", "numpy", "scipy", "jax", "scikit-learn")
_LEVELS = (
    ("x86-64-v4", {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"}),
    ("x86-64-v3", {"avx", "avx2", "bmi1", "bmi2", "fma", "movbe"}),
    ("x86-64-v2", {"sse4_1", "sse4_2", "ssse3", "popcnt"}),
)


def commit(repository: Path) -> str:
    """The commit of the checkout, with ``+changes`` when tracked files differ; ``unknown`` without git."""
    try:
        head = _git(repository, "rev-parse", "HEAD").strip()
        changed = _git(repository, "status", "--porcelain", "--untracked-files=no").strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{head}+changes" if changed else head


def _git(repository: Path, *arguments: str) -> str:
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that the numbers depend on."""
    installed = {dist.metadata["Name"].lower() for dist in metadata.distributions() if dist.metadata["Name"]}
    found = {name: metadata.version(name) for name in _PACKAGES if name in installed}
    return {"python": platform.python_version(), **found}


def hardware() -> dict[str, Any]:
    """Cores, memory and instruction-set class of this machine."""
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "cores": os.cpu_count(),
        "memory_gb": _memory_gb(),
        "instructions": _instructions(),
    }


def _memory_gb() -> int | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
    except (ValueError, OSError):
        return None


def _instructions(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    if not cpuinfo.exists():
        return platform.machine()
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((set(line.partition(":")[2].split()) for line in lines if line.startswith("flags")), set())
    return next((name for name, needed in _LEVELS if needed <= flags), platform.machine())
