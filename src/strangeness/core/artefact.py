"""Fitted objects in one file: a zip of one JSON tree and plain NumPy arrays. Loading one can run no code.

Class names are looked up in a closed table that the caller hands in; nothing is imported by path. What a file
claims is bounded before it is unpacked, and fields must hold what their annotations say.
"""

from __future__ import annotations

import io
import json
import math
import os
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import numpy as np

from strangeness.core.errors import FileError, nearest
from strangeness.core.files import BROKEN, existing_file, written_whole
from strangeness.core.typed import refuse_mistyped

FORMAT = "strangeness.artefact"
VERSION = 1
_TREE = "strangeness.json"
_LARGEST, _LARGEST_TREE = 2**31, 2**24
_ALWAYS, _RATIO = 2**28, 100
"""Unpacked, an archive has at most so many bytes, and beyond them so many for each of its own."""
_DEEPEST = 100
_PLAIN = "biuf"
"""Kinds of NumPy types that a fitted object is made of, of at most 8 bytes a number."""


def save(path: str | os.PathLike[str], value: Any, *, about: Mapping[str, Any] | None = None) -> None:
    """Write a Module (arrays, JSON values and such Modules inside) and the JSON values ``about`` it.

    Raises:
        TypeError: when a field holds something else, such as a function.
    """
    arrays: list[np.ndarray] = []
    tree = {"format": FORMAT, "version": VERSION, "about": dict(about or {}), "value": _encode(value, arrays)}
    with written_whole(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(_TREE, json.dumps(tree, indent=1, allow_nan=False))
        for index, array in enumerate(arrays):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, allow_pickle=False)
            archive.writestr(f"{index}.npy", buffer.getvalue())


def load(path: str | os.PathLike[str], classes: Mapping[str, type[eqx.Module]]) -> tuple[Any, dict[str, Any]]:
    """The Module in an artefact and what was written ``about`` it.

    Raises:
        FileError: when the file is missing, truncated, of another format, newer, names an unknown class, or
            holds what its classes refuse.
    """
    file = existing_file(path)
    try:
        with zipfile.ZipFile(file) as archive:
            reader = _Reader(file, archive, classes)
            tree = reader.tree()
            return reader.decoded(tree["value"]), dict(tree["about"].items())
    except FileError:
        raise
    except BROKEN as error:
        raise damaged(file, error) from error


def damaged(file: str | os.PathLike[str], error: Exception) -> FileError:
    """What is said of an artefact that cannot be used."""
    error = getattr(error, "what", error)
    return FileError(
        f"'{file}' is not an artefact or is damaged ({error})", "Write it again or copy it again."
    )


def _encode(value: Any, arrays: list[np.ndarray]) -> Any:
    if isinstance(value, eqx.Module):
        stored = {field.name: _encode(getattr(value, field.name), arrays) for field in fields(value)}
        return {"class": type(value).__name__, "fields": stored}
    if isinstance(value, (np.ndarray, np.generic, jax.Array)):
        arrays.append(np.asarray(value))
        return {"array": len(arrays) - 1}
    if isinstance(value, tuple | list):
        return {type(value).__name__: [_encode(item, arrays) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[key, _encode(item, arrays)] for key, item in value.items()]}
    if value is None or isinstance(value, bool | int | float | str):
        return {"json": value}
    raise TypeError(f"an artefact holds arrays, JSON values and Modules, not {type(value).__name__}")


@dataclass
class _Reader:
    """An open archive whose members are read once each, after their sizes were found reasonable."""

    file: Path
    archive: zipfile.ZipFile
    classes: Mapping[str, type[eqx.Module]]
    unread: dict[str, zipfile.ZipInfo] = field(default_factory=dict)

    def __post_init__(self) -> None:
        members = self.archive.infolist()
        self.unread = {info.filename: info for info in members}
        if len(self.unread) < len(members):
            raise ValueError("two members have one name")
        size, most = sum(info.file_size for info in members), min(_LARGEST, self._allowed())
        if size > most:
            raise ValueError(f"it claims {size} bytes and may have {most}")

    def _allowed(self) -> int:
        return _ALWAYS + _RATIO * self.file.stat().st_size

    def tree(self) -> dict[str, Any]:
        """The JSON tree, of this format and of no newer version."""
        tree = json.loads(self._member(_TREE, _LARGEST_TREE))
        if tree["format"] != FORMAT:
            raise KeyError("format")
        if tree["version"] > VERSION:
            raise FileError(
                f"'{self.file}' has artefact version {tree['version']}, this program reads up to {VERSION}",
                "Update strangeness.",
            )
        _refuse_deep(tree)
        return tree

    def decoded(self, node: Any) -> Any:
        """What a node of the tree stands for."""
        if "class" in node:
            return self._module(node)
        if "array" in node:
            return self._array(f"{int(node['array'])}.npy")
        for kind in (tuple, list):
            if kind.__name__ in node:
                return kind(self.decoded(item) for item in node[kind.__name__])
        if "dict" in node:
            return {key: self.decoded(item) for key, item in node["dict"]}
        return node["json"]

    def _module(self, node: Any) -> eqx.Module:
        cls = self.classes.get(node["class"])
        if cls is None:
            raise FileError(
                f"'{self.file}' names the unknown class {node['class']!r}",
                f"Install the package that provides it. {nearest(str(node['class']), self.classes)}",
            )
        expected = {field.name for field in fields(cls)}
        if set(node["fields"]) != expected:
            raise FileError(
                f"'{self.file}' stores {sorted(node['fields'])} for {cls.__name__}, which has "
                f"{sorted(expected)}",
                "Fit and save it again with this version.",
            )
        values = {name: self.decoded(item) for name, item in node["fields"].items()}
        refuse_mistyped(cls, values)
        return cls(**values)

    def _array(self, name: str) -> np.ndarray:
        array = np.lib.format.read_array(io.BytesIO(self._member(name, _LARGEST)), allow_pickle=False)
        if array.dtype.kind not in _PLAIN or array.dtype.itemsize > 8:
            raise TypeError(f"'{name}' holds {array.dtype}")
        return array.astype(array.dtype.newbyteorder("="), copy=False)

    def _member(self, name: str, most: int) -> bytes:
        """A member's bytes, no more than it claims; one that was read is there no more."""
        info = self.unread.pop(name)
        if info.file_size > most:
            raise ValueError(f"'{name}' claims {info.file_size} bytes")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError(f"'{name}' is packed in another way")
        with self.archive.open(info) as stream:
            return stream.read(info.file_size)


def _refuse_deep(tree: Any) -> None:
    """Refuse what would exhaust the stack, and numbers that JSON does not know."""
    level = [tree]
    for _ in range(_DEEPEST):
        if any(isinstance(node, float) and not math.isfinite(node) for node in level):
            raise ValueError("a number is not finite")
        inner = [node.values() if isinstance(node, dict) else node for node in level if _holds(node)]
        level = [child for children in inner for child in children]
    if level:
        raise ValueError(f"it is nested more than {_DEEPEST} deep")


def _holds(node: Any) -> bool:
    return isinstance(node, dict | list)
