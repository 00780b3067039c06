"""Lists of different lengths, one an event, kept as flat columns behind one another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

L = TypeVar("L", bound="Jagged")


@dataclass(frozen=True)
class Jagged:
    """One list an event; a subclass adds flat columns and names them in ``COLUMNS``.

    Attributes:
        offsets: ``int64`` (n + 1,); event i owns entries offsets[i] to offsets[i + 1].
    """

    offsets: NDArray[np.int64]

    WHAT: ClassVar[str] = "lists"
    """What the entries are called."""
    COLUMNS: ClassVar[tuple[str, ...]] = ()
    """The flat columns, in the order in which they are padded."""

    def __post_init__(self) -> None:
        lengths = [len(column) for column in self.columns]
        ends = [int(self.offsets[0]), int(self.offsets[-1])] if len(self.offsets) else [-1, -1]
        if ends != [0, lengths[0]] or len(set(lengths)) != 1 or np.any(np.diff(self.offsets) < 0):
            raise InputError(
                f"{self.WHAT} have offsets from {ends[0]} to {ends[1]} for {lengths} values of "
                f"{', '.join(self.COLUMNS)}",
                f"Give offsets that rise from 0 to the number of {self.WHAT}.",
            )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The flat columns."""
        return tuple(getattr(self, name) for name in self.COLUMNS)

    @property
    def counts(self) -> NDArray[np.int64]:
        """Entries an event, (n,)."""
        return np.diff(self.offsets)

    def take(self: L, rows: NDArray[Any]) -> L:
        """The lists of the selected events (mask or indices)."""
        index = np.arange(len(self))[rows]
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        inner = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        pick = np.repeat(self.offsets[:-1][index], counts) + inner
        return self.renewed(offsets, [column[pick] for column in self.columns])

    def renewed(self: L, offsets: NDArray[np.int64], columns: Sequence[NDArray[Any]]) -> L:
        """Lists of the same kind with other entries."""
        return replace(self, offsets=offsets, **dict(zip(self.COLUMNS, columns, strict=True)))

    def padded(self, most: int | None = None) -> NDArray[np.float32]:
        """(n, most, columns), zeros behind the last entry; lists are cut at ``most`` entries."""
        most = int(self.counts.max(initial=1)) if most is None else most
        keep = np.minimum(self.counts, most)
        rows = np.repeat(np.arange(len(self)), keep)
        places = np.arange(keep.sum()) - np.repeat(np.cumsum(keep) - keep, keep)
        pick = np.repeat(self.offsets[:-1], keep) + places
        out = np.zeros((len(self), most, len(self.COLUMNS)), np.float32)
        for axis, values in enumerate(self.columns):
            out[rows, places, axis] = values[pick]
        return out


def joined(parts: Sequence[L]) -> L:
    """Lists of one kind, one behind the other; what is not a column is that of the first."""
    counts = np.concatenate([part.counts for part in parts])
    columns = [np.concatenate(column) for column in zip(*(part.columns for part in parts), strict=True)]
    return parts[0].renewed(np.concatenate([[0], np.cumsum(counts)]), columns)
