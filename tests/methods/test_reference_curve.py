"""What a detector that is told the truth finds, and that it is told no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from strangeness.analysis import Analysis
from strangeness.calibration.conformal import SplitConformal
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import identities
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.supervised_trees import SupervisedTrees
from strangeness.events.events import Events
from strangeness.methods.reference_curve import reference_curve
from strangeness.representations import KinematicFeatures
from strangeness.search.counting import CountingExperiment


def _toy(n: int, name: str, signal: int = 0) -> Events:
    rng = np.random.default_rng([11, *name.encode()])
    a, b = rng.normal(size=(2, n))
    a[:signal] += 3.0
    features = {"mjj": rng.uniform(3000, 6000, n), "a": a, "b": b}
    return Events(features, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(detector: Any) -> Analysis:
    return Analysis(
        KinematicFeatures(("a", "b")),
        detector,
        SplitConformal(),
        CountingExperiment(alpha=0.1, region=(3200.0, 3800.0)),
        gate=None,
    )


def _labelled(n: int, signal: int) -> Events:
    events = _toy(n, "labelled", signal)
    return replace(events, truth=(np.arange(n) < signal).astype(int))


def test_a_reference_curve_is_told_the_truth_of_the_half_that_it_does_not_score() -> None:
    """A three-sigma shift of one feature: the best area is Phi(3 / sqrt(2)) = 0.983."""
    data = _labelled(4000, 1000)
    background, signal = reference_curve(
        _analysis(SupervisedTrees()), [data.take(np.arange(0, 900)), data.take(np.arange(900, 4000))], seed=1
    )
    assert abs(len(background) - 1500) < 5 * np.sqrt(3000 / 4)  # half, by a hash: binomial
    area = stats.mannwhitneyu(signal, background).statistic / (len(signal) * len(background))
    assert 0.95 < area < 0.99


@pytest.mark.parametrize(
    ("detector", "data", "error", "said"),
    [
        (Mahalanobis(), _labelled(100, 50), ConfigError, "does not use truth"),
        (SupervisedTrees(), _toy(100, "plain"), InputError, "hold no truth"),
        (SupervisedTrees(), _labelled(100, 0), InputError, "lacks a class"),
    ],
)
def test_no_reference_curve_without_truth(detector: Any, data: Events, error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        reference_curve(_analysis(detector), data)
