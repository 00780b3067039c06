"""Policies in the chain: who trains, who is tested, and p-values from repetitions of the whole chain."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

from strangeness.analysis import Analysis
from strangeness.calibration import Mondrian, SplitConformal
from strangeness.catalogue import load
from strangeness.core import artefact
from strangeness.core.errors import ConfigError
from strangeness.core.identity import as_uint64, identities
from strangeness.core.run import running
from strangeness.detectors.controls import OneFeature
from strangeness.detectors.cwola_linear import CWoLaLinear
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.policies import HalfSplit, KFold, LabelExchange, PseudoData, SameData
from strangeness.policies.folds import FoldedScorer, fold_of
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult

COLUMNS = tuple("abcdefghijkl")
COUNT = CountingExperiment(alpha=0.1, region=(3000.0, 6000.0))


def _toy(n: int, name: str, signal: int = 0) -> Events:
    """Exponential mjj in 3-6 TeV and Gaussian features apart from it; signal two sigma off in ``a``."""
    rng = np.random.default_rng([13, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))
    features = dict(zip(COLUMNS, rng.normal(size=(len(COLUMNS), n)), strict=True))
    features["a"][:signal] += 2.0
    return Events({"mjj": mass, **features}, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(COLUMNS),
        "detector": CWoLaLinear(),
        "calibrator": SplitConformal(),
        "search": COUNT,
        "gate": None,
    }
    return Analysis(**{**options, **changes})


def _direction(scorer: Any) -> list[float]:
    return scorer.direction.tolist()


def _ids(events: Any) -> set[int]:
    return set(as_uint64(events.id).tolist())


@pytest.mark.parametrize("policy", [SameData(), KFold(3)])
def test_all_data_are_tested(policy: Any) -> None:
    data = _toy(400, "data")
    exchange = LabelExchange(toys=3, stop_after=None)
    outcome = _analysis(policy=policy, null=exchange).run(data, _toy(900, "reference"), seed=1)
    assert _ids(outcome.tested.batch) == _ids(data)
    assert (outcome.result.policy, outcome.result.null) == (policy.name, "label exchange")
    assert outcome.result.n_pseudo == 3 and outcome.null_statistics is not None


def test_no_event_is_scored_by_a_detector_that_saw_it() -> None:
    """A scorer of a fold does not change when the data of that fold do."""
    data, reference = _toy(400, "data"), _toy(900, "reference")
    analysis = _analysis(policy=KFold(3), null=LabelExchange(toys=1))
    moved = {**data.features, "a": np.where(fold_of(data.id, 3) == 1, 9.0, data.features["a"])}
    found = []
    for sample in (data, replace(data, features=moved)):
        train, _ = analysis.split(sample, reference).survey(("train", "train data"))
        found.append(analysis.learn(train, seed=2)[1])
    first, second = found
    assert isinstance(first, FoldedScorer) and isinstance(second, FoldedScorer)
    same = [_direction(a) == _direction(b) for a, b in zip(first.members, second.members, strict=True)]
    assert same == [False, True, False]


def test_a_detector_without_data_ignores_the_policy() -> None:
    data, reference = _toy(300, "data"), _toy(900, "reference")
    plain = _analysis(detector=Mahalanobis()).run(data, reference, seed=1)
    other = _analysis(detector=Mahalanobis(), policy=SameData()).run(data, reference, seed=1)
    assert other.result == plain.result


@pytest.mark.parametrize("policy", [SameData(), KFold()])
def test_such_a_policy_needs_a_null_that_repeats_the_chain(policy: Any) -> None:
    with pytest.raises(ConfigError, match=f"the policy '{policy.name}' without a null"):
        _analysis(policy=policy).run(_toy(100, "data"), _toy(200, "reference"))


def test_null_data_sets_need_a_reference() -> None:
    analysis = _analysis(null=LabelExchange(), region=(3200.0, 3800.0))
    with pytest.raises(ConfigError, match="without a reference"):
        analysis.run(_toy(200, "data"))


def test_the_global_p_is_that_of_the_chain_on_exchanged_labels() -> None:
    """By hand: exchange, run the chain anew, compare its own local p-value."""
    data, reference, null = (
        _toy(300, "data", 40),
        _toy(900, "reference"),
        LabelExchange(toys=20, stop_after=None),
    )
    result = _analysis(policy=SameData(), null=null).run(data, reference, seed=4).result
    draw, again = (
        null.fitted(data, reference, "mjj"),
        _analysis(policy=SameData(), null=LabelExchange(toys=1)),
    )
    toys = [draw(np.random.default_rng([4, index, 300])) for index in range(20)]
    logs = np.array([again.run(*toy, seed=4).result.local_log_p for toy in toys])
    assert result.n_extreme == np.count_nonzero(logs <= result.local_log_p)
    assert result.global_p == (result.n_extreme + 1) / 21
    assert result.local_z is None and "not calibrated" in replace(result, kind="bump hunt").statement()


def test_exchange_mends_what_training_on_tested_data_breaks() -> None:
    """On 40 null data sets the naive p-value is far too small, the repeated one as it should be."""
    naive, repeated = [], []
    for seed in range(40):
        data, reference = _toy(100, f"data {seed}"), _toy(900, f"reference {seed}")
        analysis = _analysis(policy=SameData(), null=LabelExchange(toys=19, stop_after=2))
        result = analysis.run(data, reference, seed=seed).result
        naive.append(np.exp(result.local_log_p))
        repeated.append(result.global_p_randomised)
    low, high = stats.binom.interval(1 - 1e-3, 40, 0.1)
    assert low <= np.sum(np.array(repeated) <= 0.1) <= high
    # a uniform p has mean 0.5 with an error of 0.29 / sqrt(40): four of them
    assert np.mean(naive) < 0.5 - 4 * 0.046
    assert abs(np.mean(repeated) - 0.5) < 4 * 0.046


@pytest.mark.parametrize("null", [LabelExchange(toys=4), PseudoData(("mj1",), toys=4)])
def test_a_bump_hunt_is_repeated_and_resumes(null: Any, tmp_path: Path) -> None:
    def sample(n: int, name: str) -> Events:
        toy = _toy(n, name)
        return replace(toy, features={"mjj": toy.features["mjj"], "mj1": np.exp(toy.features["a"] + 4)})

    hunt = BumpHunt(
        lo=3000, hi=6000, relative_width=0.07, alpha=0.3, n_pseudo=50, background=DijetFunction(3)
    )
    analysis = _analysis(
        representation=KinematicFeatures(("mj1",)),
        search=hunt,
        calibrator=Mondrian(bins=4, range=(3000.0, 6000.0)),
        policy=SameData(),
        null=null,
    )
    data, reference = sample(1200, "data"), sample(2400, "reference")
    with running(checkpoints=tmp_path, progress=False):
        first = analysis.run(data, reference, seed=1)
        assert len(list(tmp_path.glob("null-*.json"))) <= 1
        again = analysis.run(data, reference, seed=1)
    assert first.result == again.result
    assert first.result.null == null.name and 1 <= first.result.n_pseudo <= 4


def test_a_cross_fitted_chain_is_stored_and_scores_the_same(tmp_path: Path) -> None:
    data = _toy(300, "data")
    analysis = _analysis(policy=KFold(3), null=LabelExchange(toys=1))
    outcome = analysis.run(data, _toy(900, "reference"), seed=5)
    artefact.save(tmp_path / "chain.strange", outcome.chain, about={})
    chain, _ = load(tmp_path / "chain.strange")
    raw = data.batch(data=True, context="mjj")
    score = chain.score(raw, seed=5)
    np.testing.assert_array_equal(score, outcome.tested.score)
    np.testing.assert_array_equal(chain.p_values(score, raw, seed=5), outcome.tested.p)


def test_the_split_policy_keeps_its_local_significance_when_repeated() -> None:
    analysis = _analysis(policy=HalfSplit(), null=LabelExchange(toys=9, stop_after=None))
    result = analysis.run(_toy(300, "data"), _toy(900, "reference"), seed=1).result
    assert result.local_z is not None and result.policy == "split" and result.trials_factor is not None


def test_a_blocked_search_stays_blocked_when_it_is_repeated() -> None:
    """A score that jumps with the mass under one calibration: the gate withholds what the repetitions say."""
    data, reference = _toy(2000, "data"), _toy(4000, "reference")
    stepped = [
        replace(
            sample,
            features={**sample.features, "a": sample.features["a"] + 4.0 * (sample.features["mjj"] > 3600)},
        )
        for sample in (data, reference)
    ]
    hunt = BumpHunt(
        lo=3000, hi=6000, relative_width=0.07, alpha=0.2, n_pseudo=50, background=DijetFunction(3)
    )
    analysis = _analysis(
        representation=KinematicFeatures(("a",)),
        detector=OneFeature(),
        search=hunt,
        gate=Gate(n_simulated=200, n_toys=20, n_pseudo=60),
        null=LabelExchange(toys=3, stop_after=None),
    )
    result = analysis.run(*stepped, seed=1).result
    assert result.blocked and result.n_pseudo == 3
    assert result.global_z is None and result.local_z is None and result.global_z_interval == (None, None)
    assert SearchResult.from_dict(result.to_dict()) == result
