"""Events that may not fit into memory: a file that is read anew, chunk by chunk, each time it is iterated."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.columns import CONSTITUENTS, HITS
from strangeness.events.events import Events, concatenate_events
from strangeness.events.reading import read_chunks

EventSource = Events | Iterable[Events]
"""Events in memory, or anything that yields the same chunks of them each time that it is iterated."""
_WITH_HITS = 4096
"""Most jets with hits at a time: as padded rows and as images they are tens of times larger than others."""


@dataclass(frozen=True)
class EventFile:
    """The events of a file, read when they are iterated.

    Attributes:
        path: the file.
        columns: what is read of it; None reads all.
        options: other arguments of ``read_chunks``, such as ``layout``, ``name``, ``label``.
        chunk: most events at a time.
    """

    path: str | os.PathLike[str]
    columns: tuple[str, ...] | None = None
    options: tuple[tuple[str, Any], ...] = ()
    chunk: int = 32_768

    def __iter__(self) -> Iterator[Events]:
        return read_chunks(self.path, self.chunk, columns=self.columns, **dict(self.options))

    def only(self, columns: Sequence[str]) -> EventFile:
        """The same file, of which only these columns are read; jets with hits, which are large, in few."""
        chunk = min(self.chunk, _WITH_HITS) if HITS in columns else self.chunk
        return replace(self, columns=tuple(dict.fromkeys(columns)), chunk=chunk)

    def available(self) -> tuple[str, ...]:
        """The columns that its first event shows, ``constituents`` and ``hits`` where there are any."""
        first = next(iter(replace(self, chunk=1, columns=None)))
        lists = {CONSTITUENTS: first.constituents, HITS: first.hits}
        return (*first.features, *(name for name, found in lists.items() if found is not None))


def chunks_of(source: EventSource) -> Iterator[Events]:
    """The chunks of a source; events in memory are one."""
    return iter((source,) if isinstance(source, Events) else source)


def column_of(source: EventSource, name: str) -> NDArray[np.floating[Any]]:
    """A feature (n,) of all events.

    Raises:
        InputError: when it is missing or not finite, or there is no event.
    """
    parts = [events.column(name) for events in chunks_of(source)]
    if not parts:
        raise InputError("there are no events", "Loosen the selection or check the file.")
    return np.concatenate(parts)


def without_features(source: EventSource) -> Events:
    """Who the events are, their truth and where they come from, and nothing that is measured."""
    return concatenate_events(
        [replace(events, features={}, constituents=None, hits=None) for events in chunks_of(source)]
    )
