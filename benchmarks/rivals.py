"""Other libraries, each in its own environment, called as subprocesses that exchange JSON and ``.npy``.

``python -m benchmarks --make-envs DIR`` makes the environments from ``benchmarks/envs/*.txt``;
``STRANGENESS_RIVALS=DIR`` (or ``--rivals DIR``) says where they are.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.cases import NotRun

HERE = Path(__file__).resolve().parent
_FOLDER = "bin" if os.name == "posix" else "Scripts"


@dataclass(frozen=True)
class Reply:
    """What a rival's script gave back: JSON values, and arrays by name."""

    values: dict[str, Any]
    arrays: dict[str, NDArray[Any]] = field(default_factory=dict)


def make_environments(folder: Path) -> list[Path]:
    """A virtual environment in ``folder`` for each file of ``benchmarks/envs``; old ones are completed."""
    return [_make_environment(requirements, folder) for requirements in sorted((HERE / "envs").glob("*.txt"))]


def _make_environment(requirements: Path, folder: Path) -> Path:
    place = folder / requirements.stem
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    python = str(place / _FOLDER / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", str(requirements)], check=True)
    return place


def rival_python(rival: str) -> Path:
    """The interpreter of a rival's environment.

    Raises:
        NotRun: when no place is named or the environment is not there.
    """
    place = os.environ.get("STRANGENESS_RIVALS")
    if not place:
        raise NotRun(f"rival {rival} is missing (python -m benchmarks --make-envs DIR, then --rivals DIR)")
    python = Path(place) / rival / _FOLDER / "python"
    if not python.exists():
        raise NotRun(f"rival {rival} is missing in '{place}' (python -m benchmarks --make-envs {place})")
    return python


def call(rival: str, script: str, arguments: Mapping[str, Any], **arrays: NDArray[Any]) -> Reply:
    """Run ``benchmarks/scripts/SCRIPT`` in the rival's environment.

    The script gets a folder: ``arguments.json`` and one ``.npy`` file for each array are in it; it writes
    ``values.json`` and, if it likes, ``out_NAME.npy`` files there.

    Raises:
        NotRun: when the rival is not installed.
        RuntimeError: when its script fails, with what it said.
    """
    python = rival_python(rival)
    with tempfile.TemporaryDirectory(prefix="rival-") as name:
        folder = Path(name)
        (folder / "arguments.json").write_text(json.dumps(dict(arguments)), encoding="utf-8")
        for key, array in arrays.items():
            np.save(folder / f"{key}.npy", array, allow_pickle=False)
        _run([str(python), str(HERE / "scripts" / script), str(folder)], rival)
        return _reply(folder)


def _run(command: list[str], rival: str) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"the script of {rival} failed: {run.stderr.strip()[-500:]}")


def _reply(folder: Path) -> Reply:
    values = json.loads((folder / "values.json").read_text(encoding="utf-8"))
    found = {file.stem.removeprefix("out_"): file for file in folder.glob("out_*.npy")}
    return Reply(values, {key: np.load(file, allow_pickle=False) for key, file in found.items()})
