"""Checks of event weights against what the card says about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import stats

from strangeness.conformance.inputs import refused
from strangeness.conformance.subject import Subject, close, demand
from strangeness.core.batch import Batch, concatenate
from strangeness.core.identity import identities

_SAME_ORDER = 0.7


def weights_act_as_the_card_says(subject: Subject) -> None:
    """Weights that the card excludes are refused, and those that it takes mean repeated events.

    An event of weight 0 has no influence. Whole weights give the scores of repeated rows, or, where the fit
    takes steps or counts rows, at least their order (rank correlation above 0.7). Weights that are not finite
    are always refused.
    """
    batch = subject.training()
    names = (subject.name,)
    refused(lambda: subject.fit(_weighted(batch, np.nan)), "a weight of NaN", names, "nan")
    card = subject.detector.card
    if card.weights == "none":
        refused(lambda: subject.fit(_weighted(batch, 2.0)), "an event weight", names, "2")
        return
    if card.weights == "positive":
        refused(lambda: subject.fit(_weighted(batch, -1.0)), "a negative weight", names, "-1")
    _weight_zero_is_absence(subject, batch)
    _weight_is_repetition(subject, batch)


def _weighted(batch: Batch, value: float) -> Batch:
    weight = np.ones(len(batch))
    weight[5] = value
    return replace(batch, weight=weight)


def _weight_zero_is_absence(subject: Subject, batch: Batch) -> None:
    silent = np.arange(len(batch)) % 5 == 0
    rows = np.asarray(batch.x)
    quiet = replace(batch, weight=np.where(silent, 0.0, 1.0))
    moved = quiet.with_x(np.where(silent.reshape(-1, *[1] * (rows.ndim - 1)), rows[::-1] * 3.0 + 7.0, rows))
    first, second = (_score(subject, one) for one in (quiet, moved))
    demand(close(first, second), "events of weight 0 change the score")


def _weight_is_repetition(subject: Subject, batch: Batch) -> None:
    times = 1 + np.arange(len(batch)) % 3
    weighted = replace(batch, weight=times.astype(np.float64))
    repeated = batch.take(np.repeat(np.arange(len(batch)), times))
    repeated = replace(repeated, id=identities("repeated", len(repeated)))
    first, second = (_score(subject, one) for one in (weighted, repeated))
    alike = np.corrcoef(stats.rankdata(first), stats.rankdata(second))[0, 1] > _SAME_ORDER
    demand(close(first, second) or alike, "an event of weight 2 does not count as two events")


def _score(subject: Subject, batch: Batch) -> Any:
    events = concatenate([subject.background(64, "weights"), subject.planted(32, "weights strange")])
    return subject.score(events, subject.fit(batch))
