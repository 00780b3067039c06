"""Jets of one class found among jets of another, both ways round (train on A find B, train on B find A).

A score that only measures how complex a jet is shows there: its two areas under the curve sum to one.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import DATA, ArraySource, Batch, concatenate
from strangeness.core.estimators import Detector, Representation
from strangeness.core.identity import roles, uniform
from strangeness.core.run import progress
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.nn import parameter_count
from strangeness.representations import KinematicFeatures
from strangeness.stats.metrics import auc, rejection

CLASSES = ("qcd", "top", "w")
DIRECTIONS = (("qcd", "top"), ("qcd", "w"), ("top", "qcd"), ("w", "qcd"))
FEATURES = KinematicFeatures(("mass", "multiplicity", "tau21", "tau32", "girth", "ptd"), log=("mass",))
CONTROLS = {
    "pT alone": KinematicFeatures(("pt",)),
    "mass alone": KinematicFeatures(("mass",)),
    "multiplicity alone": KinematicFeatures(("multiplicity",)),
}
MIXED_SHARE = 0.05
"""Share of the other class in the data that a data-against-reference detector is trained on."""


@dataclass(frozen=True)
class JetResult:
    """One detector in one direction; every list has one entry a seed.

    Attributes:
        detector: its name.
        trained_on, finds: class names.
        auc: areas under the ROC curve.
        rejection: 1 / background efficiency at signal efficiency 0.3.
        parameters: numbers that the fitted scorer holds.
        seconds: median wall time of a fit with its scoring.
        background, signal: test scores of each seed, for the curves.
    """

    detector: str
    trained_on: str
    finds: str
    auc: list[float]
    rejection: list[float]
    parameters: int
    seconds: float
    background: list[NDArray[np.float64]]
    signal: list[NDArray[np.float64]]

    def row(self) -> dict[str, Any]:
        """JSON values, without the scores."""
        return {name: value for name, value in asdict(self).items() if name not in ("background", "signal")}


def compare(jets: Events, detectors: Mapping[str, Detector], seeds: Sequence[int]) -> list[JetResult]:
    """Every detector and every control in all four directions.

    Args:
        jets: events with truth 0 QCD, 1 top, 2 W.
        detectors: label -> detector.
        seeds: each seeds a split into training and test halves and the fit.
    """
    classes = {name: jets.take(np.asarray(jets.truth) == code) for code, name in enumerate(CLASSES)}
    entries: list[tuple[str, Representation, Detector]] = [(k, FEATURES, d) for k, d in detectors.items()]
    entries += [(label, features, OneFeature()) for label, features in CONTROLS.items()]
    results = []
    with progress("jets", len(entries) * len(DIRECTIONS)) as show:
        for label, features, detector in entries:
            for first, second in DIRECTIONS:
                show(len(results), f"{label}: {first} -> {second}")
                runs = [_run(features, detector, classes[first], classes[second], seed) for seed in seeds]
                results.append(_result(label, first, second, runs))
    return results


@dataclass(frozen=True)
class _Run:
    background: NDArray[np.float64]
    signal: NDArray[np.float64]
    parameters: int
    seconds: float


def _run(features: Representation, detector: Detector, first: Events, second: Events, seed: int) -> _Run:
    start = time.perf_counter()
    ordinary, strange = (_halves(_features(events), seed) for events in (first, second))
    key_map, key_fit, key_score = jax.random.split(jax.random.key(seed), 3)
    train = ordinary["train"]
    if "data" in detector.card.needs:
        train = _mixed(train, strange["train"])
    map_ = features.fit_map(ArraySource(train), key=key_map)
    scorer = detector.fit_scorer(ArraySource(map_(train)), key=key_fit)
    scores = [scorer(map_(part["test"]), key=key_score) for part in (ordinary, strange)]
    return _Run(scores[0], scores[1], parameter_count(scorer), time.perf_counter() - start)


def _features(events: Events) -> Batch:
    return replace(events.without_truth(), constituents=None).batch()


def _halves(batch: Batch, seed: int) -> dict[str, Batch]:
    masks = roles(batch.id, {"train": 0.5, "test": 0.5}, f"jets {seed}")
    return {name: batch.take(mask) for name, mask in masks.items()}


def _mixed(ordinary: Batch, strange: Batch) -> Batch:
    """Half of the ordinary training jets as reference; the other half with some strange ones as data."""
    half = uniform(ordinary.id, "mixture") < 0.5
    data = ordinary.take(half)
    most = round(MIXED_SHARE / (1 - MIXED_SHARE) * len(data))
    chosen = np.argsort(uniform(strange.id, "mixture"), kind="stable")[:most]
    return concatenate([ordinary.take(~half), data.labelled(DATA), strange.take(chosen).labelled(DATA)])


def _result(label: str, first: str, second: str, runs: Sequence[_Run]) -> JetResult:
    return JetResult(
        detector=label,
        trained_on=first,
        finds=second,
        auc=[float(auc(run.background, run.signal)) for run in runs],
        rejection=[float(rejection(run.background, run.signal, 0.3)) for run in runs],
        parameters=runs[0].parameters,
        seconds=float(np.median([run.seconds for run in runs])),
        background=[run.background for run in runs],
        signal=[run.signal for run in runs],
    )
