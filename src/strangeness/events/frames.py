"""A pandas data frame in an HDF5 file, read with h5py alone: hard links only, nothing unpickled."""

from __future__ import annotations

import pickletools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError, nearest
from strangeness.events.columns import refuse_absurd

_TEXT = {"UNICODE", "BINUNICODE", "SHORT_BINUNICODE"}
_STRUCTURE = {"PROTO", "FRAME", "MARK", "LIST", "EMPTY_LIST", "APPEND", "APPENDS", "STOP"}
_MEMO = {"PUT", "BINPUT", "MEMOIZE"}


@dataclass(frozen=True)
class _Block:
    """Columns stored together: a dataset (n, k), or a field (n,) or (n, k) of a dataset of records."""

    names: tuple[str, ...]
    data: h5py.Dataset
    field: str | None = None

    def read(self, start: int, stop: int) -> NDArray[np.float64]:
        rows = self.data[start:stop] if self.field is None else self.data.fields(self.field)[start:stop]
        return np.asarray(rows, np.float64).reshape(stop - start, len(self.names))

    def columns(self, start: int, stop: int) -> dict[str, NDArray[np.float64]]:
        return dict(zip(self.names, self.read(start, stop).T, strict=True))


@dataclass(frozen=True)
class Frame:
    """A table of numbers in an open file; ``names`` are in the order of the columns that ``read`` gives."""

    blocks: tuple[_Block, ...]
    rows: int

    @property
    def names(self) -> list[str]:
        """Column names; integers become text."""
        return [name for block in self.blocks for name in block.names]

    def read(self, start: int, stop: int) -> NDArray[np.float64]:
        """Rows ``start`` to ``stop`` of all columns."""
        return np.concatenate([block.read(start, stop) for block in self.blocks], axis=1)

    def columns(self, start: int, stop: int, names: Iterable[str]) -> dict[str, NDArray[np.float64]]:
        """Rows ``start`` to ``stop`` of the named columns, each (rows,); blocks without them are not read."""
        wanted = set(names)
        blocks = [block for block in self.blocks if wanted.intersection(block.names)]
        values = {name: rows for block in blocks for name, rows in block.columns(start, stop).items()}
        return {name: values[name] for name in wanted}

    def ordered(self, rows: NDArray[np.float64], count: int) -> NDArray[np.float64]:
        """The columns '0' to ``count - 1`` of ``rows`` in the order of their numbers."""
        where = {name: index for index, name in enumerate(self.names)}
        return rows[:, [where[str(number)] for number in range(count)]]


def open_frame(file: h5py.File, path: Path) -> Frame:
    """The one pandas table in an open file.

    Raises:
        FileError: when there is none or more than one, when it holds links, data in other files, objects, or
            claims an absurd size.
    """
    found = {key: group for key, group in _groups(file, path).items() if _holds_frame(group)}
    if len(found) != 1:
        raise FileError(
            f"'{path}' holds {len(found)} pandas tables ({', '.join(found) or 'its keys: ' + _keys(file)})",
            "Keep exactly one in the file.",
        )
    group = next(iter(found.values()))
    blocks = _records(group, path) if "table" in group else _fixed(group, path)
    lengths = {block.data.shape[0] for block in blocks}
    if len(lengths) != 1:
        raise FileError(f"the blocks of '{path}' have {sorted(lengths)} rows", "Write the file again.")
    return Frame(tuple(blocks), lengths.pop())


def _holds_frame(group: h5py.Group) -> bool:
    """Whether a group is a data frame; one that is called 'table' makes none of the group around it."""
    if "table" in set(group) and isinstance(group.get("table", getlink=True), h5py.HardLink):
        return group.get("table", getclass=True) is not h5py.Group or "block0_values" in set(group)
    return bool({"table", "block0_values"} & set(group))


def _keys(file: h5py.File) -> str:
    return ", ".join(map(str, list(file)[:5])) or "none"


def _groups(file: h5py.File, path: Path) -> dict[str, h5py.Group]:
    children = {key: _child(file, key, path) for key in map(str, file)}
    groups = {key: child for key, child in children.items() if isinstance(child, h5py.Group)}
    return {"/": file, **groups}


