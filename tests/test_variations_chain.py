"""Shifted copies of the reference in the chain: the same roles, and their effect in the p-value."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.policies import LabelExchange
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment

COUNT = CountingExperiment(alpha=0.1, region=(3000.0, 6000.0))
HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.1, alpha=0.2, n_pseudo=100, background=DijetFunction(3))


def _toy(n: int, name: str, signal: int = 0) -> Events:
    rng = np.random.default_rng([17, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))
    a = rng.normal(size=n)
    a[:signal] += 3.0
    return Events({"mjj": mass, "a": a}, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("a",)),
        "detector": OneFeature(),
        "calibrator": SplitConformal(),
        "search": COUNT,
        "gate": None,
    }
    return Analysis(**{**options, **changes})


def _moved(events: Events, by: float) -> Events:
    return replace(events, features={**events.features, "a": events.features["a"] + by})


DATA, REFERENCE = _toy(800, "data", 30), _toy(4000, "reference")


def test_the_change_is_that_of_the_selected_share_of_the_same_events() -> None:
    """The cut of the chain, applied by hand to the shifted events behind the training."""
    up = _moved(REFERENCE, 0.1)
    order = np.random.default_rng(1).permutation(len(up))
    outcome = _analysis().run(DATA, REFERENCE, variations={"tune": up.take(order)}, seed=2)
    (item,) = outcome.systematics
    kept = {name: split for name, split in _roles().items() if name != "train"}
    chain, share = outcome.chain, []
    for sample in (REFERENCE, up):
        parts = [sample.take(rows).batch(context="mjj") for rows in kept.values()]
        p = np.concatenate([chain.p_values(chain.score(part, seed=2), part, seed=2) for part in parts])
        share.append(float(np.mean(p <= 0.1)))
    assert item.name == "tune"
    np.testing.assert_allclose(item.up, [share[1] / share[0] - 1], rtol=1e-9)


def _roles() -> dict[str, np.ndarray]:
    from strangeness.core.identity import roles

    return roles(REFERENCE.id, {"train": 0.2, "calibrate": 0.6, "check": 0.2}, "reference roles")


def test_a_systematic_widens_the_count_and_both_results_are_kept() -> None:
    copies = {"tune": (_moved(REFERENCE, 0.3), _moved(REFERENCE, -0.3))}
    outcome, plain = _analysis().run(DATA, REFERENCE, variations=copies), _analysis().run(DATA, REFERENCE)
    assert outcome.without == plain.result and plain.without is None and plain.systematics == ()
    assert outcome.result.local_p > 2 * plain.result.local_p
    assert any("tune" in note for note in outcome.result.assumptions)


def test_a_bump_hunt_carries_the_shape_into_its_pseudo_experiments() -> None:
    hunt = _analysis(search=HUNT, calibrator=Mondrian(bins=3, range=(3000.0, 6000.0)))
    bump = np.exp(-0.5 * ((REFERENCE.features["mjj"] - 3900) / 150) ** 2)
    up = replace(REFERENCE, features={**REFERENCE.features, "a": REFERENCE.features["a"] + 0.6 * bump})
    outcome = hunt.run(DATA, REFERENCE, variations={"bump": up})
    (item,) = outcome.systematics
    edges = HUNT.bin_edges()
    where = int(np.searchsorted(edges, 3900) - 1)
    assert len(item.up) == edges.size - 1 and item.up[where] > 0.5
    assert outcome.without is not None and outcome.without.local_p == outcome.result.local_p
    # a bump that background itself may have makes the same excess less surprising
    assert outcome.result.global_p > outcome.without.global_p


def test_shifted_copies_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="shifted copies without a reference"):
        _analysis(region=(3200.0, 3800.0)).run(DATA, variations={"tune": REFERENCE})
    with pytest.raises(ConfigError, match=r"shifted copies \(tune\) with a null that repeats"):
        _analysis(null=LabelExchange(toys=2)).run(DATA, REFERENCE, variations={"tune": REFERENCE})
    with pytest.raises(InputError, match="'tune': 0% of the shifted events"):
        _analysis().run(DATA, REFERENCE, variations={"tune": _toy(4000, "another")})
