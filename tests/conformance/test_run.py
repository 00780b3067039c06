"""The suite finds what it is for: each broken detector fails the check that names its fault."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.conformance import CHECKS, Nonconforming, Subject, check_detector, outcomes
from strangeness.core.batch import collect
from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer
from strangeness.detectors.controls import LinearScorer, SumOfFeatures
from strangeness.nn import Standardiser


class FaultyScorer(Scorer):
    """The sum of the features with a fault."""

    standardiser: Standardiser
    fault: str = eqx.field(static=True)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.standardiser.mean.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        score = jnp.sum(self.standardiser(x), axis=1)
        return {
            "position": lambda: score + jnp.arange(len(score)),
            "batch": lambda: score - jnp.mean(score),
            "nan": lambda: jnp.where(score > 2.0, jnp.nan, score),
            "sign": lambda: -score,
            "rank": lambda: score[:, None],
            "kink": lambda: jnp.sqrt(jnp.maximum(score, 0.0)),
            "size": lambda: score + (10.0 if len(score) < 5000 else 0.0),
            "none": lambda: score,
        }[self.fault]()


@dataclass
class Faulty(SumOfFeatures):
    fault: str = "none"
    card: ClassVar = replace(SumOfFeatures.card, name="faulty")
    stores: ClassVar = (FaultyScorer,)

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        batch, x = self.training_events(source)
        return FaultyScorer(Standardiser.of(x, batch.weight), self.fault)


class HostScorer(LinearScorer):
    """A host function."""

    traceable: ClassVar[bool] = False


@dataclass
class Careless(SumOfFeatures):
    """Checks nothing, keeps state on itself, scores NaN, and does not name what it stores."""

    stores: ClassVar = ()

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        batch = collect(source)
        self.seen = len(batch)
        return HostScorer(Standardiser.of(np.asarray(batch.x)), np.full(5, np.nan, np.float32))


@dataclass
class KeyBlind(SumOfFeatures):
    """Draws from a state of its own instead of from the key."""

    state: ClassVar = np.random.default_rng(0)

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        scorer = super().fit_scorer(source, key=key)
        return LinearScorer(scorer.standardiser, scorer.direction + self.state.normal(size=5))


@dataclass
class Working(SumOfFeatures):
    offset: float = 0.0

    def __post_init__(self) -> None:
        self.offset = self.offset + 1.0


@dataclass
class Recompiling(SumOfFeatures):
    """Gives every scorer another static value, so that none shares a trace."""

    count: ClassVar[int] = 0

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        batch, x = self.training_events(source)
        type(self).count += 1
        return FaultyScorer(Standardiser.of(x, batch.weight), "none" if self.count % 2 else "sign")


@dataclass
class Pessimist(SumOfFeatures):
    card: ClassVar = replace(SumOfFeatures.card, sklearn_failures={"check_fit1d": "expected by mistake"})


def _carded(**changes: Any) -> type[SumOfFeatures]:
    return type("Carded", (SumOfFeatures,), {"card": replace(SumOfFeatures.card, **changes)})


_CITATION = SumOfFeatures.card.citation
BROKEN: list[tuple[str, Callable[[], Any], str]] = [
    ("card_is_complete", lambda: _carded(name="Sum of features"), "lower-case"),
    ("card_is_complete", lambda: _carded(summary="x" * 80), "80 characters"),
    ("card_is_complete", lambda: _carded(citation=replace(_CITATION, where=" ")), "lacks where"),
    ("card_is_complete", lambda: _carded(sklearn_failures={"check_x": ""}), "without a reason"),
    ("truth_comes_as_labels", lambda: _carded(uses_truth=True), "needs no data"),
    ("constructor_only_stores", Working, "changed"),
    ("fitting_leaves_the_configuration_alone", Careless, "changed the detector"),
    ("scikit_learn_accepts_it", Pessimist, "does not fail"),
    ("scores_are_finite", lambda: Faulty("nan"), "a score is"),
    ("scores_are_finite", lambda: Faulty("rank"), "shape"),
    ("company_does_not_matter", lambda: Faulty("position"), "order"),
    ("company_does_not_matter", lambda: Faulty("batch"), "order|split"),
    ("same_key_gives_the_same_bytes", KeyBlind, "second fit"),
    ("one_trace_a_bucket", Recompiling, "traces for 2 powers"),
    ("gradient_is_finite", lambda: Faulty("kink"), "gradient"),
    ("artefact_gives_the_same_bytes", Careless, "stores"),
    ("better_than_chance", lambda: Faulty("sign"), "ROC"),
    ("null_p_values_are_super_uniform", lambda: Faulty("size"), "null events"),
    ("bad_events_are_refused_in_the_fit", Careless, "nan|NaN"),
    ("one_event_reference_is_refused", Careless, "not refused"),
    ("weights_act_as_the_card_says", Careless, "not refused"),
    ("sample_labels_are_demanded_or_ignored", lambda: _carded(needs=("reference", "data")), "without data"),
]


@pytest.mark.parametrize(("name", "detector", "why"), BROKEN, ids=[f"{b[0]}-{b[2]}" for b in BROKEN])
def test_a_broken_detector_fails_the_check_that_names_its_fault(name: str, detector: Any, why: str) -> None:
    check = next(check for check in CHECKS if check.__name__ == name)
    with pytest.raises(Nonconforming, match=why):
        check(Subject.of(detector()))


def test_every_check_has_a_name_and_says_what_it_demands() -> None:
    names = [check.__name__ for check in CHECKS]
    assert len(set(names)) == len(names)
    assert all(check.__doc__ for check in CHECKS)


def test_the_error_has_a_line_for_each_failed_check(monkeypatch: pytest.MonkeyPatch) -> None:
    few = tuple(check for check in CHECKS if check.__name__ in ("truth_comes_as_labels", "scores_are_finite"))
    monkeypatch.setattr("strangeness.conformance.run.CHECKS", few)
    with pytest.raises(Nonconforming) as error:
        check_detector(Careless)
    assert str(error.value).startswith("Careless fails 1 of 2 checks:\n  scores_are_finite: ")
    assert [outcome.passed for outcome in outcomes(Careless)] == [True, False]
    assert all(outcome.passed for outcome in check_detector(SumOfFeatures))


def test_what_has_no_toy_is_refused() -> None:
    with pytest.raises(InputError, match="not a Detector"):
        Subject.of(LinearScorer)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="graph"):
        Subject.of(_carded(input_kind="graph"))
