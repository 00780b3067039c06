"""The list columns of Parquet files: particles and hits, one list an event in each of several columns."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Request
from strangeness.events.events import Constituents
from strangeness.events.hits import Hits

PARTICLES = tuple(
    ((f"{prefix}pt", f"{prefix}{d}eta", f"{prefix}{d}phi"), d == "d_")
    for prefix in ("constituents_", "")
    for d in ("d_", "")
)
"""Names that the three columns of the particles may have, and whether they are relative to the jet."""
HIT_COLUMNS = ("hits_layer", "hits_d_eta", "hits_d_phi", "hits_pt")


class Lists(NamedTuple):
    """The list columns that are read, none where there are none or they are not wanted."""

    particles: tuple[str, ...] = ()
    relative: bool = True
    hits: tuple[str, ...] = ()

    def constituents_of(self, table: Any, request: Request) -> Constituents | None:
        """The particles of a batch of rows."""
        if not self.particles:
            return None
        offsets, values = _flat(table, self.particles, "particle", request)
        pt, eta, phi = (column.astype(np.float32, copy=False) for column in values)
        return Constituents(offsets, pt, eta, phi, self.relative)

    def hits_of(self, table: Any, request: Request) -> Hits | None:
        """The hits of a batch of rows; layers are as they are stored."""
        if not self.hits:
            return None
        offsets, (layer, *values) = _flat(table, self.hits, "hit", request)
        eta, phi, pt = (column.astype(np.float32, copy=False) for column in values)
        return Hits(offsets, layer, eta, phi, pt)


def lists_in(names: Collection[str], request: Request) -> Lists:
    """Which of the list columns ``names`` are particles and hits.

    Raises:
        InputError: when particles were asked for by name and there are none.
        FileError: when some of the columns of hits are missing.
    """
    particles = next((entry for entry in PARTICLES if set(names).issuperset(entry[0])), None)
    if request.columns is not None and request.constituents and particles is None:
        raise request.no_constituents()
    found = [name for name in HIT_COLUMNS if name in names]
    if request.hits and 0 < len(found) < len(HIT_COLUMNS):
        lost = next(name for name in HIT_COLUMNS if name not in found)
        raise FileError(
            f"'{request.path}' has the lists '{found[0]}' and no lists of numbers '{lost}'",
            f"Write {', '.join(HIT_COLUMNS)}.",
        )
    seen, relative = particles if particles is not None and request.constituents else ((), True)
    return Lists(seen, relative, tuple(found) if request.hits else ())


def columns_of(particles: Constituents | None, hits: Hits | None) -> dict[str, pa.Array]:
    """Columns of lists to write."""
    columns: dict[str, pa.Array] = {}
    if particles is not None:
        d = "d_" if particles.relative else ""
        names = (f"constituents_{name}" for name in ("pt", f"{d}eta", f"{d}phi"))
        columns |= _jagged(particles, names)
    return columns if hits is None else columns | _jagged(hits, HIT_COLUMNS)


def _jagged(lists: Constituents | Hits, names: Any) -> dict[str, pa.Array]:
    offsets = pa.array(np.asarray(lists.offsets, np.int64))
    return {
        name: pa.LargeListArray.from_arrays(offsets, pa.array(values))
        for name, values in zip(names, lists.columns, strict=True)
    }


def _flat(
    table: Any, names: tuple[str, ...], what: str, request: Request
) -> tuple[NDArray[np.int64], list[NDArray[Any]]]:
    """Offsets and the flat values of list columns; missing values become NaN.

    Raises:
        FileError: when the lists of an event are missing or differ in length.
    """
    columns = [table.column(name) for name in names]
    lengths = [np.asarray(column.value_lengths().fill_null(-1)) for column in columns]
    for name, length in zip(names, lengths, strict=True):
        if np.any(length != lengths[0]) or np.any(length < 0):
            raise FileError(
                f"the lists '{names[0]}' and '{name}' of '{request.path}' differ in length or are missing",
                f"Write one entry a {what} in each.",
            )
    offsets = np.concatenate([[0], np.cumsum(lengths[0], dtype=np.int64)])
    return offsets, [column.flatten().to_numpy(zero_copy_only=False) for column in columns]
