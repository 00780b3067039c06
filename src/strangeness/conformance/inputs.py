"""Checks of what is refused: each with an ``InputError`` that names the detector and the offending value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from strangeness.conformance.subject import Nonconforming, Subject, demand
from strangeness.core.batch import DATA, Batch
from strangeness.core.errors import InputError


def _bad(batch: Batch) -> dict[str, tuple[Batch, str]]:
    """What must be refused: name -> (events, what the message must name)."""
    x = np.asarray(batch.x)

    def holding(value: float) -> Any:
        rows = x.copy()
        rows.reshape(len(rows), -1)[3, 1] = value
        return batch.with_x(rows)

    return {
        "NaN": (holding(np.nan), "nan"),
        "infinity": (holding(np.inf), "inf"),
        "minus infinity": (holding(-np.inf), "-inf"),
        "no event": (batch.take(np.arange(0)), "no event"),
        "one axis less": (batch.with_x(x[..., 0]), str(x.shape[:-1])),
        "one axis more": (batch.with_x(x[..., None]), str((*x.shape, 1))),
        "no feature": (batch.with_x(x[..., :0]), str((*x.shape[:-1], 0))),
        "text": (batch.with_x(x.astype(str)), "<U"),
        "complex numbers": (batch.with_x(x.astype(complex)), "complex128"),
        "objects": (batch.with_x(x.astype(object)), "object"),
    }


def bad_events_are_refused_in_the_fit(subject: Subject) -> None:
    """NaN, infinity, no event, another shape and another type of number are refused before any work."""
    for what, (batch, named) in _bad(subject.training()).items():
        refused(lambda batch=batch: subject.fit(batch), what, (subject.name,), named)


def bad_events_are_refused_in_scoring(subject: Subject) -> None:
    """The fitted scorer refuses the same, and rows of another shape than it was fitted on."""
    events, scorer = subject.background(20, "bad"), subject.scorer
    names = (subject.name, type(scorer).__name__)
    narrow = events.with_x(np.asarray(events.x)[:, :2])
    shapes = f"{scorer.row_shape} and given {np.shape(narrow.x)[1:]}"
    cases = {**_bad(events), "smaller rows": (narrow, shapes)}
    for what, (batch, named) in cases.items():
        refused(lambda batch=batch: subject.score(batch), what, names, named)


def one_event_reference_is_refused(subject: Subject) -> None:
    """A reference of one event describes nothing."""
    reference = subject.background(1, "one")
    refused(lambda: subject.fit(reference), "a reference of one event", (subject.name,), "1")
    if subject.needs_data:
        batch = subject.training()
        lone = replace(batch, sample=np.where(np.arange(len(batch)) == 0, 0, DATA).astype(np.uint8))
        refused(lambda: subject.fit(lone), "a reference of one event", (subject.name,), "1")


def refused(call: Callable[[], Any], what: str, names: tuple[str, ...], value: str) -> None:
    """Demand an ``InputError`` whose text holds one of the names and the value."""
    try:
        call()
    except InputError as error:
        text = str(error)
        demand(any(name in text for name in names), f"the error for {what} does not name {names[0]}: {text}")
        demand(value in text, f"the error for {what} does not say {value!r}: {text}")
    except Exception as error:
        raise Nonconforming(f"{what} gives {type(error).__name__} ({error}), not InputError") from error
    else:
        raise Nonconforming(f"{what} is not refused")
