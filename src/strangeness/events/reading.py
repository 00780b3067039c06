"""Events from a file, whole or in chunks, whatever its format: told by its first bytes, not by its name."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError, InputError, nearest
from strangeness.core.files import existing_file
from strangeness.core.identity import identities
from strangeness.events.columns import Part, Request, as_float, as_labels, as_words_of, checked
from strangeness.events.events import Events, concatenate_events

_MAGIC = {b"PAR1": "parquet", b"\x89HDF\r\n\x1a\n": "lhco", b"PK\x03\x04": "npz", b"\x93NUMPY": "npy"}
_READERS = {"parquet": "parquet", "npz": "arrays", "npy": "arrays", "lhco": "lhco", "lhco-features": "lhco"}
LAYOUTS = tuple(_READERS)
"""parquet: ours; npz, npy: NumPy; lhco, lhco-features: LHC Olympics 2020 HDF5, particles or features."""


def read(
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = "label",
    name: str | None = None,
) -> Events:
    """All events of a file.

    Args:
        path: Parquet, NumPy (.npz, .npy) or LHC Olympics 2020 HDF5; the content decides, not the suffix.
        layout: one of ``LAYOUTS``, when the content should not decide.
        columns: features to read, ``constituents`` among them if wanted; None reads all. Named columns must
            be finite; with None a column is checked when it is used.
        label: the column that becomes truth; None leaves truth in the file.
        name: name of the sample, which identities are made of when the file stores none; by default the
            file's stem, so two files with the same stem need different names.

    Raises:
        FileError: when the file is missing, a folder, empty, truncated, of another format, without events, or
            holds NaN, infinite values, objects or links.
        InputError: for a missing column (with the nearest names) or an unknown layout.
    """
    return concatenate_events(list(read_chunks(path, layout=layout, columns=columns, label=label, name=name)))


def read_chunks(
    path: str | os.PathLike[str],
    chunk: int = 65_536,
    *,
    layout: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = "label",
    name: str | None = None,
) -> Iterator[Events]:
    """The events of a file in order, at most ``chunk`` at a time; the file is never held whole.

    Identities and values are the same whatever the chunk. Arguments and errors are those of ``read``.
    """
    if chunk < 1:
        raise InputError(f"'chunk' is {chunk}", "Give 1 event or more.")
    if columns is not None and (isinstance(columns, str) or not columns):
        raise InputError(f"'columns' is {columns!r}", "Give a list of one or more names.")
    file = existing_file(path)
    kind = _checked_layout(layout, file, _kind(file))
    request = Request(file, chunk, None if columns is None else tuple(columns), label)
    return _events(request, kind, name or file.stem)


def _kind(file: Path) -> str:
    try:
        with open(file, "rb") as stream:
            start = stream.read(8)
    except OSError as error:
        raise FileError(f"cannot read '{file}': {error.strerror}", "Check its permissions.") from error
    for magic, kind in _MAGIC.items():
        if start.startswith(magic):
            return kind
    seen = "a ROOT file" if start.startswith(b"root") else f"no known format (it starts with {start!r})"
    raise FileError(f"'{file}' is {seen}", "Give Parquet, .npz, .npy or LHC Olympics HDF5.")


def _checked_layout(layout: str | None, file: Path, kind: str) -> str:
    if layout is None:
        return kind
    if layout not in LAYOUTS:
        raise InputError(f"unknown layout '{layout}'", nearest(layout, LAYOUTS))
    if layout.removesuffix("-features") != kind:
        raise FileError(f"'{file}' does not hold '{layout}' but '{kind}'", "Leave 'layout' out.")
    return layout


def _events(request: Request, kind: str, name: str) -> Iterator[Events]:
    reader = importlib.import_module(f"strangeness.events.{_READERS[kind]}")
    start = 0
    for part in reader.parts(request, kind):
        yield _assembled(part, request, kind, name, start)
        start += part.rows
    if start == 0:
        raise FileError(f"'{request.path}' holds no event", "Check how it was written.")


def _assembled(part: Part, request: Request, kind: str, name: str, start: int) -> Events:
    path = request.path
    features = {column: as_float(values) for column, values in part.features.items()}
    if request.columns is not None:
        features = {column: checked(values, column, path, start) for column, values in features.items()}
    return Events(
        features=features,
        id=identities(name, part.rows, start) if part.id is None else as_words_of(part.id, path),
        weight=_weight(part, path, start),
        constituents=part.constituents,
        truth=None if part.label is None else as_labels(part.label, str(request.label), path, start),
        provenance={"format": kind, **part.metadata, "name": name, "file": path.name},
    )


def _weight(part: Part, path: Path, start: int) -> NDArray[np.float64]:
    if part.weight is None:
        return np.ones(part.rows)
    return checked(np.asarray(part.weight, np.float64), "weight", path, start)
