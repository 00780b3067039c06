"""Events from a file, whole or in chunks, whatever its format: told by its first bytes, not by its name."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError, InputError
from strangeness.core.files import existing_file
from strangeness.core.identity import as_words, identities, salt, splitmix64
from strangeness.events.columns import Part, Request, as_float, as_labels, as_words_of, checked
from strangeness.events.detect import LAYOUTS, READERS, layout_of
from strangeness.events.events import Events, concatenate_events
from strangeness.events.particles import tidy, tidy_hits
from strangeness.events.units import checked_unit, in_gev, lists_in_gev, refuse_mev, refuse_negative

__all__ = ["LAYOUTS", "read", "read_chunks"]


def read(
    path: str | os.PathLike[str],
    *,
    layout: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = "label",
    name: str | None = None,
    unit: str | None = None,
    tree: str | None = None,
) -> Events:
    """All events of a file.

    Energies are in GeV, angles in radians, and constituents are sorted by falling pt.

    Args:
        path: the file; its content decides what it is, not its suffix.
        layout: one of ``LAYOUTS``, when the content should not decide.
        columns: features to read, ``constituents`` and ``hits`` among them if wanted; None reads all. Named
            columns must be finite, and their energies and transverse momenta not negative; with None a column
            is checked when it is used.
        label: the column that becomes truth; None leaves truth in the file. Where a public layout has its
            own, 'label' stands for it: ``is_signal_new`` (Top Tagging), ``y`` (energyflow), the place in the
            list of classes (JetClass).
        name: name of the sample, which identities are made of when the file stores none; by default the
            file's stem, so two files with the same stem need different names.
        unit: 'GeV', or 'MeV' to divide energies, momenta and masses (told by their names) by 1000. None is
            GeV, and values that are too large for it are refused.
        tree: the tree of a ROOT file that holds several.

    Raises:
        FileError: when the file is missing, a folder, empty, truncated, of another format, without events, or
            holds NaN, infinite values, negative momenta, lists that are too long or disagree, objects or
            links, or seems to be in MeV.
        InputError: for a missing column (with the nearest names) or an unknown layout or unit.
    """
    options: dict[str, Any] = {"layout": layout, "columns": columns, "label": label, "name": name}
    return concatenate_events(list(read_chunks(path, **options, unit=unit, tree=tree)))


def read_chunks(
    path: str | os.PathLike[str],
    chunk: int = 65_536,
    *,
    layout: str | None = None,
    columns: Sequence[str] | None = None,
    label: str | None = "label",
    name: str | None = None,
    unit: str | None = None,
    tree: str | None = None,
) -> Iterator[Events]:
    """The events of a file in order, at most ``chunk`` at a time; the file is never held whole.

    Identities and values are the same whatever the chunk. Arguments and errors are those of ``read``.
    """
    if chunk < 1:
        raise InputError(f"'chunk' is {chunk}", "Give 1 event or more.")
    if columns is not None and (isinstance(columns, str) or not columns):
        raise InputError(f"'columns' is {columns!r}", "Give a list of one or more names.")
    file = existing_file(path)
    request = Request(file, chunk, None if columns is None else tuple(columns), label, tree)
    kind = layout_of(request, layout)
    return _events(request, kind, name or file.stem, checked_unit(unit))


def _events(request: Request, kind: str, name: str, unit: str | None) -> Iterator[Events]:
    reader = importlib.import_module(f"strangeness.events.{READERS[kind]}")
    start = 0
    for part in reader.parts(request, kind):
        events = _assembled(part, request, kind, name, start, unit)
        if unit is None and start == 0:
            refuse_mev(events.features, events.constituents, request.path)
        yield events
        start += part.rows
    if start == 0:
        raise FileError(f"'{request.path}' holds no event", "Check how it was written.")


def _assembled(part: Part, request: Request, kind: str, name: str, start: int, unit: str | None) -> Events:
    path, lists = request.path, part.constituents
    features = {column: as_float(values) for column, values in part.features.items()}
    if request.columns is not None:
        features = {column: checked(values, column, path, start) for column, values in features.items()}
        for column, values in features.items():
            refuse_negative(values, column, path, start)
    features, lists = in_gev(features, None if lists is None else tidy(lists, path, start), unit)
    hits = None if part.hits is None else lists_in_gev(tidy_hits(part.hits, path, start), unit)
    return Events(
        features=features,
        id=_identity(part, name, start, path),
        weight=_weight(part, path, start),
        constituents=lists,
        truth=None if part.label is None else as_labels(part.label, str(request.label), path, start),
        provenance={"format": kind, **part.metadata, "name": name, "file": path.name},
        hits=hits,
    )


def _identity(part: Part, name: str, start: int, path: Path) -> NDArray[np.uint32]:
    """The stored identity, or one of the name and the place in the file."""
    if part.id is not None:
        return as_words_of(part.id, path)
    if part.entry is not None:
        return as_words(splitmix64(splitmix64(part.entry) ^ salt(name)))
    return identities(name, part.rows, start)


def _weight(part: Part, path: Path, start: int) -> NDArray[np.float64]:
    if part.weight is None:
        # A view of one number: a million ones cost as much time as reading a column.
        return np.broadcast_to(np.float64(1.0), (part.rows,))
    return checked(np.asarray(part.weight, np.float64), "weight", path, start)
