"""Fitted objects in one file: a zip of one JSON tree and plain NumPy arrays. Loading one can run no code.

Class names are looked up in a closed table that the caller hands in; nothing is imported by path.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import equinox as eqx
import jax
import numpy as np

from strangeness.core.errors import FileError, nearest
from strangeness.core.files import BROKEN, existing_file, written_whole

FORMAT = "strangeness.artefact"
VERSION = 1
_TREE = "strangeness.json"
_LARGEST = 2**31


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
        FileError: when the file is missing, truncated, of another format, newer, or names an unknown class.
    """
    file = existing_file(path)
    try:
        with zipfile.ZipFile(file) as archive:
            tree = json.loads(_member(archive, _TREE))
            if tree["format"] != FORMAT:
                raise KeyError("format")
            if tree["version"] > VERSION:
                raise FileError(
                    f"'{file}' has artefact version {tree['version']}, this program reads up to {VERSION}",
                    "Update strangeness.",
                )
            return _decode(tree["value"], archive, classes, str(file)), tree["about"]
    except FileError:
        raise
    except BROKEN as error:
        raise FileError(
            f"'{file}' is not an artefact or is damaged ({error})", "Write it again or copy it again."
        ) from error


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


def _decode(node: Any, archive: zipfile.ZipFile, classes: Mapping[str, type[eqx.Module]], file: str) -> Any:
    if "class" in node:
        return _module(node, archive, classes, file)
    if "array" in node:
        stream = io.BytesIO(_member(archive, f"{int(node['array'])}.npy"))
        return np.lib.format.read_array(stream, allow_pickle=False)
    for kind in (tuple, list):
        if kind.__name__ in node:
            return kind(_decode(item, archive, classes, file) for item in node[kind.__name__])
    if "dict" in node:
        return {key: _decode(item, archive, classes, file) for key, item in node["dict"]}
    return node["json"]


def _module(
    node: Any, archive: zipfile.ZipFile, classes: Mapping[str, type[eqx.Module]], file: str
) -> eqx.Module:
    cls = classes.get(node["class"])
    if cls is None:
        raise FileError(
            f"'{file}' names the unknown class {node['class']!r}",
            f"Install the package that provides it. {nearest(str(node['class']), classes)}",
        )
    expected = {field.name for field in fields(cls)}
    if set(node["fields"]) != expected:
        raise FileError(
            f"'{file}' stores {sorted(node['fields'])} for {cls.__name__}, which has {sorted(expected)}",
            "Fit and save it again with this version.",
        )
    return cls(**{name: _decode(item, archive, classes, file) for name, item in node["fields"].items()})


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member's bytes, refused before it is unpacked when it claims to be unreasonably large."""
    size = archive.getinfo(name).file_size
    if size > _LARGEST:
        raise ValueError(f"'{name}' claims {size} bytes")
    return archive.read(name)
