"""Limits and spurious signals of a finished search."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.chain import Outcome
from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.methods.signal_limit import (
    signal_efficiency,
    signal_limit,
    signal_window,
    spurious_on_reference,
)
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment

HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.1, alpha=0.2, n_pseudo=50, background=DijetFunction(3))


def _toy(n: int, name: str, *, signal: bool = False) -> Events:
    rng = np.random.default_rng([29, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))
    a = rng.normal(size=n)
    if signal:
        mass, a = rng.normal(4000, 300, n), a + 2.0
    return Events({"mjj": mass, "a": a}, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("a",)),
        "detector": OneFeature(),
        "calibrator": Mondrian(bins=2, range=(3000.0, 6000.0)),
        "search": HUNT,
        "gate": None,
    }
    return Analysis(**{**options, **changes})


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return _analysis().run(_toy(1500, "data"), _toy(4000, "reference"), seed=1)


SIGNAL = _toy(2000, "signal", signal=True)


def test_the_efficiency_counts_all_produced_events(outcome: Outcome) -> None:
    edges = HUNT.bin_edges()
    share, produced = signal_efficiency(
        _analysis(), outcome, [SIGNAL.take(np.arange(900)), SIGNAL], edges, seed=1
    )
    once, number = signal_efficiency(_analysis(), outcome, SIGNAL, edges, seed=1)
    assert (produced, number) == (2900, 2000)
    batch = SIGNAL.batch(context="mjj")
    inside = batch.take((batch.context >= 3000) & (batch.context < 6000))
    p = outcome.chain.p_values(outcome.chain.score(inside, seed=1), inside, seed=1)
    np.testing.assert_allclose(once, np.histogram(inside.context[p <= 0.2], edges)[0] / 2000)
    assert 0.5 < once.sum() < 1 and share.sum() == pytest.approx(once.sum(), abs=0.05)


def test_a_cross_section_is_events_over_the_luminosity(outcome: Outcome) -> None:
    analysis = _analysis()
    plain = signal_limit(analysis, outcome, SIGNAL, seed=1)
    section = signal_limit(analysis, outcome, SIGNAL, luminosity=50.0, seed=1)
    half = signal_limit(analysis, outcome, SIGNAL, tested_share=0.5, seed=1)
    # limits are found to 0.1 %
    assert section.limit.observed == pytest.approx(plain.limit.observed / 50, rel=5e-3)
    assert half.limit.observed == pytest.approx(2 * plain.limit.observed, rel=5e-3)
    assert plain.limit.unit == "one signal event made in the data" and "1 fb" in section.limit.unit
    assert section.produced == 2000 and plain.efficiency == pytest.approx(2 * half.efficiency)


def test_a_fake_signal_weakens_the_limit(outcome: Outcome) -> None:
    analysis = _analysis()
    fakes = spurious_on_reference(analysis, outcome, relative_width=0.07, limit=1.0)
    assert fakes.scale == pytest.approx(sum(outcome.result.spectrum.fitted) / 3200, rel=0.05)
    large = replace(fakes, strength=np.full(fakes.strength.size, 5.0))
    plain, weaker = (signal_limit(analysis, outcome, SIGNAL, spurious=s, seed=1) for s in (None, large))
    assert weaker.limit.expected[2] > plain.limit.expected[2]


def test_a_count_is_limited_in_its_region() -> None:
    """With 60 expected events of 600 at 10 % and a fixed efficiency e, mu < about 2 sqrt(60) / e."""
    search = CountingExperiment(alpha=0.1, region=(3000.0, 6000.0))
    analysis = _analysis(search=search, calibrator=SplitConformal())
    result = analysis.run(_toy(600, "data"), _toy(9000, "reference"), seed=1)
    found = signal_limit(analysis, result, SIGNAL, seed=1)
    naive = 2 * np.sqrt(result.result.expected) / found.efficiency
    assert found.limit.expected[2] == pytest.approx(naive, rel=0.2)


def test_the_window_is_the_shortest_that_holds_most_of_the_signal() -> None:
    share = np.array([0.01, 0.02, 0.3, 0.4, 0.1, 0.02])
    # 0.68 is needed: bins 2 and 3 hold 0.7
    assert signal_window(share) == (2, 4) and signal_window(np.array([0.2, 0.0, 0.2])) == (0, 3)
    assert signal_window(np.array([0.5])) == (0, 1)


def test_what_gives_no_limit_is_named(outcome: Outcome) -> None:
    analysis = _analysis()
    far = replace(SIGNAL, features={**SIGNAL.features, "mjj": np.full(2000, 7000.0)})
    with pytest.raises(InputError, match="none of 2000 signal events is selected between 3000 and 6000"):
        signal_limit(analysis, outcome, far)
    blocked = replace(outcome, result=replace(outcome.result, blocked=True, reason="sculpted", global_z=None))
    with pytest.raises(InputError, match="no limit from a search whose validity check failed"):
        signal_limit(analysis, blocked, SIGNAL)
    with pytest.raises(InputError, match="total weight 0"):
        signal_efficiency(analysis, outcome, replace(SIGNAL, weight=np.zeros(2000)), HUNT.bin_edges())
    counting = _analysis(search=CountingExperiment(0.1, (3000.0, 6000.0)))
    with pytest.raises(InputError, match="without a fitted background"):
        spurious_on_reference(counting, outcome)
