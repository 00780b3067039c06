"""What flows through the chain: an immutable ``Batch`` of events, and a ``Source`` that yields them anew."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import identities

REFERENCE, DATA = 0, 1


@jax.tree_util.register_dataclass
@dataclass(frozen=True, eq=False)
class Batch:
    """Events in a fixed order, a pytree; every leaf has the event as its leading axis.

    Attributes:
        x: array or pytree of arrays, leading axis n; what a representation reads or a detector scores.
        id: identity, ``uint32`` (n, 2).
        sample: ``uint8`` (n,), 0 reference and 1 data; never truth.
        region: ``bool`` (n,), inside the window under test.
        context: ``float64`` (n,), what the score must not sculpt (the resonance mass, GeV).
        weight: ``float64`` (n,), dimensionless, may be negative.
    """

    x: Any
    id: NDArray[np.uint32]
    sample: NDArray[np.uint8]
    region: NDArray[np.bool_]
    context: NDArray[np.float64]
    weight: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: NDArray[Any]) -> Batch:
        """The events that a mask or an index array selects."""
        return jax.tree.map(lambda leaf: leaf[rows], self)

    def with_x(self, x: Any) -> Batch:
        """The same events with another ``x``.

        Raises:
            InputError: when ``x`` has another number of rows.
        """
        rows = _rows(x)
        if rows != {len(self)}:
            raise InputError(
                f"a map returned {sorted(rows)} rows for {len(self)} events", "Keep one row an event."
            )
        return replace(self, x=x)

    def labelled(self, sample: int) -> Batch:
        """The same events, all of them reference (0) or data (1)."""
        return replace(self, sample=np.full(len(self), sample, np.uint8))


def make_batch(
    x: Any,
    *,
    id: NDArray[np.uint32] | None = None,
    sample: int | ArrayLike = REFERENCE,
    region: ArrayLike | None = None,
    context: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    name: str = "array",
) -> Batch:
    """A batch from arrays; what is not given takes its neutral value (identities from ``name`` and the row).

    Raises:
        InputError: when there is no event or a column has another length.
    """
    n = len(jax.tree.leaves(x)[0])
    if n == 0:
        raise InputError(f"the selection '{name}' is empty", "Loosen the selection or check the file.")
    batch = Batch(
        x=x,
        id=identities(name, n) if id is None else np.asarray(id, np.uint32),
        sample=np.full(n, sample, np.uint8) if np.ndim(sample) == 0 else np.asarray(sample, np.uint8),
        region=np.ones(n, bool) if region is None else np.asarray(region, bool),
        context=np.zeros(n) if context is None else np.asarray(context, np.float64),
        weight=np.ones(n) if weight is None else np.asarray(weight, np.float64),
    )
    for field in ("x", "id", "sample", "region", "context", "weight"):
        rows = _rows(getattr(batch, field))
        if rows != {n}:
            raise InputError(
                f"'{field}' of '{name}' has {min(rows - {n})} rows for {n} events", "Give one value an event."
            )
    if batch.id.shape != (n, 2):
        raise InputError(f"'id' of '{name}' has shape {batch.id.shape}", "Give two 32-bit words an event.")
    return batch


def _rows(x: Any) -> set[int]:
    """The lengths of a pytree's leaves; a scalar has none."""
    return {np.shape(leaf)[0] if np.ndim(leaf) else 0 for leaf in jax.tree.leaves(x)}


def concatenate(batches: Sequence[Batch]) -> Batch:
    """Batches one behind the other.

    Raises:
        InputError: when there is none.
    """
    if not batches:
        raise InputError("the source yields no batch", "Check that the selection leaves events.")
    return batches[0] if len(batches) == 1 else jax.tree.map(lambda *leaves: np.concatenate(leaves), *batches)


@runtime_checkable
class Source(Protocol):
    """Anything that yields the same batches each time that it is iterated."""

    def __iter__(self) -> Iterator[Batch]: ...


@dataclass(frozen=True)
class ArraySource:
    """A source in memory, yielded whole or in chunks of at most ``chunk`` events."""

    batch: Batch
    chunk: int | None = None

    def __iter__(self) -> Iterator[Batch]:
        step = self.chunk or max(len(self.batch), 1)
        for start in range(0, len(self.batch), step):
            yield self.batch.take(np.arange(start, min(start + step, len(self.batch))))


def collect(source: Source) -> Batch:
    """All events of a source in one batch."""
    return concatenate(list(source))


KINDS = {"tabular": "features", "image": "height, width, channels", "set": "particles, coordinates"}
"""What the axes of ``x`` behind the event are, by the input kind of a card."""


def rows_of(batch: Batch, who: str, kind: str = "tabular") -> NDArray[np.floating[Any]]:
    """The rows of a batch as a finite array (n, ...) with the axes that ``KINDS`` names.

    Raises:
        InputError: for another shape or type, and for NaN or infinite values, naming the first of them.
    """
    x, axes = np.asarray(batch.x), KINDS[kind]
    real = np.issubdtype(x.dtype, np.integer) or np.issubdtype(x.dtype, np.floating)
    if x.ndim != 2 + axes.count(",") or 0 in x.shape[1:] or not real:
        raise InputError(
            f"{who} takes a real array (events, {axes}), not shape {x.shape} of {x.dtype}",
            f"Put a representation that makes (events, {axes}) before it.",
        )
    if len(x) == 0:
        raise InputError(f"{who} was given no event", "Loosen the selection or check the file.")
    if not np.all(np.isfinite(x)):
        event, *place = map(int, np.argwhere(~np.isfinite(x))[0])
        where = f"feature {place[0]}" if kind == "tabular" else f"place {tuple(place)}"
        raise InputError(
            f"{who} was given {x[(event, *place)]} in event {event}, {where}",
            "Remove or repair NaN and infinite values first.",
        )
    return x
