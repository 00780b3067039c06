"""Small pieces of Markdown."""

from __future__ import annotations

import dataclasses
import inspect
import re
from collections.abc import Iterable, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

_NAMES = {int: "whole number", float: "number", str: "text", bool: "true or false", type(None): "null"}


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table; a bar in a cell is escaped."""
    lines = [_line(head), "|---" * len(head) + "|", *map(_line, rows)]
    return "\n".join(lines)


def code(value: object) -> str:
    """The value in code type."""
    return f"`{value}`"


def toml(value: Any) -> str:
    """A default as it would be written in TOML; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return code(str(value).lower())
    if isinstance(value, str):
        return code(f'"{value}"')
    if isinstance(value, list | tuple):
        return code("[" + ", ".join(toml(item).strip("`") for item in value) + "]")
    return code(f"{value:g}" if isinstance(value, float) else value)


def kind(annotation: Any, metadata: Sequence[Any] = ()) -> str:
    """A type with its bounds in words."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return kind(inside[0], (*inside[1:], *metadata))
    if origin is Literal:
        return "one of " + ", ".join(toml(value) for value in inside)
    if origin in (Union, UnionType):
        return " or ".join(kind(part, metadata) for part in inside)
    if origin is tuple:
        return " ".join(["two numbers", *_bounds(get_args(inside[0])[1:])])
    if "JsonValue" in str(annotation) and origin is not dict:
        return "any JSON value"
    if origin in (list, dict):
        return f"{'list' if origin is list else 'table'}: {kind(inside[-1])}"
    return " ".join([_NAMES.get(annotation, getattr(annotation, "__name__", "value")), *_bounds(metadata)])


def _bounds(metadata: Sequence[Any]) -> list[str]:
    """What is asked of a number, where Field or its parts say so."""
    parts = [part for data in metadata for part in getattr(data, "metadata", [data])]
    signs = {"gt": ">", "ge": ">=", "lt": "<"}
    return [f"{sign} {getattr(part, n):g}" for part in parts for n, sign in signs.items() if hasattr(part, n)]


def attributes(cls: type) -> list[tuple[list[str], str]]:
    """(names, meaning) of the entries under ``Attributes:`` in a docstring, in their order."""
    block = (inspect.getdoc(cls) or "").partition("Attributes:\n")[2].split("\n\n")[0]
    joined = re.sub(r"\n {5,}", " ", block)
    found = [line.strip().removesuffix(".").partition(": ") for line in joined.splitlines() if line.strip()]
    return [(names.split(", "), meaning) for names, _, meaning in found]


def default(field: dataclasses.Field[Any]) -> Any:
    """The default of a dataclass field, made if it has to be."""
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _line(cells: Sequence[object]) -> str:
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"
