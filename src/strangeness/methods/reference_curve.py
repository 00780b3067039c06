"""What could be found by a detector that is told the truth: a curve to compare with, never a claim."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.analysis import Analysis
from strangeness.core.batch import DATA, Batch
from strangeness.core.errors import ConfigError, InputError
from strangeness.events.source import EventSource, chunks_of
from strangeness.splits import data_roles

Array = NDArray[np.float64]


def reference_curve(analysis: Analysis, data: EventSource, *, seed: int = 0) -> tuple[Array, Array]:
    """Scores of background and signal among half of the data, by a detector that is told the truth.

    It is trained on the other half, with truth in place of the sample label, and marks what could be found.
    No p-value and no statement comes of it.

    Args:
        analysis: whose detector uses truth.
        data: simulated events with their truth.
        seed: of the training.

    Raises:
        ConfigError: when the detector's card does not say that it uses truth.
        InputError: without truth, or without events of both classes in each half.
    """
    if not analysis.detector.card.uses_truth:
        raise ConfigError(f"'{analysis.detector.card.name}' does not use truth", "Run it as a search.")
    halves: dict[str, list[Batch]] = {"train data": [], "test": []}
    for batch in _by_truth(data, analysis.context, analysis.limits()):
        for name, part in data_roles(batch, trains=True).items():
            halves[name] += [part] if len(part) else []
    for parts in halves.values():
        if len({int(label) for part in parts for label in np.unique(part.sample)}) < 2:
            raise InputError("one half of the data lacks a class", "Give more events of it.")
    map_, scorer = analysis.learn({"train": halves["train data"]}, seed=seed)
    score = np.concatenate([scorer(map_(part), key=jax.random.key(seed)) for part in halves["test"]])
    signal = np.concatenate([part.sample for part in halves["test"]]) == DATA
    return score[~signal], score[signal]


def _by_truth(data: EventSource, context: str, limits: tuple[float, float] | None) -> Iterator[Batch]:
    """The events within the limits, labelled by their truth."""
    for events in chunks_of(data):
        if events.truth is None:
            raise InputError("the data hold no truth", "Give simulated events with a label.")
        column, truth = events.column(context), np.asarray(events.truth) > 0
        kept = np.ones(len(events), bool) if limits is None else (column >= limits[0]) & (column < limits[1])
        if kept.any():
            batch = events.without_truth().take(kept).batch(context=context)
            yield replace(batch, sample=truth[kept].astype(np.uint8))
