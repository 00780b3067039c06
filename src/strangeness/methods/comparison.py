"""Detectors on even terms: the same events, the same splits, one budget, every direction, several seeds.

Every detector is fitted to one class of events and scores the others, both ways round: a score that only
measures how complex an event is shows there, since its two areas under the curve sum to one.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import DATA, Batch, concatenate
from strangeness.core.estimators import Detector, Representation
from strangeness.core.identity import roles, uniform
from strangeness.core.train import with_epochs
from strangeness.events.events import Events
from strangeness.nn import parameter_count
from strangeness.stats.metrics import roc_curve

MIXED_SHARE = 0.05
"""Share of the other class in the data that a data-against-reference detector is trained on."""
Direction = tuple[str, str]
"""The class that is trained on, and the one that is found."""
EPS_S = 0.3
"""Signal efficiency at which the background rejection is quoted."""


@dataclass(frozen=True)
class Entry:
    """A detector with the representation that it sees; a control is shown in grey."""

    label: str
    representation: Representation
    detector: Detector
    control: bool = False


@dataclass(frozen=True)
class Budget:
    """What every detector may use.

    Attributes:
        events: most training events; None stands for half of the smallest class.
        epochs: most passes of a network; None leaves each its own.
    """

    events: int | None = None
    epochs: int | None = None


@dataclass(frozen=True)
class Unit:
    """One fit: to ``trained_on``; ``finds`` is None where one fit serves all other classes."""

    entry: Entry
    trained_on: str
    finds: str | None
    seed: int


@dataclass(frozen=True)
class Fit:
    """What a fit left behind.

    Attributes:
        scores: test scores by class, float64 (n,).
        parameters: numbers that the fitted scorer holds.
        events: training events.
        seconds: wall time of the fit with its scoring.
        memory: growth of the process's peak memory in MB, where it was measured.
    """

    scores: Mapping[str, NDArray[np.float64]]
    parameters: int
    events: int
    seconds: float
    memory: float | None = None


@dataclass(frozen=True)
class Compared:
    """One detector in one direction; every list has one entry a seed.

    Attributes:
        detector: its label.
        control: whether it is a control.
        trained_on, finds: class names.
        auc: areas under the ROC curve.
        rejection: 1 / background efficiency at signal efficiency 0.3.
        max_sic: largest significance improvement with 25 or more background events left.
        parameters: numbers that the fitted scorer holds.
        events: training events.
        seconds: median wall time of a fit with its scoring.
        memory: growth of the peak memory in MB over the fits of its process, or None.
        background, signal: test scores of each seed, for the curves.
    """

    detector: str
    control: bool
    trained_on: str
    finds: str
    auc: list[float]
    rejection: list[float]
    max_sic: list[float]
    parameters: int
    events: int
    seconds: float
    memory: float | None
    background: list[NDArray[np.float64]]
    signal: list[NDArray[np.float64]]

    def row(self) -> dict[str, Any]:
        """JSON values, without the scores."""
        return {name: value for name, value in vars(self).items() if name not in ("background", "signal")}


def directions(names: Sequence[str]) -> list[Direction]:
    """Every class found among the events of every other; the two directions of a pair stand side by side."""
    return [pair for a, b in combinations(names, 2) for pair in ((a, b), (b, a))]


def units(entry: Entry, pairs: Sequence[Direction], seeds: Sequence[int]) -> list[Unit]:
    """The fits of an entry: one a class and seed, or one a direction where the other class is needed."""
    card = entry.detector.card
    needed: list[tuple[str, str | None]] = [(first, None) for first in dict.fromkeys(p[0] for p in pairs)]
    if "data" in card.needs or card.uses_truth:
        needed = list(pairs)
    return [Unit(entry, *pair, seed) for seed in seeds for pair in needed]


def fit(unit: Unit, classes: Mapping[str, Events], budget: Budget) -> Fit:
    """Fit and score one unit.

    Every class is cut into a training and a test half by a hash of the identities and the seed, the same for
    all detectors.
    """
    entry, most = unit.entry, budget.events or most_events(classes)
    start, before = time.perf_counter(), peak_memory()
    halves = {name: _halves(events, unit.seed) for name, events in classes.items()}
    train = _training(unit, halves, most)
    key_map, key_fit, key_score = jax.random.split(jax.random.key(unit.seed), 3)
    map_ = entry.representation.fit_map(_batches(train, entry), key=key_map)
    rows = concatenate([map_(batch) for batch in _batches(train, entry)])
    scorer = within(entry.detector, budget).fit_scorer([rows], key=key_fit)
    seen = [unit.trained_on, unit.finds] if unit.finds else list(classes)
    scores = {
        name: np.concatenate(
            [scorer(map_(batch), key=key_score) for batch in _batches([halves[name]["test"]], entry)]
        )
        for name in seen
        if name is not None
    }
    spent = time.perf_counter() - start
    return Fit(scores, parameter_count(scorer), len(rows), spent, peak_memory() - before)


def most_events(classes: Mapping[str, Events]) -> int:
    """Half of the smallest class: what every detector can be trained on."""
    return max(min(len(events) for events in classes.values()) // 2, 2)


def within(detector: Detector, budget: Budget) -> Detector:
    """The detector with its passes over the events cut to the budget."""
    return detector if budget.epochs is None else with_epochs(detector, budget.epochs) or detector


def peak_memory() -> float:
    """Largest resident memory of this process so far, in MB."""
    status = Path("/proc/self/status")
    if status.exists():
        # The resource limits' own number starts at that of the process that this one was forked from.
        kilobytes = status.read_text(encoding="ascii", errors="replace").partition("VmHWM:")[2].split()[:1]
        if kilobytes:
            return float(kilobytes[0]) * 1.024e-3
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _halves(events: Events, seed: int) -> dict[str, Events]:
    masks = roles(events.id, {"train": 0.5, "test": 0.5}, f"jets {seed}")
    return {name: events.take(mask) for name, mask in masks.items()}


def _first(events: Events, most: int) -> Events:
    """At most so many events, chosen by a hash of their identities, in their order."""
    if len(events) <= most:
        return events
    chosen = np.argsort(uniform(events.id, "budget"), kind="stable")[:most]
    return events.take(np.sort(chosen))


def _training(unit: Unit, halves: Mapping[str, Mapping[str, Events]], most: int) -> list[Events]:
    """Training events: reference alone, or reference and data one behind the other."""
    ordinary = halves[unit.trained_on]["train"]
    if unit.finds is None:
        return [_first(ordinary, most)]
    strange = halves[unit.finds]["train"]
    if unit.entry.detector.card.uses_truth:
        return [_first(ordinary, most // 2), _first(strange, most // 2)]
    ordinary = _first(ordinary, most)
    half = uniform(ordinary.id, "mixture") < 0.5
    return [ordinary.take(~half), ordinary.take(half), _strange(strange, int(half.sum()))]


def _strange(strange: Events, ordinary: int) -> Events:
    most = round(MIXED_SHARE / (1 - MIXED_SHARE) * ordinary)
    return strange.take(np.argsort(uniform(strange.id, "mixture"), kind="stable")[:most])


def _batches(parts: Sequence[Events], entry: Entry) -> list[Batch]:
    """The events as the representation reads them; parts behind the first are labelled data."""
    batches = []
    for index, events in enumerate(parts):
        available = (*events.features, *(() if events.constituents is None else ("constituents",)))
        used = entry.representation.columns(available)
        narrow = replace(
            events.without_truth(),
            features={name: events.raw_column(name) for name in used if name != "constituents"},
            constituents=events.constituents if "constituents" in used else None,
        )
        batch = narrow.batch()
        batches.append(batch if index == 0 else batch.labelled(DATA))
    return batches


def summarised(
    entry: Entry, pairs: Sequence[Direction], fits: Sequence[tuple[Unit, Fit]]
) -> Iterator[Compared]:
    """The directions of an entry from its fits."""
    # Only the first fit of a process grows much; what it took serves all directions.
    memory = [fit.memory for _, fit in fits if fit.memory is not None]
    for first, second in pairs:
        found = [fit for unit, fit in fits if unit.trained_on == first and unit.finds in (None, second)]
        scores = [(fit.scores[first], fit.scores[second]) for fit in found]
        curves = [roc_curve(*each) for each in scores]
        yield Compared(
            detector=entry.label,
            control=entry.control,
            trained_on=first,
            finds=second,
            auc=[curve.auc() for curve in curves],
            rejection=[float(curve.rejection(EPS_S)) for curve in curves],
            max_sic=[curve.max_sic() for curve in curves],
            parameters=found[0].parameters,
            events=found[0].events,
            seconds=float(np.median([fit.seconds for fit in found])),
            memory=max(memory, default=None),
            background=[each[0] for each in scores],
            signal=[each[1] for each in scores],
        )
