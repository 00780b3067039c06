"""A search rehearsed without its data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.detectors.cwola_linear import CWoLaLinear
from strangeness.events.events import Events
from strangeness.methods.rehearsal import Rehearsal, rehearse
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate

COUNT = CountingExperiment(alpha=0.1, region=(3200.0, 3800.0))
HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.07, alpha=0.2, n_pseudo=50, background=DijetFunction(3))
GATE = Gate(n_simulated=100, n_toys=20, n_pseudo=20, reach=False)


def _toy(n: int, name: str) -> Events:
    rng = np.random.default_rng([23, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))
    a, b = rng.normal(size=(2, n))
    return Events({"mjj": mass, "a": a, "b": b}, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("a", "b")),
        "detector": OneFeature(),
        "calibrator": SplitConformal(),
        "search": COUNT,
        "gate": GATE,
    }
    return Analysis(**{**options, **changes})


def test_the_checks_are_those_of_the_search_up_to_its_size() -> None:
    """A rule of the gate depends on the reference alone; tests draw their own random numbers."""
    data, reference = _toy(900, "data"), _toy(3000, "reference")
    found = rehearse(_analysis(), reference, events=900, seed=1)
    outcome = _analysis().run(data, reference, seed=1)
    opened = outcome.result
    assert [check.name for check in found.checks] == [check.name for check in opened.checks]
    rules = [check for check in found.checks if check.name == "calibration size"]
    assert rules and rules[0] in opened.checks
    assert {**found.counts, "test": 900} == outcome.counts and found.events == 900
    assert "learns" not in found.notes[0]


def test_the_reach_is_that_of_the_expected_background() -> None:
    reference = _toy(4000, "reference")
    count = rehearse(_analysis(), reference, events=2000)
    (window,) = count.reach
    mass = reference.features["mjj"]
    inside = np.mean((mass >= 3200) & (mass < 3800))
    # the share of the 3200 events behind the training, four binomial deviations
    assert abs(window.background - 200 * inside) < 200 * 4 * np.sqrt(inside * (1 - inside) / 3200)
    hunt = _analysis(search=HUNT, calibrator=Mondrian(bins=3, range=(3000.0, 6000.0)))
    whole = rehearse(hunt, reference)
    assert whole.events == 4000 and len(whole.reach) == 2
    assert "selected signal events in a window reach 3 sigma" in whole.statement()


def test_a_detector_that_learns_from_data_gets_half_of_the_reference_instead() -> None:
    found = rehearse(_analysis(detector=CWoLaLinear()), _toy(3000, "reference"), seed=1)
    assert "half of the reference stood in for them" in found.notes[0]
    assert sum(found.counts.values()) == 3000 and found.counts["test"] > 600
    assert found.checks and not found.blocked


def test_sidebands_are_rehearsed_and_the_region_is_not_read() -> None:
    data = _toy(3000, "data")
    inside = (data.features["mjj"] >= 3200) & (data.features["mjj"] < 3800)
    spoilt = {**data.features, "a": np.where(inside, np.nan, data.features["a"])}
    analysis = _analysis(region=(3200.0, 3800.0))
    found = [
        rehearse(analysis, None, sidebands=events, seed=1)
        for events in (data, Events(spoilt, data.id, data.weight))
    ]
    assert found[0] == found[1] and found[0].checks and found[0].events == np.sum(~inside)
    nothing = rehearse(_analysis(detector=CWoLaLinear(), region=(3200.0, 3800.0)), None, sidebands=data)
    assert nothing.checks == () and "Nothing was rehearsed" in nothing.statement()


def test_a_failed_check_is_said() -> None:
    bad = Rehearsal((Check("uniform", 1e-9, 1.0, False, "not uniform"),), 1.0, (), {}, ("",))
    assert bad.blocked and "uniform: not uniform" in bad.statement()
    assert bad.to_dict()["checks"][0]["passed"] is False


def test_a_rehearsal_needs_events() -> None:
    with pytest.raises(ConfigError, match="a rehearsal without events"):
        rehearse(_analysis(region=(3200.0, 3800.0)), None)


def test_shifted_copies_are_rehearsed_too() -> None:
    """A copy of other events is refused before the data are opened, not after."""
    reference = _toy(3000, "reference")
    found = rehearse(_analysis(), reference, variations={"tune": reference}, events=900)
    assert found.checks
    with pytest.raises(InputError, match="'tune': 0% of the shifted events"):
        rehearse(_analysis(), reference, variations={"tune": _toy(3000, "another")}, events=900)
