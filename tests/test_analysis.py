"""The chain: who sees which events, what it refuses, and whether its p-values mean what they say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from strangeness.analysis import Analysis
from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.mondrian import Mondrian
from strangeness.catalogue import load
from strangeness.chain import Fitted, Outcome, Proof, score_roles
from strangeness.core import artefact
from strangeness.core.batch import Batch, collect
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.core.run import running
from strangeness.detectors.controls import LinearScorer, OneFeature
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.representations import JetImages, KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate

REGION = (3200.0, 3800.0)
COUNT = CountingExperiment(alpha=0.1, region=REGION)
HUNT = BumpHunt(lo=3000, hi=6000, relative_width=0.05, alpha=0.2, n_pseudo=200, background=DijetFunction(3))
SMALL_GATE = Gate(n_simulated=200, n_toys=20, n_pseudo=60)


def _toy(n: int, name: str, signal: int = 0) -> Events:
    """Exponential mjj in 3-6 TeV, two Gaussian features apart from it; signal at 3.5 TeV, 3 sigma off."""
    rng = np.random.default_rng([11, *name.encode()])
    mass = 3000 - 600 * np.log1p(-rng.random(n) * -np.expm1(-5.0))  # an exponential, cut at 6000 GeV
    mass[:signal] = rng.normal(3500, 60, signal)
    a, b = rng.normal(size=(2, n))
    a[:signal] += 3.0
    features = {"mjj": mass, "a": a, "b": b, "step": a + 4.0 * (mass > 3600)}
    return Events(features, identities(name, n), np.ones(n), provenance={"name": name})


def _analysis(**changes: Any) -> Analysis:
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("a", "b")),
        "detector": Mahalanobis(),
        "calibrator": SplitConformal(),
        "search": COUNT,
        "gate": None,
    }
    return Analysis(**{**options, **changes})


def _hunt(**changes: Any) -> Analysis:
    return _analysis(**{"search": HUNT, "calibrator": Mondrian(bins=4, range=(3000.0, 6000.0)), **changes})


@dataclass
class Recording(OneFeature):
    """A detector that needs data and remembers what it was given."""

    card: ClassVar[Any] = replace(OneFeature.card, needs=("reference", "data"))
    seen: list[Batch] = field(default_factory=list)

    def fit_scorer(self, source: Any, *, key: Any) -> LinearScorer:
        self.seen.append(collect(source))
        return super().fit_scorer(source, key=key)


@dataclass
class NeedsRegion(Recording):
    card: ClassVar[Any] = replace(OneFeature.card, needs=("reference", "data", "region"))


@dataclass
class Supervised(OneFeature):
    card: ClassVar[Any] = replace(OneFeature.card, uses_truth=True)


class Forbidden:
    """Truth that nobody may look at."""

    def _refuse(self, *_: Any) -> Any:
        raise AssertionError("truth was read")

    __array__ = __len__ = __getitem__ = __iter__ = __bool__ = __eq__ = _refuse  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


def _ids(batch: Batch) -> set[int]:
    return set(as_uint64(batch.id).tolist())


def _by_id(batch: Batch, value: NDArray[Any]) -> NDArray[Any]:
    return value[np.argsort(as_uint64(batch.id))]


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    return _hunt(gate=SMALL_GATE).run(_toy(2000, "data", 150), _toy(6000, "reference"), seed=3)


# Roles


def test_order_changes_no_role_and_no_p_value(outcome: Outcome, rng: np.random.Generator) -> None:
    data, reference = _toy(2000, "data", 150), _toy(6000, "reference")
    again = _hunt().run(data.take(rng.permutation(2000)), reference.take(rng.permutation(6000)), seed=3)
    assert again.counts == outcome.counts
    for one, other in ((again.tested, outcome.tested), (again.checked, outcome.checked)):
        assert _ids(one.batch) == _ids(other.batch)
        # sums over the training events in another order
        np.testing.assert_allclose(_by_id(one.batch, one.score), _by_id(other.batch, other.score), rtol=1e-4)
        # the same random number for each event: p moves by rounding across a step of 1 / (n + 1) at most
        np.testing.assert_allclose(_by_id(one.batch, one.p), _by_id(other.batch, other.p), atol=5e-3)


def test_every_reference_event_has_one_role(outcome: Outcome) -> None:
    assert outcome.counts["test"] == 2000
    assert sum(outcome.counts[name] for name in ("train", "calibrate", "check")) == 6000
    assert not _ids(outcome.checked.batch) & _ids(outcome.tested.batch)


def test_a_detector_that_needs_data_gets_half_and_the_other_half_is_tested() -> None:
    data, reference, detector = _toy(2000, "data"), _toy(3000, "reference"), Recording()
    outcome = _analysis(detector=detector).run(data, reference)
    fitted, tested = detector.seen[0], outcome.tested.batch
    trained = fitted.take(fitted.sample == 1)
    assert _ids(trained) | _ids(tested) == set(as_uint64(data.id).tolist())
    assert not _ids(trained) & _ids(tested)
    assert abs(len(tested) - 1000) < 5 * np.sqrt(500)  # five binomial standard deviations
    assert not _ids(fitted.take(fitted.sample == 0)) & _ids(outcome.checked.batch)


def test_with_a_region_training_looks_inside_and_testing_everywhere() -> None:
    detector = NeedsRegion()
    outcome = _analysis(detector=detector, region=REGION).run(_toy(2000, "data"), _toy(3000, "reference"))
    context = detector.seen[0].context
    assert np.all((context >= REGION[0]) & (context < REGION[1]))
    assert {0, 1} == set(detector.seen[0].sample.tolist())
    assert outcome.counts["train"] + outcome.counts["train data"] == len(context)
    assert np.any(outcome.tested.batch.context > REGION[1])


def test_sidebands_train_calibrate_and_check() -> None:
    detector = NeedsRegion()
    outcome = _analysis(detector=detector, region=REGION).run(_toy(4000, "data"))
    fitted = detector.seen[0]
    np.testing.assert_array_equal(fitted.region, fitted.sample == 1)
    assert not outcome.checked.batch.region.any() and outcome.tested.batch.region.any()
    assert not _ids(fitted) & _ids(outcome.tested.batch)


@pytest.mark.parametrize("region", [None, REGION])
def test_truth_is_never_read(region: tuple[float, float] | None) -> None:
    data, reference = (replace(_toy(1500, name), truth=Forbidden()) for name in ("data", "reference"))
    outcome = _hunt(region=region).run(data, reference if region is None else None)
    assert 0 < outcome.result.global_p <= 1


# What is refused


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({}, "there is neither a reference nor a region"),
        ({"detector": NeedsRegion()}, "there is neither a reference nor a region"),
        ({"detector": Supervised(), "region": REGION}, "'one-feature' uses truth"),
        ({"search": replace(HUNT, alpha=None), "region": REGION}, "the search has no 'alpha'"),
    ],
)
def test_a_chain_that_cannot_be_built_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        _analysis(**changes).run(_toy(400, "data"))
    assert "\n" not in str(caught.value)


def test_a_detector_that_needs_a_region_says_so() -> None:
    with pytest.raises(ConfigError, match="'one-feature' needs a region"):
        _analysis(detector=NeedsRegion()).run(_toy(400, "data"), _toy(400, "reference"))


def _bad(name: str) -> tuple[Analysis, Events, Events]:
    """An analysis, data and reference that cannot be used together, by what is wrong with them."""
    data, reference = _toy(400, "data"), _toy(800, "reference")
    no_b = {key: value for key, value in data.features.items() if key != "b"}
    nan = {**data.features, "a": np.where(np.arange(400) == 7, np.nan, data.features["a"])}
    nan_mass = {**data.features, "mjj": np.where(np.arange(400) == 7, np.nan, data.features["mjj"])}
    low = reference.features["mjj"] < 3400
    far = replace(COUNT, region=(9000.0, 9500.0))
    cases: dict[str, tuple[Analysis, Events, Events]] = {
        "shared": (_analysis(), data, replace(reference, id=np.r_[data.id[:2], reference.id[2:]])),
        "one event": (_analysis(), data, reference.take(np.arange(1))),
        "no data": (_analysis(), data.take(np.arange(0)), reference),
        "empty range": (_hunt(search=replace(HUNT, lo=8000, hi=9000)), data, reference),
        "empty region": (_analysis(search=far), data, reference),
        "missing column": (_analysis(), replace(data, features=no_b), reference),
        "missing context": (_analysis(context="mj"), data, reference),
        "nan": (_analysis(), replace(data, features=nan), reference),
        "nan context": (_analysis(), replace(data, features=nan_mass), reference),
        "outside": (_analysis(calibrator=Mondrian(bins=2)), data, reference.take(low)),
        "alpha": (_hunt(search=replace(HUNT, alpha=1e-4)), data, reference),
        "data weights": (_analysis(), replace(data, weight=np.arange(400.0) - 1), reference),
        "weights": (_analysis(gate=SMALL_GATE), data, replace(reference, weight=np.arange(800.0) - 1)),
        "shares": (_analysis(shares={"train": 1.0, "calibrate": 1.0}), data, reference),
    }
    return cases[name]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("shared", "2 events are in the data and in the reference"),
        ("one event", "are left for the role '(train|calibrate|check)'"),
        ("no data", "is empty"),
        ("empty range", r"no event with mjj in \[8000, 9000\)"),
        ("empty region", "no event between 9000 and 9500 GeV"),
        ("missing column", "needs the column 'b'"),
        ("missing context", "there is no column 'mj'"),
        ("nan", "the feature 'a' is nan in event"),
        ("nan context", "column 'mjj' holds nan in event 7"),
        ("outside", "outside the calibrated range"),
        ("alpha", "is below the smallest p-value"),
        ("data weights", "1 events with negative weights"),
        ("weights", "negative calibration weight"),
        ("shares", "'shares' is"),
    ],
)
def test_bad_input_is_named_in_one_line(name: str, message: str) -> None:
    analysis, data, reference = _bad(name)
    with pytest.raises((InputError, ConfigError), match=message) as caught:
        analysis.run(data, reference)
    assert "\n" not in str(caught.value)


def test_a_weighted_reference_calibrates_with_its_effective_number_where_nothing_is_checked() -> None:
    """Weights of exp(b / 2) turn N(0, 1) into N(1/2, 1), the law of the data: p-values are then uniform."""
    data, reference = _toy(2000, "data"), _toy(20_000, "reference")
    shifted = replace(data, features={**data.features, "b": data.features["b"] + 0.5})
    weighted = replace(reference, weight=np.exp(0.5 * reference.features["b"]))
    analysis = _analysis(representation=KinematicFeatures(("b",)), detector=OneFeature())
    outcome = analysis.run(shifted, weighted)
    # E[w]^2 / E[w^2] = exp(-1/4) of the 12,000 calibration events; four standard deviations of the mean of p.
    n_eff = outcome.chain.null.n_eff  # type: ignore[union-attr]
    assert n_eff == pytest.approx(outcome.counts["calibrate"] * np.exp(-0.25), rel=0.05)
    assert abs(outcome.tested.p.mean() - 0.5) < 4 * np.sqrt((1 / 2000 + 1 / n_eff) / 12)
    plain = analysis.run(shifted, reference)
    assert plain.tested.p.mean() < 0.4  # the unweighted reference is another law


# What comes out


def test_the_same_seed_gives_the_same_result_and_another_seed_another(outcome: Outcome) -> None:
    data, reference = _toy(2000, "data", 150), _toy(6000, "reference")
    with running(progress=False):
        again, other = (_hunt(gate=SMALL_GATE).run(data, reference, seed=seed) for seed in (3, 4))
    assert again.result.to_dict() == outcome.result.to_dict()
    np.testing.assert_array_equal(again.tested.p, outcome.tested.p)
    assert other.result.to_dict() != outcome.result.to_dict()
    assert np.any(other.tested.p != outcome.tested.p)


def test_a_valid_search_passes_its_checks_and_finds_the_excess(outcome: Outcome) -> None:
    result = outcome.result
    assert [check.name for check in result.checks] == [
        "uniform null p-values", "mass sculpting", "background function", "type-I error",
        "disjoint roles", "calibration size",
    ]  # fmt: skip
    assert not result.blocked and result.global_z is not None
    # About 140 selected signal events over 95 +- 13 in the window, part of which the fit takes up.
    assert result.window[0] < 3500 < result.window[1]
    assert result.local_p < 1e-4


def test_what_is_selected_is_what_is_searched(outcome: Outcome) -> None:
    kept = outcome.tested.p <= 0.2
    counts = np.histogram(outcome.tested.batch.context[kept], HUNT.bin_edges())[0]
    np.testing.assert_array_equal(outcome.result.spectrum.counts, counts)


@pytest.mark.parametrize("make", [_hunt, _analysis])
def test_a_loaded_chain_gives_the_same_p_values(make: Any, tmp_path: Path) -> None:
    outcome = make().run(_toy(600, "data"), _toy(2000, "reference"), seed=5)
    artefact.save(tmp_path / "chain.strange", outcome.chain, about={"seed": 5})
    chain, about = load(tmp_path / "chain.strange")
    raw = _toy(600, "data").batch(data=True, context="mjj")
    score = chain.score(raw, seed=about["seed"])
    np.testing.assert_array_equal(score, outcome.tested.score)
    np.testing.assert_array_equal(chain.p_values(score, raw, seed=5), outcome.tested.p)


def _stepped(**changes: Any) -> Outcome:
    """A search whose score jumps by four standard deviations where mjj passes 3600 GeV."""
    options: dict[str, Any] = {
        "representation": KinematicFeatures(("step",)),
        "detector": OneFeature(),
        "gate": SMALL_GATE,
    }
    analysis = _analysis(**{**options, **changes})
    return analysis.run(_toy(2000, "data"), _toy(4000, "reference"), seed=2)


def test_a_sculpting_score_is_blocked_and_the_statement_says_why() -> None:
    result = _stepped().result
    failed = [check.name for check in result.checks if not check.passed]
    assert "mass sculpting" in failed
    assert result.blocked and result.global_z is None and result.local_z is None
    assert "no statement of significance" in result.statement()
    assert "mass sculpting: the selection efficiency is flat" in result.statement()


def test_mondrian_bins_mend_what_sculpts() -> None:
    calibrator = Mondrian(edges=(3000.0, 3600.0, 6000.0))
    result = _stepped(calibrator=calibrator).result
    assert not result.blocked and result.global_z is not None
    assert "no statement" not in result.statement()


def test_a_leaked_calibration_is_blocked() -> None:
    """Calibration events whose scores are not like those of fresh events: the check of uniformity fails."""
    analysis = _analysis(gate=SMALL_GATE)
    chain = analysis.run(_toy(1500, "data"), _toy(4000, "reference"), seed=1).chain
    split = analysis.split(_toy(1500, "data"), _toy(4000, "reference"))
    scorers = dict.fromkeys(("calibrate", "check", "test"), chain.scorer)
    scored = score_roles(split, chain.map, scorers, seed=1)
    score, calibrate = scored["calibrate"]
    easy = score < 2.0  # what a detector that has seen them would find easy
    leaked = replace(chain, null=analysis.calibrator.fit_null(score[easy], calibrate.take(easy)))
    fitted = Fitted(leaked, scored, {}, scored["check"][1].id[:0], 1)
    tested, checked = (fitted.role(name) for name in ("test", "check"))
    result = analysis.search_in(leaked, tested, Proof(checked, None, checked.batch.id[:0]), seed=1)
    assert result.blocked and "uniform null p-values" in result.reason


# Sidebands: the null and the power


def _sideband_search(seed: int, n: int = 1500, signal: int = 0) -> Outcome:
    return _analysis(region=REGION).run(_toy(n, f"toy {seed}", signal), seed=seed)


def test_the_null_of_the_sideband_search_is_uniform() -> None:
    n = 200
    results = [_sideband_search(seed).result for seed in range(n)]
    randomised = np.array([result.global_p_randomised for result in results])
    raw = np.array([result.global_p for result in results])
    assert stats.kstest(randomised, "uniform").pvalue > 1e-3
    # Type-I error at 10 %: the binomial interval that holds with probability 1 - 1e-3.
    low, high = stats.binom.interval(1 - 1e-3, n, 0.1)
    assert low <= np.sum(randomised <= 0.1) <= high
    assert np.sum(raw <= 0.1) <= high


def test_the_sideband_search_sees_a_planted_signal() -> None:
    # 240 signal events, half of them tested, about 93 of those selected, over 62 +- 12 of background: five
    # sigma after the skew of the Beta law, with a scatter of 0.7.
    z = [_sideband_search(1000 + seed, 3000, 240).result.global_z for seed in range(6)]
    assert min(value or 0.0 for value in z) > 3.0


def test_sidebands_cannot_calibrate_in_bins_of_the_context() -> None:
    analysis = Analysis(
        representation=KinematicFeatures(("a",)),
        detector=OneFeature(),
        calibrator=Mondrian(edges=(2500.0, 3000.0, 3250.0, 3500.0, 4000.0)),
        search=CountingExperiment(alpha=0.1, region=(3000.0, 3500.0)),
        region=(3000.0, 3500.0),
    )
    rng = np.random.default_rng(1)
    columns = {"mjj": rng.uniform(2500.0, 4000.0, 400), "a": rng.normal(size=400)}
    data = Events(columns, identities("sidebands", 400), np.ones(400))
    with pytest.raises(ConfigError, match=r"sidebands cannot calibrate .*kind = 'split'"):
        analysis.run(data)


def test_a_count_leaves_out_events_beyond_the_calibrated_range() -> None:
    def events(name: str, n: int, seed: int) -> Events:
        rng = np.random.default_rng(seed)
        columns = {"mjj": rng.uniform(2000.0, 5000.0, n), "a": rng.normal(size=n)}
        return Events(columns, identities(name, n), np.ones(n))

    analysis = Analysis(
        representation=KinematicFeatures(("a",)),
        detector=OneFeature(),
        calibrator=Mondrian(bins=3, range=(2500.0, 4000.0)),
        search=CountingExperiment(alpha=0.1, region=(3000.0, 3500.0)),
        gate=None,
    )
    data = events("data", 900, 1)
    outcome = analysis.run(data, events("reference", 3000, 2), seed=1)
    inside = (data.features["mjj"] >= 2500.0) & (data.features["mjj"] < 4000.0)
    assert outcome.counts["test"] == int(inside.sum())
    # 150 or so events inside the region at alpha = 0.1: five standard deviations of count and calibration.
    assert abs(outcome.result.observed - outcome.result.expected) < 5 * np.sqrt(2 * outcome.result.expected)


# Streams


def _chunks(events: Events, size: int) -> list[Events]:
    return [events.take(np.arange(i, min(i + size, len(events)))) for i in range(0, len(events), size)]


@pytest.mark.parametrize(
    "changes", [{}, {"detector": Recording(), "region": REGION}], ids=["plain", "trains"]
)
def test_a_source_in_chunks_gives_the_same_result(changes: dict[str, Any]) -> None:
    """The same roles, scores and p-values; chunks of the map and the scorer change rounding alone."""
    data, reference = _toy(1500, "data"), _toy(3000, "reference")
    analysis = _hunt(**changes)
    whole = analysis.run(data, reference, seed=3)
    parts = analysis.run(_chunks(data, 190), _chunks(reference, 700), seed=3)
    assert parts.counts == whole.counts
    np.testing.assert_array_equal(parts.tested.batch.id, whole.tested.batch.id)
    np.testing.assert_allclose(parts.tested.score, whole.tested.score, rtol=1e-5)
    np.testing.assert_allclose(parts.tested.p, whole.tested.p, rtol=1e-6)
    assert parts.result.window == whole.result.window


def test_a_representation_that_does_not_fit_is_refused_before_any_work() -> None:
    with pytest.raises(ConfigError, match="'mahalanobis' takes tabular input and JetImages makes image"):
        _analysis(representation=JetImages()).run(_toy(10, "data"), _toy(10, "reference"))
