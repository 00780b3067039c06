"""Weighted data in the chain: effective numbers all the way to the p-value, or a refusal with its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.policies import LabelExchange
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate

COUNT = CountingExperiment(alpha=0.02, region=(3000.0, 6000.0))
HUNT = BumpHunt(lo=3000, hi=5000, relative_width=0.07, alpha=0.3, n_pseudo=50, background=DijetFunction(3))


def _toy(n: int, name: str) -> Events:
    rng = np.random.default_rng([19, *name.encode()])
    features = {"mjj": 3000 - 900 * np.log1p(-rng.random(n) * 0.96), "a": rng.normal(size=n)}
    return Events(features, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("a",)),
        "detector": OneFeature(),
        "calibrator": SplitConformal(),
        "search": COUNT,
        "gate": None,
    }
    return Analysis(**{**options, **changes})


def _weighted(events: Events) -> Events:
    """Half of the events count three times: one effective event has the weight 10 / 4."""
    return replace(events, weight=np.where(np.arange(len(events)) % 2 == 0, 1.0, 3.0))


def test_scaled_weights_are_poisson_with_effective_numbers() -> None:
    """P(N >= n) of a Poisson law, continued to real n by the incomplete gamma function.

    The binomial law of 2 % of 1600 effective events and the finite calibration make it differ: by less than
    a tenth at 2.5 standard deviations, from the ratio of the variances (0.98 and 1 + 32/600).
    """
    data, reference = _weighted(_toy(2000, "data")), _toy(50_000, "reference")
    outcome = _analysis().run(data, reference, seed=1)
    passed = outcome.tested.p <= 0.02
    one = np.sum(data.weight**2) / np.sum(data.weight)
    seen, expected = outcome.tested.batch.weight[passed].sum() / one, 0.02 * data.weight.sum() / one
    assert outcome.result.observed == pytest.approx(seen) and outcome.result.expected == pytest.approx(
        expected, rel=1e-3
    )
    closed = stats.gamma.cdf(expected, seen)
    assert outcome.result.local_p == pytest.approx(closed, rel=0.1)
    assert any("effective numbers" in note for note in outcome.result.assumptions)


def test_a_common_weight_changes_nothing() -> None:
    data, reference = _toy(2000, "data"), _toy(4000, "reference")
    same = replace(data, weight=np.full(2000, 2.5))
    assert _analysis().run(same, reference).result == _analysis().run(data, reference).result


def test_a_bump_hunt_and_its_checks_take_weights() -> None:
    analysis = _analysis(
        search=HUNT,
        calibrator=Mondrian(bins=3, range=(3000.0, 5000.0)),
        gate=Gate(n_simulated=100, n_toys=20, n_pseudo=20, reach=False),
    )
    outcome = analysis.run(_weighted(_toy(4000, "data")), _toy(6000, "reference"), seed=1)
    tested = outcome.tested
    passed = tested.p <= 0.3
    weight = tested.batch.weight[passed]
    # all weights 1 or 3 in random order: the scale is sum w^2 / sum w of the selected events
    assert sum(outcome.result.spectrum.counts) == pytest.approx(weight.sum() ** 2 / np.sum(weight**2))
    assert outcome.result.checks and any("weighted events" in note for note in outcome.result.assumptions)


def test_null_data_sets_take_no_weights() -> None:
    data, reference = _weighted(_toy(400, "data")), _toy(900, "reference")
    with pytest.raises(InputError, match=r"the data carries weights from 1 to 3\. Leave the weights out"):
        _analysis(null=LabelExchange(toys=2)).run(data, reference)


def test_negative_weights_are_refused_with_the_reason() -> None:
    data = _toy(400, "data")
    signed = replace(data, weight=np.where(np.arange(400) < 3, -1.0, 1.0))
    with pytest.raises(InputError, match="3 events with negative weights"):
        _analysis().run(signed, _toy(900, "reference"))
