"""ROOT files through uproot: which tree, and its branches in steps of entries.

Imported only when such a file is read, because it loads uproot and awkward.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot
from numpy.typing import NDArray
from uproot.source.file import MultithreadedFileSource

from strangeness.core.errors import FileError, InputError, nearest
from strangeness.events.columns import Request, readable, refuse_absurd
from strangeness.events.particles import offsets_of

_USUAL = ("Events", "tree")
"""Names that NanoAOD and JetClass give to the tree of events."""
_STEP_BYTES = 67_108_864  # of unpacked branches held at once
_LARGE = 1_000_000  # versions from here on have 64-bit places in the file
_NUMBER, _LONG_LIST = 8, 4000  # bytes
_ANYTHING = (Exception,)  # uproot checks little: a damaged file may raise whatever its bytes lead to


@dataclass(frozen=True)
class Lists:
    """A branch with a list an entry: entry i owns values[offsets[i]:offsets[i + 1]]."""

    offsets: NDArray[np.int64]
    values: NDArray[Any]


@dataclass(frozen=True)
class Tree:
    """An open tree, or an RNTuple, whose top-level fields count as branches.

    Attributes:
        path: its file.
        name: its name in the file.
        handle: uproot's tree.
        names: its branches.
        entries: how many entries it has.
        is_ntuple: whether it is an RNTuple.
    """

    path: Path
    name: str
    handle: Any
    names: tuple[str, ...]
    entries: int
    is_ntuple: bool = False

    def shape(self, name: str) -> str:
        """'number' for a branch with a number an entry, 'list' for lists of numbers, else 'other'."""
        with readable(self.path, "ROOT", _ANYTHING):
            branch = self.handle[name]
            if self.is_ntuple:
                return _shape_of(str(branch.typename))
            kind = branch.interpretation
            content = getattr(kind, "content", kind)
            dtype = getattr(content, "to_dtype", None)
            plain = dtype is not None and dtype.shape == () and dtype.kind in "biuf"
            return ("list" if content is not kind else "number") if plain else "other"

    def scalars(self) -> list[str]:
        """The branches with a number an entry."""
        return [name for name in self.names if self.shape(name) == "number"]

    def steps(
        self, names: Iterable[str], chunk: int
    ) -> Iterator[tuple[int, int, dict[str, NDArray[Any]], dict[str, Lists]]]:
        """First entry, number of entries, numbers and lists of the named branches, a step at a time.

        Raises:
            FileError: for a branch that is damaged, or that claims an absurd size.
            InputError: for a branch that holds neither numbers nor lists of numbers.
        """
        wanted = list(dict.fromkeys(names))
        shapes = {name: self.shape(name) for name in wanted}
        for name, shape in shapes.items():
            if shape == "other":
                raise InputError(
                    f"the branch '{name}' of '{self.path}' does not hold numbers", "Leave it out."
                )
        stream = self._arrays(wanted, chunk)
        for start in range(0, self.entries, self._step(wanted, chunk)):
            with readable(self.path, "ROOT", _ANYTHING):
                arrays = next(stream)
                flat = {name: np.asarray(arrays[name]) for name in wanted if shapes[name] == "number"}
                lists = {name: _lists(arrays[name]) for name in wanted if shapes[name] == "list"}
                rows = len(arrays[wanted[0]])
            yield start, rows, flat, lists

    def _step(self, names: list[str], chunk: int) -> int:
        """Entries at a time: ``chunk``, or fewer where lists are long."""
        with readable(self.path, "ROOT", _ANYTHING):
            size = sum(self._bytes(name) for name in names)
        refuse_absurd(self.path, self.entries if self.is_ntuple else max(size, self.entries))
        return max(1, min(chunk, _STEP_BYTES * self.entries // max(size, 1)))

    def _bytes(self, name: str) -> int:
        """The unpacked size of a branch; an RNTuple does not tell, and its lists are taken for long ones."""
        if self.is_ntuple:
            return self.entries * (_NUMBER if self.shape(name) == "number" else _LONG_LIST)
        return int(self.handle[name].uncompressed_bytes)

    def _arrays(self, names: list[str], chunk: int) -> Iterator[Any]:
        kind = {} if self.is_ntuple else {"how": dict}
        return self.handle.iterate(names, step_size=self._step(names, chunk), library="ak", **kind)


def _shape_of(typename: str) -> str:
    """The shape of an RNTuple's field."""
    number = r"(bool|float|double|(std::)?u?int\d+_t|char|short|int|long)"
    if re.fullmatch(number, typename):
        return "number"
    return (
        "list"
        if re.fullmatch(rf"(std::vector|ROOT::VecOps::RVec|ROOT::RVec)<{number}>", typename)
        else "other"
    )


def _lists(array: Any) -> Lists:
    counts = np.asarray(ak.num(array))
    if np.any(counts < 0):
        raise ValueError("lists of negative length")
    return Lists(offsets_of(counts), np.asarray(ak.flatten(array)))


@contextmanager
def opened(request: Request) -> Generator[Tree, None, None]:
    """The tree of events in a ROOT file.

    Raises:
        FileError: when the file is damaged, or has no tree of numbers or several.
        InputError: when the tree that was asked for is missing.
    """
    with _open(request.path) as file:
        with readable(request.path, "ROOT", _ANYTHING):
            kinds = file.classnames(recursive=True, cycle=False)
        trees = [name for name, kind in kinds.items() if kind == "TTree" or kind.endswith("RNTuple")]
        yield _tree(file, _chosen(request, trees), request)


@contextmanager
def _open(path: Path) -> Generator[Any, None, None]:
    _refuse_truncated(path)
    with readable(path, "ROOT", _ANYTHING):
        # Plain reads: the pages of a memory map would count as memory of this process.
        open_root: Any = uproot.open
        # As a key, a path with a colon is not taken apart.
        file = open_root({str(path): None}, handler=MultithreadedFileSource, num_workers=1)
    with file:
        yield file


def _refuse_truncated(path: Path) -> None:
    """Compare the file with the end that its header tells; uproot would read what is left of it."""
    with open(path, "rb") as stream:
        header = stream.read(20)
    version = int.from_bytes(header[4:8], "big")
    end = int.from_bytes(header[12 : 20 if version >= _LARGE else 16], "big")
    if end > path.stat().st_size:
        raise FileError(
            f"'{path}' is a truncated or damaged ROOT file (it has {path.stat().st_size} of {end} bytes)",
            "Copy or download it again.",
        )


def _tree(file: Any, name: str, request: Request) -> Tree:
    with readable(request.path, "ROOT", _ANYTHING):
        handle = file[name]
        if handle.classname.endswith("RNTuple"):
            names = tuple(handle.keys(recursive=False))
            return Tree(request.path, name, handle, names, int(handle.num_entries), is_ntuple=True)
        names = tuple(handle.keys(recursive=True, full_paths=False))
        return Tree(request.path, name, handle, names, int(handle.num_entries))


def _chosen(request: Request, trees: list[str]) -> str:
    if request.tree is not None:
        if request.tree not in trees:
            raise InputError(f"'{request.path}' has no tree '{request.tree}'", nearest(request.tree, trees))
        return request.tree
    usual = [name for name in trees if name.rpartition("/")[2] in _USUAL]
    found = usual if len(usual) == 1 else trees
    if not found:
        raise FileError(f"'{request.path}' holds no tree", "Give a ROOT file with a TTree or an RNTuple.")
    if len(found) > 1:
        raise FileError(
            f"'{request.path}' holds {len(found)} trees ({', '.join(found[:5])})",
            f"Name one, such as tree='{found[0]}'.",
        )
    return found[0]
