"""What a file holds, told by its content."""

from __future__ import annotations

import importlib
import zlib
from collections.abc import Iterable
from pathlib import Path

from strangeness.core.errors import FileError, InputError, nearest
from strangeness.events.columns import Request

_MAGIC = {
    b"PAR1": "parquet",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    b"PK\x03\x04": "npz",
    b"\x93NUMPY": "npy",
    b"root": "root",
}
READERS = {
    "parquet": "parquet",
    "npz": "arrays",
    "npy": "arrays",
    "csv": "text",
    "energyflow": "energyflow",
    "lhco": "lhco",
    "lhco-features": "lhco",
    "top-tagging": "toptagging",
    "nanoaod": "nanoaod",
    "nanoaod-jets": "nanoaod",
    "jetclass": "jetclass",
    "root": "trees",
}
LAYOUTS = {
    "parquet": "Parquet: one column a feature, lists of particles",
    "npz": "NumPy archive: one array a column, or a matrix with names",
    "npy": "NumPy array: a matrix, one row an event",
    "csv": "CSV with a header, also compressed by gzip",
    "energyflow": "energyflow jets in .npz: X of (pt, y, phi, pid) and y",
    "lhco": "LHC Olympics 2020 in HDF5: 700 particles an event",
    "lhco-features": "LHC Olympics 2020 in HDF5: features of two jets",
    "top-tagging": "Top Quark Tagging Reference in HDF5: 200 particles a jet",
    "nanoaod": "NanoAOD or PFNano in ROOT: events with their two leading fat jets",
    "nanoaod-jets": "NanoAOD or PFNano in ROOT: one row a fat jet",
    "jetclass": "JetClass in ROOT: one row a jet",
    "root": "ROOT tree of numbers: one row an entry",
}
"""Layout -> what it is, in words."""
_INSTEAD = {
    "lhco-features": {"lhco"},
    "energyflow": {"npz"},
    "nanoaod": {"nanoaod-jets", "root"},
    "jetclass": {"root"},
}
"""Layout found -> the others that may be asked for."""


def layout_of(request: Request, wanted: str | None = None) -> str:
    """The layout of a file, or the one that is wanted if its content allows it.

    Raises:
        FileError: for a file of no known format, or that does not hold the layout wanted.
        InputError: for an unknown layout.
    """
    if wanted is not None and wanted not in LAYOUTS:
        raise InputError(f"unknown layout '{wanted}'", nearest(wanted, LAYOUTS))
    found = _refined(request, _container(request.path))
    if wanted is None or wanted == found or wanted in _INSTEAD.get(found, ()):
        return wanted or found
    raise FileError(f"'{request.path}' does not hold '{wanted}' but '{found}'", "Leave 'layout' out.")


def _container(file: Path) -> str:
    try:
        with open(file, "rb") as stream:
            start = stream.read(512)
    except OSError as error:
        raise FileError(f"cannot read '{file}': {error.strerror}", "Check its permissions.") from error
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    text = _inflated(start, file) if start.startswith(b"\x1f\x8b") else start
    if _is_text(text):
        return "csv"
    raise FileError(
        f"'{file}' is no known format (it starts with {text[:8]!r})",
        "Give Parquet, HDF5, ROOT, .npz, .npy or CSV.",
    )


def _inflated(start: bytes, file: Path) -> bytes:
    try:
        return zlib.decompressobj(wbits=31).decompress(start, 512)
    except zlib.error as error:
        raise FileError(
            f"'{file}' is a truncated or damaged gzip file ({error})", "Copy or download it again."
        ) from error


def _is_text(start: bytes) -> bool:
    """Whether these bytes are UTF-8 without control characters; the last character may be cut."""
    try:
        text = start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = start[: error.start].decode("utf-8")
    return bool(text.strip()) and all(c.isprintable() or c in "\t\r\n\ufeff" for c in text)


def _refined(request: Request, container: str) -> str:
    """The layout inside of a container that may hold several."""
    module = {"npz": "energyflow", "hdf5": "lhco", "root": "trees"}.get(container)
    if request.tree is not None and container != "root":
        raise InputError(f"a tree is named, and '{request.path}' is no ROOT file", "Leave 'tree' out.")
    if module is None:
        return container
    return importlib.import_module(f"strangeness.events.{module}").layout_of(request)


def among(names: Iterable[str], needed: Iterable[str]) -> bool:
    """Whether all that is ``needed`` is there."""
    return set(needed) <= set(names)
