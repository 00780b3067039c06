"""NumPy files: .npz with one array a column, or a matrix ``features`` with ``names``; .npy with a matrix."""

from __future__ import annotations

import tokenize
import zipfile
import zlib
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import BROKEN, Part, Request, readable, refuse_absurd

_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
_RAISED = (
    *(*BROKEN, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error),
    *(SyntaxError, TypeError, tokenize.TokenError),  # NumPy parses its header as Python literals
)
Columns = dict[str, tuple[str, int | slice]]
"""Column -> (array, its position in a row)."""


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events of an .npz or .npy file in chunks."""
    if request.columns is not None and request.constituents:
        raise request.no_constituents()
    if kind == "npy":
        with readable(request.path, ".npy", _RAISED):
            yield from _matrix(request)
    else:
        with unzipped(request.path) as archive:
            arrays = {name: member(archive, name, request.path) for name in _members(archive, request)}
            yield from _blocks(arrays, _columns(arrays, request), request)


@contextmanager
def unzipped(path: Path) -> Generator[zipfile.ZipFile, None, None]:
    """An open .npz file that claims no absurd size; errors of its readers become one line."""
    # A zip file that opened its file itself would leave it open for as long as a member is.
    with (
        readable(path, ".npz", _RAISED),
        open(path, "rb") as raw,
        zipfile.ZipFile(raw) as archive,
    ):
        refuse_absurd(path, sum(info.file_size for info in archive.infolist()))
        yield archive


def _matrix(request: Request) -> Iterator[Part]:
    with open(request.path, "rb") as stream:
        array = StoredArray(request.path, "array", stream, request.path.stat().st_size)
        array.must_be_numbers()
        columns: Columns = {name: ("array", index) for index, name in enumerate(_counted(array.width))}
        yield from _blocks({"array": array}, columns, request)


def _blocks(arrays: dict[str, StoredArray], columns: Columns, request: Request) -> Iterator[Part]:
    features, label = request.features(columns), request.truth(columns)
    if not features:
        raise FileError(f"'{request.path}' has no column of numbers", "Store one array a column.")
    special = {name: name for name in ("id", "weight") if name in columns} | (
        {"label": label} if label else {}
    )
    used = dict.fromkeys(columns[name][0] for name in [*features, *special.values()])
    rows = _common_rows({name: arrays[name] for name in used}, request.path)
    for start in range(0, rows, request.chunk):
        block = {name: arrays[name].read(start, min(request.chunk, rows - start)) for name in used}
        value = {
            name: block[columns[name][0]][:, columns[name][1]] for name in [*features, *special.values()]
        }
        extra: dict[str, Any] = {field: value[name] for field, name in special.items()}
        yield Part(min(request.chunk, rows - start), {name: value[name] for name in features}, **extra)
    for name in used:
        arrays[name].finish()


def _members(archive: zipfile.ZipFile, request: Request) -> list[str]:
    """The arrays that may be needed: all of them, or the named ones, their labels, identities and weights."""
    stored = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
    if request.columns is None or "features" in stored:
        return stored
    wanted = {*request.features(stored), "id", "weight", request.label}
    return [name for name in stored if name in wanted]


def _columns(arrays: dict[str, StoredArray], request: Request) -> Columns:
    columns: Columns = {name: (name, 0) for name, array in arrays.items() if array.is_column()}
    if "id" in arrays and arrays["id"].width == 2:
        columns["id"] = ("id", slice(None))
    matrix = arrays.get("features")
    if matrix is None or len(matrix.shape) != 2:
        return columns
    names = arrays["names"].strings() if "names" in arrays else _counted(matrix.width)
    if len(names) != matrix.width or len(set(names)) != len(names):
        raise FileError(
            f"'names' of '{request.path}' has {len(set(names))} names for {matrix.width} features",
            "Give each feature its own.",
        )
    kept = {name: columns[name] for name in ("id", "weight", str(request.label)) if name in columns}
    return {name: ("features", position) for position, name in enumerate(names)} | kept


def _common_rows(arrays: dict[str, StoredArray], path: Path) -> int:
    first = next(iter(arrays))
    for name, array in arrays.items():
        array.must_be_numbers()
        if array.rows != arrays[first].rows:
            raise FileError(
                f"'{first}' of '{path}' has {arrays[first].rows} rows and '{name}' has {array.rows}",
                "Store arrays of one length.",
            )
    return arrays[first].rows


def _counted(width: int) -> list[str]:
    return [f"x{index}" for index in range(width)]


def member(archive: zipfile.ZipFile, name: str, path: Path) -> StoredArray:
    """An array of an archive by its name.

    Raises:
        FileError: when it holds objects or does not have the size that it claims.
    """
    info = archive.getinfo(f"{name}.npy")
    return StoredArray(path, name, archive.open(info), info.file_size)


class StoredArray:
    """An array in a file, read in blocks of rows; in a matrix stored by columns each block is sought out."""

    def __init__(self, path: Path, name: str, stream: Any, size: int) -> None:
        self.path, self.name, self.stream = path, name, stream
        version = np.lib.format.read_magic(stream)
        if version not in _HEADERS:
            raise self.refused(f"has the .npy version {version}", "Store plain arrays of numbers.")
        self.shape, self.fortran, self.dtype = _HEADERS[version](stream)
        self.start = stream.tell()
        if self.dtype.hasobject:
            raise self.refused("holds Python objects, which may run code", "Store plain arrays of numbers.")
        claimed = (
            self.start + int(np.prod([int(side) for side in self.shape], dtype=object)) * self.dtype.itemsize
        )
        if claimed != size:
            raise self.refused(
                f"claims shape {self.shape} and has {size} bytes", "Copy or download it again."
            )

    @property
    def rows(self) -> int:
        """Length of the leading axis."""
        return int(self.shape[0]) if self.shape else 0

    @property
    def width(self) -> int:
        """Numbers a row."""
        return int(np.prod(self.shape[1:]))

    def is_column(self) -> bool:
        """Whether there is one number a row."""
        return len(self.shape) == 1 and self.dtype.kind in "biuf"

    def must_be_numbers(self, dimensions: int = 2) -> None:
        """Refuse text, dates and the like, and more ``dimensions``."""
        if self.dtype.kind not in "biuf" or not 1 <= len(self.shape) <= dimensions:
            raise self.refused(f"is {self.dtype} of shape {self.shape}", "Store numbers, one row an event.")

    def refused(self, why: str, remedy: str) -> FileError:
        """The error that names this array."""
        return FileError(f"'{self.name}' of '{self.path}' {why}", remedy)

    def strings(self) -> list[str]:
        """All entries of a short array of text."""
        if self.dtype.kind not in "SU" or len(self.shape) != 1:
            raise self.refused(f"is {self.dtype} of shape {self.shape}", "Store a list of text.")
        flat = np.frombuffer(self._bytes(self.start, self.rows * self.dtype.itemsize), self.dtype)
        return [name.decode() if isinstance(name, bytes) else str(name) for name in flat]

    def read(self, start: int, count: int, dimensions: int = 2) -> NDArray[Any]:
        """Rows ``start`` to ``start + count`` as (count, width)."""
        self.must_be_numbers(dimensions)
        size = self.dtype.itemsize
        if not self.fortran or self.width == 1:
            raw = self._bytes(self.start + start * self.width * size, count * self.width * size)
            return np.frombuffer(raw, self.dtype).reshape(count, self.width)
        steps = [self.start + (column * self.rows + start) * size for column in range(self.width)]
        return np.stack([np.frombuffer(self._bytes(at, count * size), self.dtype) for at in steps], axis=1)

    def finish(self) -> None:
        """Read to the end, where a zip file checks its sum."""
        self.stream.read(1)

    def _bytes(self, at: int, count: int) -> bytes:
        stream: IO[bytes] = self.stream
        if stream.tell() != at:
            stream.seek(at)
        return stream.read(count)
