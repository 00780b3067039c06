"""Bins of the context: which one an event is in, and what is refused."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


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
    return np.minimum(np.searchsorted(edges, context, side="right") - 1, edges.size - 2)


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
