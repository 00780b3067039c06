"""Checks of what the score means: it finds what is planted, and nothing where nothing is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from strangeness.calibration.conformal import SplitConformal
from strangeness.conformance.subject import Subject, demand
from strangeness.core.batch import DATA

_EVENTS = 400
_REPETITIONS, _CALIBRATION = 1000, 39
_LEVELS = (0.05, 0.1, 0.25, 0.5)
_FALSE_ALARM = 1e-5


def better_than_chance(subject: Subject) -> None:
    """The area under the ROC curve on fresh planted events exceeds 1/2 by four of its standard deviations."""
    common, strange = (
        subject.score(make(_EVENTS, "fresh", 1)) for make in (subject.background, subject.planted)
    )
    area = stats.mannwhitneyu(strange, common).statistic / _EVENTS**2
    # Mann and Whitney 1947: the variance under the null, without ties, is (n + m + 1) / (12 n m).
    bound = 0.5 + 4.0 * np.sqrt((2 * _EVENTS + 1) / (12.0 * _EVENTS**2))
    demand(
        area > bound,
        f"the area under the ROC curve is {area:.3f} on a planted toy; chance reaches {bound:.3f}",
    )


def null_p_values_are_super_uniform(subject: Subject) -> None:
    """Split-conformal p-values of null events are super-uniform.

    Each of 1,000 repetitions has a new calibration set of 39 reference events and one new test event, so
    counts of p <= alpha are binomial; at each of four levels a false alarm has probability 1e-5.
    """
    scorer = subject.fit(subject.training(share=0.0))
    calibration = subject.background(_REPETITIONS * _CALIBRATION, "calibration", 2)
    tested = subject.background(_REPETITIONS, "tested", 3).labelled(DATA if subject.needs_data else 0)
    null_scores = subject.score(calibration, scorer).reshape(_REPETITIONS, _CALIBRATION)
    scores = subject.score(tested, scorer)
    p = np.array([_p_value(calibration, *pair) for pair in zip(null_scores, scores, strict=True)])
    for level in _LEVELS:
        count, most = int(np.sum(p <= level)), stats.binom.ppf(1.0 - _FALSE_ALARM, _REPETITIONS, level)
        demand(
            count <= most, f"{count} of {_REPETITIONS} null events have p <= {level}; at most {most:.0f} may"
        )


def _p_value(calibration: object, null_scores: NDArray[np.float64], score: np.float64) -> float:
    batch = calibration.take(np.arange(_CALIBRATION))  # type: ignore[attr-defined]
    null = SplitConformal(randomised=False).fit_null(null_scores, batch)
    return float(null(np.array([score]), batch.take(np.arange(1)))[0])
