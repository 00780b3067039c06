"""What a null needs of the two samples: in memory, without truth, with the same columns."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.events import Events, concatenate_events
from strangeness.events.source import EventSource, chunks_of


def held(source: EventSource, context: str, limits: tuple[float, float] | None) -> Events:
    """All events of a source within the limits of the context, without truth."""
    parts = [events.without_truth() for events in chunks_of(source)]
    if limits is not None:
        parts = [part.take(_within(part, context, limits)) for part in parts]
    return concatenate_events([part for part in parts if len(part)] or parts[:1])


def _within(events: Events, context: str, limits: tuple[float, float]) -> NDArray[np.bool_]:
    column = events.column(context)
    return (column >= limits[0]) & (column < limits[1])


def matched(data: Events, reference: Events) -> tuple[Events, Events]:
    """Both samples with the columns that both have.

    Raises:
        InputError: when they share no column, or only one of them has particles or hits.
    """
    common = [name for name in data.features if name in reference.features]
    if not common and data.constituents is None:
        raise InputError("data and reference share no column", "Give files with the same columns.")
    for what in ("constituents", "hits"):
        if (getattr(data, what) is None) != (getattr(reference, what) is None):
            raise InputError(f"only one of data and reference has {what}", "Give files of the same kind.")
    return only(data, common), only(reference, common)


def only(events: Events, columns: Collection[str]) -> Events:
    """The events with these features alone."""
    return replace(events, features={name: v for name, v in events.features.items() if name in columns})