def _child(group: h5py.Group, name: str, path: Path) -> Any:
    """A member by a hard link alone: other links reach outside of the file or go astray."""
    link = group.get(name, getlink=True)
    if link is None:
        raise FileError(f"'{path}' has no '{name}'", nearest(name, map(str, group)))
    if not isinstance(link, h5py.HardLink):
        raise FileError(
            f"'{name}' of '{path}' is a link, which is not followed", "Store the data themselves."
        )
    return group[name]


def _dataset(group: h5py.Group, name: str, path: Path) -> h5py.Dataset:
    data = _child(group, name, path)
    if not isinstance(data, h5py.Dataset) or not data.shape:
        raise FileError(f"'{name}' of '{path}' is not an array", "Write the file again.")
    if data.is_virtual or data.external:
        raise FileError(f"'{name}' of '{path}' keeps its data in another file", "Store the data themselves.")
    if data.dtype.hasobject:
        raise FileError(f"'{name}' of '{path}' holds objects", "Store numbers, and names as plain text.")
    refuse_absurd(path, int(np.prod(data.shape, dtype=object)) * data.dtype.itemsize)
    _refuse_unknown_filters(data, path)
    return data


def _refuse_unknown_filters(data: h5py.Dataset, path: Path) -> None:
    """Other compressions than HDF5's own, such as Blosc, come with a plug-in that has to be imported."""
    stored = data.id.get_create_plist()
    for code, _, _, name in (stored.get_filter(index) for index in range(stored.get_nfilters())):
        if not h5py.h5z.filter_avail(code):
            raise FileError(
                f"'{path}' is compressed by {name.decode(errors='replace') or 'an unknown filter'} "
                f"(HDF5 filter {code}), which is not installed",
                "Run 'h5repack -f GZIP=4' where it is, or install hdf5plugin and import it first.",
            )


def _fixed(group: h5py.Group, path: Path) -> list[_Block]:
    """The format of ``to_hdf(..., format='fixed')``: blocks of columns, each with its names."""
    blocks = []
    while f"block{len(blocks)}_values" in group:
        names = _text(_dataset(group, f"block{len(blocks)}_items", path))
        values = _dataset(group, f"block{len(blocks)}_values", path)
        if values.shape[1:] != (len(names),) or values.dtype.kind not in "biuf":
            raise FileError(
                f"'block{len(blocks)}_values' of '{path}' is {values.dtype} of shape {values.shape} "
                f"for {len(names)} columns",
                "Write the file again.",
            )
        blocks.append(_Block(names, values))
    return blocks


def _records(group: h5py.Group, path: Path) -> list[_Block]:
    """The format of ``to_hdf(..., format='table')``: records of blocks of columns and of single columns."""
    table = _dataset(group, "table", path)
    fields = [name for name in table.dtype.names or () if name != "index"]
    if not fields:
        raise FileError(f"'table' of '{path}' holds no records", "Write the file again.")
    widths = {name: int(np.prod(table.dtype[name].shape, dtype=object)) for name in fields}
    if len(fields) == 1 and widths[fields[0]] in (2100, 2101):
        return [_Block(tuple(map(str, range(widths[fields[0]]))), table, fields[0])]
    return [_Block(_record_names(table, name, widths[name], path), table, name) for name in fields]


def _record_names(table: h5py.Dataset, field: str, width: int, path: Path) -> tuple[str, ...]:
    if not field.startswith("values_block_"):
        return (field,)
    names = _listed(table.attrs.get(f"{field}_kind"))
    if len(names) != width:
        raise FileError(
            f"the names of the {width} columns in '{field}' of '{path}' cannot be read",
            "Write it in the fixed format.",
        )
    return names


def _listed(stored: Any) -> tuple[str, ...]:
    """The text in a pickled list, picked out of its opcodes without running them; empty for anything else."""
    try:
        codes = [(code.name, value) for code, value, _ in pickletools.genops(bytes(stored))]
    except (ValueError, TypeError, IndexError):
        return ()
    if {name for name, _ in codes} - _TEXT - _STRUCTURE - _MEMO:
        return ()
    return tuple(str(value) for name, value in codes if name in _TEXT)


def _text(items: h5py.Dataset) -> tuple[str, ...]:
    values: Sequence[Any] = items[:].tolist()
    return tuple(value.decode() if isinstance(value, bytes) else str(value) for value in values)
