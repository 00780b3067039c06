"""What is shown beside a search: other scores, what each costs, and what one told the truth would find."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.cli.building import controls_of
from strangeness.cli.config import Config
from strangeness.cli.sources import Sources
from strangeness.core.errors import InputError
from strangeness.detectors.supervised_trees import SupervisedTrees
from strangeness.events.events import Events
from strangeness.methods.comparison import peak_memory
from strangeness.methods.reference_curve import reference_curve
from strangeness.nn import parameter_count
from strangeness.policies import HalfSplit
from strangeness.report.parts import Cost
from strangeness.report.schema import Control, Curve
from strangeness.report.summary import classes, control, curve
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.result import SearchResult

_T = TypeVar("_T")
_WITHOUT_TRAINING: dict[str, Any] = {"policy": HalfSplit(), "null": None}
"""Controls do not learn from data, so that pseudo-experiments without training are their null."""


@dataclass
class Beside:
    """Rows, curves and results of the detector and its controls."""

    controls: list[Control] = field(default_factory=list)
    curves: list[Curve] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    results: dict[str, SearchResult] = field(default_factory=dict)

    def add(self, name: str, outcome: Outcome, seconds: float, truth: Events, **more: Any) -> None:
        """What the run of a detector or a control adds."""
        events = sum(count for role, count in outcome.counts.items() if role.startswith("train"))
        parameters = parameter_count(outcome.chain.scorer)
        self.costs.append(Cost(name=name, parameters=parameters, seconds=seconds, events=events, **more))
        if (scores := classes(outcome, truth)) is not None:
            self.curves.append(curve(name, [scores], is_control=more.get("control", False)))


def timed(work: Callable[[], _T]) -> tuple[_T, float, float]:
    """The result of a call, its wall time in s and how much the peak memory grew in MB."""
    start, before = time.perf_counter(), peak_memory()
    result = work()
    return result, time.perf_counter() - start, peak_memory() - before


def beside(
    config: Config, analysis: Analysis, outcome: Outcome, seconds: float, memory: float, sources: Sources
) -> Beside:
    """The controls, the curves of all where truth allows them, and what each costs.

    Controls are not gated: they carry no claim.
    """
    found, truth = Beside(), sources.known["data"]
    found.add(config.detector.name, outcome, seconds, truth, memory=memory)
    if not config.search.controls:
        return replace(found, curves=[])
    found.controls += _no_selection(config, analysis, outcome)
    available = sources.data.available()
    for name, (representation, detector) in controls_of(config, analysis.detector, available).items():
        chain = replace(
            analysis, representation=representation, detector=detector, gate=None, **_WITHOUT_TRAINING
        )
        seen = sources.seen_by(representation)
        other, spent, _ = timed(lambda chain=chain, seen=seen: chain.run(*seen, seed=config.seed))
        found.controls.append(control(name, other.result))
        found.results[name] = other.result
        found.add(name, other, spent, truth, control=True)
    found.curves += _supervised(config, analysis, sources)
    return found


def _no_selection(config: Config, analysis: Analysis, outcome: Outcome) -> list[Control]:
    """The bump hunt in the spectrum of all tested events."""
    if not isinstance(analysis.search, BumpHunt):
        return []
    hunt = replace(analysis.search, alpha=None)
    rng, tested = np.random.default_rng([config.seed, 0]), outcome.tested
    try:
        result = hunt.run(tested.batch.context, weight=tested.weights, rng=rng)
    except InputError:
        if tested.weights is None:
            raise
        return []  # weights that one scale describes after the cut, and not before it
    return [control("no selection", result, "all tested events")]


def _supervised(config: Config, analysis: Analysis, sources: Sources) -> list[Curve]:
    """What boosted trees find that were told the truth of half of the data; none without both classes."""
    if sources.known["data"].truth is None or analysis.representation.makes != "tabular":
        return []
    data, _ = sources.seen_by(analysis.representation)
    try:
        scores = reference_curve(replace(analysis, detector=SupervisedTrees()), data, seed=config.seed)
    except InputError:
        return []  # one class alone, or too few of it to learn from
    return [curve("supervised (told the truth)", [scores], is_control=True)]
