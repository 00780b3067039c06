"""CSV with a header, plain or compressed by gzip, read in blocks; commas, semicolons and tabs are told apart.

Imported only when such a file is read, because it loads pyarrow.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.csv as pc
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import BROKEN, Part, Request, readable

_BLOCK = 4_194_304  # bytes of text held at once
_LONGEST = 1_048_576  # bytes of a header
_DELIMITERS = ",;\t"
_NAMELESS = " column "  # such as the row numbers that pandas writes; a header's own names are stripped
_MISSING = ("", "nan", "NaN", "NA", "null", "None", "-nan")


@dataclass(frozen=True)
class _Table:
    """How the text is laid out: its names in their order, what separates them, whether gzip packed it."""

    names: tuple[str, ...]
    delimiter: str
    zipped: bool


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events of a CSV file in chunks; empty cells become NaN, which is refused where a column is used."""
    if request.columns is not None and request.constituents:
        raise request.no_constituents()
    table = _table(request)
    numbers = _numbers(request, table)
    features, label = request.features(numbers), request.truth(numbers)
    if not features:
        raise FileError(f"'{request.path}' has no column of numbers", "Write one feature a column.")
    special = [name for name in ("id", "weight") if name in numbers] + ([label] if label else [])
    kinds = {name: numbers[name] for name in (*features, *special)}
    for batch in _batches(request, table, kinds):
        for low in range(0, batch.num_rows, request.chunk):
            piece = batch.slice(low, request.chunk)
            values = {name: _values(piece, name, request) for name in kinds}
            yield Part(
                rows=piece.num_rows,
                features={name: values[name] for name in features},
                id=values.get("id"),
                weight=values.get("weight"),
                label=values[label] if label else None,
            )


def _table(request: Request) -> _Table:
    with readable(request.path, "CSV", (*BROKEN, zlib.error)), open(request.path, "rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if zipped else raw
        line = stream.readline(_LONGEST).decode("utf-8-sig").rstrip("\r\n")
    delimiter = max(_DELIMITERS, key=line.count)
    names = [name.strip() for name in next(csv.reader([line], delimiter=delimiter), [])]
    if not any(names) or any(_is_number(name) for name in names):
        raise FileError(
            f"'{request.path}' has no header", "Write the names of the columns in its first line."
        )
    names = [name or f"{_NAMELESS}{index}" for index, name in enumerate(names)]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise FileError(f"'{request.path}' has two columns '{doubled[0]}'", "Rename one of them.")
    return _Table(tuple(names), delimiter, zipped)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.lower() not in {"nan", "inf", "infinity"}


def _numbers(request: Request, table: _Table) -> dict[str, pa.DataType]:
    """The named columns of numbers, told by the first block, and how each is read."""
    with _explained(request), _opened(request, table, None) as reader:
        found = dict(zip(reader.schema.names, reader.schema.types, strict=True))
    kinds = {name: _as_read(name, kind) for name, kind in found.items() if not name.startswith(_NAMELESS)}
    return {name: kind for name, kind in kinds.items() if kind is not None}


def _as_read(name: str, kind: pa.DataType) -> pa.DataType | None:
    """Numbers as double precision, since a later block may have decimals; None for text and dates."""
    if name == "id":
        # Numbers beyond 63 bits were taken for decimals.
        return pa.uint64() if pa.types.is_floating(kind) else kind
    if pa.types.is_boolean(kind):
        return kind
    known = (pa.types.is_integer, pa.types.is_floating, pa.types.is_null)
    return pa.float64() if any(is_kind(kind) for is_kind in known) else None


def _batches(request: Request, table: _Table, kinds: dict[str, pa.DataType]) -> Iterator[pa.RecordBatch]:
    with _explained(request), _opened(request, table, kinds) as reader:
        yield from reader


@contextmanager
def _explained(request: Request) -> Generator[None, None, None]:
    """A row or a cell that cannot be read, with its line; what else is wrong with the file."""
    with readable(request.path, "CSV"):
        try:
            yield
        except pa.ArrowInvalid as error:
            reason = " ".join(str(error).split())[:160]
            raise FileError(
                f"'{request.path}' is not a table of numbers ({reason})",
                "Write one event a line, the same number of cells in each, under a header.",
            ) from error


@contextmanager
def _opened(
    request: Request, table: _Table, kinds: dict[str, pa.DataType] | None
) -> Generator[Any, None, None]:
    reading = pc.ReadOptions(
        block_size=_BLOCK, use_threads=False, column_names=list(table.names), skip_rows=1
    )
    converting = pc.ConvertOptions(
        null_values=_MISSING, column_types=kinds, include_columns=None if kinds is None else list(kinds)
    )
    parsing = pc.ParseOptions(delimiter=table.delimiter)
    # The content, not the suffix, says whether gzip packed it.
    packing = "gzip" if table.zipped else None
    with (
        pa.input_stream(str(request.path), compression=packing) as stream,
        pc.open_csv(stream, reading, parsing, converting) as reader,
    ):
        yield reader


def _values(piece: pa.RecordBatch, name: str, request: Request) -> NDArray[Any]:
    column = piece.column(name)
    if name == "id" and column.null_count:
        raise FileError(f"column 'id' of '{request.path}' has missing values", "Store one identity an event.")
    return column.to_numpy(zero_copy_only=False)
