"""Checks of the card, the constructor and the scikit-learn contract."""

from __future__ import annotations

import re
import warnings
from dataclasses import fields
from typing import Any, get_args

import jax
import numpy as np

from strangeness.conformance.subject import Nonconforming, Subject, close, demand
from strangeness.core.batch import make_batch
from strangeness.core.cards import MethodCard, Need
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector


def card_is_complete(subject: Subject) -> None:
    """The card has a name for the command line, a short summary, a citation, known needs, a row limit."""
    card = subject.detector.card
    demand(isinstance(card, MethodCard), "'card' is not a MethodCard")
    demand(
        re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", card.name),
        f"the name {card.name!r} is not lower-case-words",
    )
    demand(0 < len(card.summary) < 80, f"the summary has {len(card.summary)} characters; 1 to 79 fit a line")
    demand("\n" not in card.summary, "the summary has more than one line")
    cited = {field.name: getattr(card.citation, field.name) for field in fields(card.citation)}
    empty = [name for name, value in cited.items() if not str(value).strip()]
    demand(not empty, f"the citation lacks {', '.join(empty)}")
    demand(1600 < card.citation.year < 2200, f"the citation is of the year {card.citation.year}")
    demand(card.needs and set(card.needs) <= set(get_args(Need)), f"'needs' is {card.needs}")
    demand(card.row_limit >= 2, f"'row_limit' is {card.row_limit}")
    demand(all(card.sklearn_failures.values()), "'sklearn_failures' holds one without a reason")


def truth_comes_as_labels(subject: Subject) -> None:
    """A supervised reference takes truth as the sample label, so that it can stand where labels are data."""
    card = subject.detector.card
    demand(
        not card.uses_truth or "data" in card.needs, "the card says that it uses truth, yet it needs no data"
    )


def constructor_only_stores(subject: Subject) -> None:
    """The constructor keeps its arguments and does nothing else; ``set_params`` and ``clone`` work."""
    params = subject.detector.get_params(deep=False)
    made = type(subject.detector)(**params)
    demand(set(vars(made)) == set(params), f"the constructor made {sorted(set(vars(made)) ^ set(params))}")
    changed = [name for name, value in params.items() if getattr(made, name) is not value]
    demand(not changed, f"the constructor changed {changed}")
    demand(made.set_params(**params) is made, "'set_params' does not return the detector")
    copy = _clone(Subject(made))
    demand(copy is not made and copy.get_params(deep=False) == params, "'clone' gives other settings")
    try:
        made.set_params(no_such_setting=1)
    except ValueError:
        return
    raise Nonconforming("'set_params' takes a setting that does not exist")


def fitting_leaves_the_configuration_alone(subject: Subject) -> None:
    """``fit_scorer`` keeps nothing on the detector and does not write into the events."""
    batch = subject.training()
    before, rows = dict(vars(subject.detector)), np.array(batch.x)
    subject.fit(batch)
    demand(
        vars(subject.detector) == before, "'fit_scorer' changed the detector; return all state in the scorer"
    )
    demand(np.array_equal(batch.x, rows), "'fit_scorer' wrote into the events")


def scikit_learn_accepts_it(subject: Subject) -> None:
    """scikit-learn's ``check_estimator`` passes in 64 bits but for what the card lists, and that does fail.

    A detector that needs data is checked through a twin whose ``fit`` calls every second row data, since
    scikit-learn passes no ``y`` to outlier detectors, and its own ``y`` has more than two values.
    """
    if not subject.tabular:
        return
    from sklearn.utils.estimator_checks import check_estimator

    estimator = _labelled(subject.detector) if subject.needs_data else subject.detector
    expected = dict(subject.detector.card.sklearn_failures)
    with jax.enable_x64(True), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = check_estimator(estimator, expected_failed_checks=expected, on_skip=None, on_fail=None)
    failed = [f"{one['check_name']} ({one['exception']})" for one in found if one["status"] == "failed"]
    demand(not failed, "; ".join(failed))
    stale = set(expected) - {one["check_name"] for one in found if one["status"] == "xfail"}
    demand(not stale, f"'sklearn_failures' lists what does not fail: {sorted(stale)}")


def sign_is_that_of_scikit_learn(subject: Subject) -> None:
    """``score_samples`` is minus the score; below ``offset_`` is -1, else 1."""
    if not subject.tabular:
        return
    batch, events = subject.training(), subject.background(64, "sign")
    fitted = _fitted(subject)
    scorer = subject.fit(make_batch(np.asarray(batch.x), sample=batch.sample, name="fit"))
    demand(
        close(subject.score(events, scorer), -fitted.score_samples(events.x)), "'score_samples' is not -score"
    )
    shifted = fitted.score_samples(events.x) - fitted.offset_
    demand(
        np.array_equal(fitted.decision_function(events.x), shifted), "'decision_function' ignores 'offset_'"
    )
    demand(
        np.array_equal(fitted.predict(events.x), np.where(shifted < 0, -1, 1)), "'predict' breaks the sign"
    )


def works_in_a_pipeline(subject: Subject) -> None:
    """Behind a ``StandardScaler`` in a ``Pipeline`` it fits, scores and predicts."""
    if not subject.tabular:
        return
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    batch, events = subject.training(), subject.background(32, "pipeline")
    pipeline = make_pipeline(StandardScaler(), _clone(subject)).fit(batch.x, batch.sample)
    demand(np.all(np.isfinite(pipeline.score_samples(events.x))), "a score in the pipeline is not finite")
    demand(set(pipeline.predict(events.x)) <= {-1, 1}, "'predict' gives other values than -1 and 1")


def sample_labels_are_demanded_or_ignored(subject: Subject) -> None:
    """Without ``y`` a detector that needs data refuses to fit; for others ``y`` changes nothing."""
    if not subject.tabular:
        return
    rows = np.asarray(subject.training().x)
    if not subject.needs_data:
        labels = np.arange(len(rows)) % 2
        first, second = (_clone(subject).fit(rows, y).score_samples(rows[:16]) for y in (None, labels))
        demand(np.array_equal(first, second), "'y' changes the fit, yet the card does not need data")
        return
    try:
        _clone(subject).fit(rows)
    except InputError as error:
        demand("data" in str(error), f"the refusal does not name the data: {error}")
        return
    raise Nonconforming("it fits without data, which its card needs")


def _clone(subject: Subject) -> Any:
    from sklearn.base import clone

    return clone(subject.detector)


def _fitted(subject: Subject) -> Any:
    batch = subject.training()
    return _clone(subject).fit(batch.x, batch.sample)


def _labelled(detector: Detector) -> Detector:
    """The detector with a ``fit`` that calls every second row data."""
    cls = type(detector)

    def fit(self: Any, X: Any, y: Any = None, *, seed: int = 0) -> Any:
        shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
        rows = shape[0] if shape else 0
        return cls.fit(self, X, np.arange(rows) % 2, seed=seed)

    def reduce(self: Any) -> Any:
        return _revived, (detector, vars(self))

    return type(cls.__name__, (cls,), {"fit": fit, "__reduce__": reduce})(**detector.get_params(deep=False))


def _revived(detector: Detector, state: dict[str, Any]) -> Detector:
    made = _labelled(detector)
    vars(made).update(state)
    return made
