"""Sample files: Parquet with zstd, numbers rounded to what was measured, and their own description inside."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.files import sha256, write_text, written_whole
from strangeness.events.generation.substructure import Columns, owner

KEY = b"strangeness"
MANTISSA_BITS = 15  # of 23: relative steps of 1.5e-5, far below any resolution; the zero byte compresses away

_CODED = ("label", "hits_layer")
"""Columns of few different numbers."""


def rounded(values: NDArray[Any], bits: int = MANTISSA_BITS) -> NDArray[np.float32]:
    """float32 with the mantissa rounded to ``bits`` bits; finite input."""
    drop = 23 - bits
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    half = np.uint32(1 << (drop - 1))
    return ((raw + half) & np.uint32(~((1 << drop) - 1) & 0xFFFFFFFF)).view(np.float32)


def write(columns: Columns, metadata: dict[str, Any], out: str | os.PathLike[str]) -> None:
    """Write ``columns`` to the Parquet file ``out`` whole or not at all.

    Scalars are float32 (``label`` int8, ``id`` uint64); constituents are lists of float16, and so are hits,
    but for their layer. ``metadata`` goes into the file as JSON under the key ``strangeness``.
    """
    with written_whole(out) as temporary, opened(temporary, metadata) as append:
        append(columns)


@contextmanager
def opened(path: Path, metadata: dict[str, Any]) -> Iterator[Callable[[Columns], None]]:
    """Yield a function that appends columns, always the same ones, to a new Parquet file as a row group."""
    import pyarrow.parquet as pq

    writers: list[Any] = []

    def append(columns: Columns) -> None:
        table = as_table(columns).replace_schema_metadata({KEY: json.dumps(metadata).encode()})
        if not writers:
            # the stubs know only the yes-or-no form of the two lists of columns
            encoding: dict[str, Any] = {
                "use_dictionary": [_leaf(f) for f in table.schema if f.name in _CODED],
                "use_byte_stream_split": [_leaf(f) for f in table.schema if f.name not in (*_CODED, "id")],
            }
            writers.append(
                pq.ParquetWriter(path, table.schema, compression="zstd", compression_level=19, **encoding)
            )
        writers[0].write_table(table)

    try:
        yield append
    finally:
        for writer in writers:
            writer.close()


def as_table(columns: Columns) -> Any:
    """A pyarrow table of ``columns``: flat constituents become lists."""
    import pyarrow as pa

    arrays: dict[str, Any] = {}
    for name, values in columns.items():
        group = owner(name, columns)
        if name == group:
            continue
        if group is not None:
            offsets = np.concatenate([[0], np.cumsum(columns[group])]).astype(np.int32)
            arrays[name] = pa.ListArray.from_arrays(pa.array(offsets), pa.array(_half(values)))
        elif values.dtype.kind == "f":
            arrays[name] = pa.array(rounded(values))
        else:
            arrays[name] = pa.array(values)
    return pa.table(arrays)


def _half(values: NDArray[Any]) -> NDArray[Any]:
    """Floats as float16, integers as they are."""
    return values.astype(np.float16) if values.dtype.kind == "f" else values


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """What a sample file says of itself."""
    import pyarrow.parquet as pq

    return json.loads(pq.read_schema(path).metadata[KEY])


def write_manifest(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Describe all Parquet files of ``folder`` in its ``manifest.json``: checksum, size, rows, metadata."""
    import pyarrow.parquet as pq

    files = {
        path.stem: {
            "file": path.name,
            "sha256": sha256(path),
            "bytes": path.stat().st_size,
            "rows": pq.read_metadata(path).num_rows,
            "columns": pq.read_schema(path).names,
            "made_from": read_metadata(path),
        }
        for path in sorted(Path(folder).glob("*.parquet"))
    }
    note = "Pythia 8, multiparton interactions off, pile-up off, then a parametric detector step."
    manifest = {"note": note, "samples": files}
    write_text(Path(folder) / "manifest.json", json.dumps(manifest, indent=1) + "\n")
    return manifest


def _leaf(field: Any) -> str:
    """The name Parquet gives to the numbers of a column, which for a list are one level down."""
    return f"{field.name}.list.element" if hasattr(field.type, "value_type") else field.name
