"""Whether the fields of a Module hold what their annotations say: types, shapes, lengths that must agree."""

from __future__ import annotations

import types
import typing
from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import jaxtyped

from strangeness.core.errors import InputError


def refuse_mistyped(cls: type, values: Mapping[str, Any]) -> None:
    """Check values against the annotations of a class; lengths of one name are equal in all of its arrays.

    Raises:
        InputError: naming the first field that holds something else.
    """
    hints = _hints(cls)
    with jaxtyped("context"):
        for name, value in values.items():
            if not _fits(value, hints.get(name, Any)):
                raise InputError(
                    f"the field '{name}' of {cls.__name__} is {_described(value)}", "Fit and save it again."
                )


def _hints(cls: type) -> dict[str, Any]:
    """The annotations of a class, or none where they name what only a type checker imports."""
    try:
        return typing.get_type_hints(cls)
    except NameError:
        return {}


def _fits(value: Any, hint: Any) -> bool:
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return any(_fits(value, one) for one in inside)
    if origin is tuple:
        return isinstance(value, tuple) and _fit_each(value, inside)
    if origin is np.ndarray:
        return isinstance(value, np.ndarray)
    if hint is float:
        return _is_number(value)
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    plain = origin or hint
    return isinstance(value, plain) if isinstance(plain, type) and plain is not Any else True


def _fit_each(value: tuple[Any, ...], inside: tuple[Any, ...]) -> bool:
    if len(inside) == 2 and inside[1] is Ellipsis:
        return all(_fits(item, inside[0]) for item in value)
    return len(value) == len(inside) and all(map(_fits, value, inside))


def _is_number(value: Any) -> bool:
    """A number, also as an array of no axis, which is what a NumPy number comes back as."""
    if isinstance(value, np.ndarray):
        return value.ndim == 0 and value.dtype.kind in "iuf"
    return isinstance(value, int | float) and not isinstance(value, bool)


def _described(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} and {value.dtype}"
    return f"a {type(value).__name__}" if isinstance(value, dict | list | tuple) else repr(value)[:60]
