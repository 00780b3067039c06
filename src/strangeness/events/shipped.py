"""The samples that come with the package: where they are, what they are, and whether they are whole.

Made by ``strangeness.events.generation``: Pythia 8 without multiparton interactions and pile-up, then a
parametric detector step. A top or W jet counts when its parent and all its quarks lie within dR < 0.8 of its
axis. The others are dropped, 37 % of the jets of the top sample and 12 % of the W sample, so tops and Ws are
easier to tell from QCD jets here than where unmatched ones stay in. Fewer than 1 % of the jets share their
event with another. Scalars are rounded to 15 bits, so equal values occur.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from strangeness.core.errors import FileError, InputError, nearest
from strangeness.core.files import existing_file, sha256

SAMPLES = ("jets", "dijets")


def sample_path(name: str) -> Path:
    """The Parquet file of the shipped sample ``name``: ``jets`` or ``dijets``.

    Raises:
        InputError: when no such sample is shipped.
        FileError: when its file is missing or empty.
    """
    if name not in SAMPLES:
        raise InputError(f"no shipped sample is called '{name}'", nearest(name, SAMPLES))
    return existing_file(_folder() / f"{name}.parquet")


def manifest() -> dict[str, Any]:
    """What is shipped: ``samples`` maps each name to its file, sha256, bytes, rows, columns and origin.

    ``made_from`` holds the Pythia settings, seeds, cuts, detector numbers, versions and counts.

    Raises:
        FileError: when the manifest is missing or unreadable.
    """
    path = existing_file(_folder() / "manifest.json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileError(f"cannot read '{path}': {error}", "Install the package again.") from error


def verify(name: str) -> Path:
    """The file of the sample ``name``, after its SHA-256 was compared with the manifest (once a process).

    Raises:
        InputError: when no such sample is shipped.
        FileError: when the file is missing or its content is not what was shipped.
    """
    path = sample_path(name)
    expected = manifest()["samples"].get(name, {}).get("sha256")
    if _checksum(path) != expected:
        raise FileError(
            f"'{path}' is not the file that was shipped (SHA-256 differs)", "Install the package again."
        )
    return path


@cache
def _checksum(path: Path) -> str:
    return sha256(path)


def _folder() -> Path:
    return Path(str(files("strangeness.events").joinpath("samples")))
