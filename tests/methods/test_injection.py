"""Injection and its curve, against counts that can be done by hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.calibration import SplitConformal
from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.methods import injection_runs
from strangeness.methods.injection import InjectionCurve, Plan, Trial, crossing, experiment, samples, trial
from strangeness.methods.injection_runs import injection_curves
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.sensitivity import count_reach

COUNT = CountingExperiment(alpha=0.05, region=(3000.0, 6000.0))


def _toy(n: int, name: str, *, signal: bool = False) -> Events:
    rng = np.random.default_rng([31, *name.encode()])
    mass = rng.normal(4000, 100, n) if signal else rng.uniform(3000, 6000, n)
    a = rng.normal(size=n) + (9.0 if signal else 0.0)
    return Events({"mjj": mass, "a": a}, identities(name, n), np.ones(n), provenance={"name": name})


def _plan(**changes: Any) -> Plan:
    analysis = Analysis(KinematicFeatures(("a",)), OneFeature(), SplitConformal(), COUNT, gate=None)
    options: dict[str, Any] = {
        "analysis": analysis,
        "background": _toy(6000, "background"),
        "signal": _toy(400, "signal", signal=True),
        "events": 1000,
        "strengths": (0.0, 20.0, 40.0),
        "repetitions": 6,
    }
    return Plan(**{**options, **changes})


def test_no_event_is_drawn_twice_and_curves_share_their_pseudo_data() -> None:
    plan = _plan(contaminations=(0.0, 0.01))
    data, reference, injected = experiment(plan, 30.0, 0.01, 3)
    assert reference is not None
    every = np.concatenate([as_uint64(data.id), as_uint64(reference.id)])
    assert np.unique(every).size == every.size
    known = set(as_uint64(plan.signal.id).tolist())
    assert sum(i in known for i in as_uint64(data.id).tolist()) == injected > 10
    extra = sum(i in known for i in as_uint64(reference.id).tolist())
    # 1 % of about 5050; five Poisson deviations
    assert abs(extra - 50.5) < 5 * np.sqrt(50.5)
    weaker, clean, fewer = experiment(plan, 5.0, 0.0, 3)
    assert fewer < injected and clean is not None
    assert set(as_uint64(weaker.id).tolist()) < set(as_uint64(data.id).tolist())
    assert set(as_uint64(clean.id).tolist()) < set(as_uint64(reference.id).tolist())


def test_sidebands_are_contaminated_at_their_own_masses() -> None:
    plan = _plan(sidebands=True, events=3000)
    plan = replace(plan, analysis=replace(plan.analysis, region=(3700.0, 4300.0)))
    data, reference, injected = experiment(plan, 10.0, 0.02, 0)
    strange = data.features["a"] > 5
    beside = (data.features["mjj"] < 3700) | (data.features["mjj"] >= 4300)
    assert reference is None and injected <= 25
    # 2 % of about 2400 sideband events; five Poisson deviations, and a few of the injected ones beside it
    assert abs(np.sum(strange & beside) - 49) < 5 * np.sqrt(49) + 3


def test_the_reach_is_that_of_the_count() -> None:
    """A signal that is always selected: what is needed is what a count of 1000 events needs.

    The median of 24 repetitions scatters by 1.25 / sqrt(24) of one deviation of the count, 0.26 * 7 events of
    about 24.
    """
    plan = _plan(strengths=(0.0, 10.0, 20.0, 30.0, 40.0), repetitions=24)
    (curve,) = injection_curves(plan)
    chain = plan.analysis.run(
        plan.background.take(np.arange(1000)), plan.background.take(np.arange(1000, 6000))
    )
    law = chain.chain.null.selection_law(0.05)
    needed = count_reach(COUNT, [1000], law).signal
    assert curve.reach() == pytest.approx(needed, abs=2.5 * 0.26 * np.sqrt(50 + 25))
    median, low, high = curve.band()
    assert np.all(np.diff(median) > 0) and np.all(low <= median) and np.all(median <= high)
    # 40 events are 1.3 deviations above what is needed: 0.9 of the cases, less three binomial deviations
    assert curve.found()[0] <= 0.1 and curve.found()[-1] > 0.9 - 3 * 0.06


def test_contamination_of_the_reference_costs() -> None:
    clean, spoilt = injection_curves(_plan(strengths=(40.0,), contaminations=(0.0, 0.04), repetitions=8))
    assert spoilt.band()[0][0] < clean.band()[0][0] - 1
    assert [curve.contamination for curve in (clean, spoilt)] == [0.0, 0.04]


def test_a_stopped_study_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = _plan(strengths=(0.0, 30.0), repetitions=3)
    first = injection_curves(plan, kept=tmp_path)
    files = sorted(tmp_path.iterdir())
    assert len(files) == 6
    files[0].unlink()
    made = []

    def counted(*arguments: Any) -> Trial:
        made.append(arguments)
        return trial(*arguments)

    monkeypatch.setattr(injection_runs, "trial", counted)
    assert injection_curves(plan, kept=tmp_path) == first and len(made) == 1
    injection_curves(replace(plan, seed=5, repetitions=1), kept=tmp_path)
    assert len(list(tmp_path.iterdir())) == 8
    files[1].write_text("{}")
    with pytest.raises(FileError, match="is damaged"):
        injection_curves(plan, kept=tmp_path)


def test_processes_give_the_same() -> None:
    plan = _plan(strengths=(20.0,), repetitions=1)
    assert injection_curves(plan, workers=1) == injection_curves(plan)


def test_what_cannot_be_searched_has_found_nothing() -> None:
    plan = _plan()
    broken = replace(plan, analysis=replace(plan.analysis, search=replace(COUNT, region=(9000.0, 9500.0))))
    found = trial(broken, 20.0, 0.0, 0)
    assert found.global_z == 0 and "no event between 9000" in found.failed


def test_a_crossing_is_interpolated() -> None:
    assert crossing([0, 10, 20], np.array([0.0, 2.0, 4.0]), 3.0) == 15
    assert crossing([20, 0, 10], np.array([4.0, 0.0, 2.0]), 3.0) == 15
    assert crossing([5, 10], np.array([3.5, 4.0]), 3.0) == 5
    assert crossing([0, 10], np.array([0.0, 2.9]), 3.0) is None
    row = tuple(Trial(1, 0.0, z) for z in (2.0, 3.0, 4.0))
    curve = InjectionCurve(0.0, (7.0,), (row,))
    assert curve.found()[0] == pytest.approx(2 / 3) and curve.reach() == 7


def test_samples_are_cut_to_what_the_chain_reads() -> None:
    plan = _plan()
    hunt = BumpHunt(lo=3500, hi=4500, relative_width=0.05, alpha=0.1, background=DijetFunction(3))
    more = replace(
        plan.signal, features={**plan.signal.features, "b": plan.signal.features["a"]}, truth=np.ones(400)
    )
    background, signal = samples(replace(plan.analysis, search=hunt), plan.background, more)
    assert set(signal.features) == {"mjj", "a"} and signal.truth is None
    assert background.features["mjj"].min() >= 3500 and background.features["mjj"].max() < 4500
    with pytest.raises(InputError, match="no signal event in the searched range"):
        far = replace(plan.signal, features={"mjj": np.full(400, 9000.0), "a": plan.signal.features["a"]})
        samples(replace(plan.analysis, search=hunt), plan.background, far)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"strengths": ()}, "strengths"),
        ({"strengths": (-1.0,)}, "strengths"),
        ({"contaminations": (0.7,)}, "contaminations"),
        ({"repetitions": 0}, "0 repetitions"),
        ({"events": 5900}, "5900 data events of 6000 background events"),
        ({"strengths": (500.0,)}, "400 signal events in the searched range for a strength of 500"),
    ],
)
def test_numbers_that_cannot_be_drawn_are_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        _plan(**changes).checked()


def test_too_few_pseudo_experiments_are_refused() -> None:
    plan = _plan()
    hunt = BumpHunt(lo=3000, hi=6000, alpha=0.1, n_pseudo=700, background=DijetFunction(3))
    with pytest.raises(InputError, match="700 pseudo-experiments, which cannot reach 3 sigma"):
        replace(plan, analysis=replace(plan.analysis, search=hunt)).checked()
