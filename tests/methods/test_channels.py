"""Channels joined behind their chains."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian
from strangeness.chain import Outcome
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.methods.channels import joint_search, joint_statement
from strangeness.policies import LabelExchange
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.channels import Channels

HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.08, alpha=0.2, n_pseudo=60, background=DijetFunction(3))
ANALYSIS = Analysis(
    KinematicFeatures(("a",)), OneFeature(), Mondrian(bins=2, range=(3000.0, 6000.0)), HUNT, gate=None
)


def _toy(n: int, name: str, signal: int = 0) -> Events:
    rng = np.random.default_rng([37, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))
    a = rng.normal(size=n)
    mass[:signal], a[:signal] = rng.normal(4000, 80, signal), 4.0
    return Events({"mjj": mass, "a": a}, identities(name, n), np.ones(n), provenance={"name": name})


@pytest.fixture(scope="module")
def found() -> dict[str, tuple[Analysis, Outcome]]:
    return {
        name: (ANALYSIS, ANALYSIS.run(_toy(1000, f"{name} data", signal), _toy(3000, f"{name} mc"), seed=1))
        for name, signal in (("one", 0), ("two", 40))
    }


def test_the_joint_p_is_that_of_the_channels(found: dict[str, Any]) -> None:
    result = joint_search(found, seed=4)
    counts = {name: np.asarray(outcome.result.spectrum.counts) for name, (_, outcome) in found.items()}
    laws = {name: outcome.chain.null.selection_law(0.2) for name, (_, outcome) in found.items()}
    again = Channels(dict.fromkeys(found, HUNT), "largest", 60).run_counts(
        counts, selection_laws=laws, rng=np.random.default_rng([4, 2])
    )
    assert result.outcome == again.outcome and result.channel == "two"
    assert "Over 2 channels the largest excess is in 'two' between 3." in joint_statement(result)
    same = joint_statement(joint_search(found, combine="same mass", seed=4))
    assert "at the same mass in all" in same


def test_channels_that_share_events_are_refused(found: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"the channels 'one' and 'again' have .* events in common"):
        joint_search({"one": found["one"], "again": found["one"]})


def test_what_cannot_be_joined_is_named(found: dict[str, Any]) -> None:
    analysis, outcome = found["one"]
    repeated = replace(analysis, null=LabelExchange(toys=2))
    with pytest.raises(ConfigError, match="the channel 'one' is no bump hunt"):
        joint_search({"one": (repeated, outcome)})
    blocked = replace(outcome, result=replace(outcome.result, blocked=True, reason="sculpted", global_z=None))
    with pytest.raises(InputError, match=r"failed in the channel 'one' \(sculpted\)"):
        joint_search({"one": (analysis, blocked)})
