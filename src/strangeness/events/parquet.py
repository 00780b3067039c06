"""Our Parquet files: scalar columns are features, list columns particles and hits, JSON in the metadata.

Imported only when such a file is read or written, because it loads pyarrow.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from strangeness.core.errors import FileError, InputError
from strangeness.core.files import written_whole
from strangeness.core.identity import as_uint64
from strangeness.events.columns import CONSTITUENTS, HITS, Part, Request, readable, refuse_absurd
from strangeness.events.events import Events
from strangeness.events.parquet_lists import Lists, columns_of, lists_in

METADATA = b"strangeness"
_ROW_GROUP = 65_536
_GROUP_BYTES = 100_000_000  # unpacked bytes of a row group that may be held


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events of a Parquet file in chunks."""
    with readable(request.path, "Parquet"), pq.ParquetFile(request.path, pre_buffer=False) as file:
        schema = file.schema_arrow
        refuse_absurd(request.path, file.metadata.num_rows * len(schema.names) * 4)
        scalars, lists = _kinds(schema, request)
        names = [name for name in ("id", "weight") if name in scalars]
        features = request.features(scalars, [HITS] if lists.hits else [])
        features, label = [name for name in features if name in scalars], request.truth(scalars)
        others = [*names, *([label] if label else []), *lists.particles, *lists.hits]
        wanted = list(dict.fromkeys([*features, *others]))
        metadata = _metadata(schema, request)
        for table in _pieces(file, request.chunk, wanted):
            column = {name: _numbers(table.column(name), name, request) for name in [*features, *names]}
            yield Part(
                rows=table.num_rows,
                features={name: column[name] for name in features},
                constituents=lists.constituents_of(table, request),
                hits=lists.hits_of(table, request),
                id=column.get("id"),
                weight=column.get("weight"),
                label=_numbers(table.column(label), label, request) if label else None,
                metadata=metadata,
            )


def _pieces(file: pq.ParquetFile, chunk: int, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """Batches of at most ``chunk`` rows; a row group of moderate size is unpacked at once: that is faster."""
    groups = [file.metadata.row_group(index) for index in range(file.num_row_groups)]
    if not any(_is_moderate(group, chunk) for group in groups):
        yield from file.iter_batches(chunk, columns=columns)
        return
    for index, group in enumerate(groups):
        if _is_moderate(group, chunk):
            yield from _slices(file.read_row_group(index, columns=columns, use_threads=False), chunk)
        else:
            yield from file.iter_batches(chunk, row_groups=[index], columns=columns)


def _slices(group: pa.Table, chunk: int) -> Iterator[pa.RecordBatch]:
    """A row group in views, the last of them a copy: a view would keep the group while the next is read."""
    starts = range(0, group.num_rows, chunk)
    for start in starts[:-1]:
        yield from group.slice(start, chunk).to_batches()
    last = group.slice(starts[-1]).take(np.arange(group.num_rows - starts[-1]))
    del group
    yield from last.to_batches()


def _is_moderate(group: Any, chunk: int) -> bool:
    """Whether a row group holds several chunks, and few enough to be kept."""
    return chunk < group.num_rows <= 64 * chunk and group.total_byte_size <= _GROUP_BYTES


def write_parquet(events: Events, path: str | os.PathLike[str]) -> None:
    """Write events to a Parquet file whole or not at all; truth becomes ``label`` only if there is some.

    Raises:
        InputError: when there is no event, or a feature has the name of another column.
        FileError: when the file cannot be written.
    """
    if len(events) == 0:
        raise InputError(f"there is no event to write to '{path}'", "Loosen the selection.")
    columns: dict[str, Any] = {"id": as_uint64(events.id), "weight": np.asarray(events.weight, np.float64)}
    if events.truth is not None:
        columns["label"] = np.asarray(events.truth, np.int64)
    columns |= columns_of(events.constituents, events.hits)
    for name, values in events.features.items():
        if name in columns or name in ("label", CONSTITUENTS, HITS):
            raise InputError(f"a feature is called '{name}', which has its own meaning", "Rename it.")
        columns[name] = np.asarray(values)
    metadata = json.dumps(dict(events.provenance), allow_nan=False).encode()
    table = pa.table(columns).replace_schema_metadata({METADATA: metadata})
    with written_whole(path) as temporary:
        pq.write_table(table, temporary, compression="zstd", row_group_size=_ROW_GROUP)


def _kinds(schema: pa.Schema, request: Request) -> tuple[list[str], Lists]:
    """The names of scalar columns of numbers, and the columns of particles and hits."""
    doubled = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if doubled:
        raise FileError(f"'{request.path}' has two columns '{doubled[0]}'", "Rename one of them.")
    scalars = [field.name for field in schema if _numeric(field.type)]
    jagged = {field.name for field in schema if _list_of_numbers(field.type)}
    return scalars, lists_in(jagged, request)


def _numeric(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)


def _list_of_numbers(kind: pa.DataType) -> bool:
    jagged = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return jagged and _numeric(kind.value_type)


def _numbers(column: Any, name: str, request: Request) -> NDArray[Any]:
    """A column as NumPy; missing values become NaN, which is refused where the column is used."""
    if name == "id" and column.null_count:
        raise FileError(f"column 'id' of '{request.path}' has missing values", "Store one identity an event.")
    return column.to_numpy(zero_copy_only=False)


def _metadata(schema: pa.Schema, request: Request) -> dict[str, Any]:
    text = (schema.metadata or {}).get(METADATA, b"{}")
    try:
        metadata = json.loads(text)
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise FileError(f"the metadata of '{request.path}' are not a JSON object", "Write the file again.")
    return metadata
