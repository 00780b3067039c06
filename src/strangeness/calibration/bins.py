"""Bins of the context: which one an event is in, and what is refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
_FEW, _CHUNK = 64, 1 << 16


def bin_index(context: Array, edges: Array) -> NDArray[np.intp]:
    """Index (n,) of the bin of each context.

    Raises:
        InputError: naming the first context outside the edges.
    """
    outside = (context < edges[0]) | (context > edges[-1])
    if outside.any():
        raise InputError(
            f"a context of {context[np.argmax(outside)]:g} outside the calibrated range "
            f"{edges[0]:g} to {edges[-1]:g} ({int(outside.sum())} of {context.size} events)",
            "Cut the events to this range, or calibrate on a reference that covers them.",
        )
    if edges.size <= _FEW:
        return _by_comparison(context, edges[1:-1])
    return np.minimum(np.searchsorted(edges, context, side="right") - 1, edges.size - 2)


def _by_comparison(context: Array, inner: Array) -> NDArray[np.intp]:
    """The same for few edges: comparisons in order cost less than the mispredicted branches of a search."""
    found = np.zeros(context.shape, np.int8)
    for begin in range(0, context.size, _CHUNK):
        part, count = context[begin : begin + _CHUNK], found[begin : begin + _CHUNK]
        for edge in inner:
            count += part >= edge
    return found.astype(np.intp)


def by_bin(where: NDArray[np.intp], bins: int) -> list[NDArray[np.intp]]:
    """The rows of each bin, from one sort by radix."""
    kind = np.int16 if bins < 2**15 else np.intp
    order = np.argsort(where.astype(kind), kind="stable")
    return np.split(order, np.cumsum(np.bincount(where, minlength=bins))[:-1])


def finite_context(context: ArrayLike, n: int | None = None) -> Array:
    """Contexts as float64, ``n`` of them.

    Raises:
        InputError: for another shape, NaN or infinite values.
    """
    values = np.asarray(context, np.float64)
    if values.shape != ((values.size if n is None else n),):
        raise InputError(f"contexts of shape {values.shape} for {n} scores", "Give one context an event.")
    if not np.all(np.isfinite(values)):
        raise InputError("a context that is NaN or infinite", "Remove such events.")
    return values


def increasing(edges: ArrayLike, what: str = "Mondrian edges") -> Array:
    """Edges as float64, two or more and increasing.

    Raises:
        InputError: otherwise.
    """
    values = np.asarray(edges, np.float64)
    if values.ndim != 1 or values.size < 2 or not np.all(np.diff(values) > 0):
        raise InputError(
            f"{what} {values.tolist()[:12]}", "Give two or more increasing edges, or fewer bins."
        )
    return values
