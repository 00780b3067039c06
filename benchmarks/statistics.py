"""Calibration against its rivals: Mondrian and weighted p-values, p-values of labels, prediction sets."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import Reply, call
from benchmarks.timing import ratios_agree, seconds, speed_ratio
from harness.cases import Case, Measured, Raw, both_at_most
from strangeness.calibration.classes import aps_scores, class_p_values, lac_scores, prediction_sets
from strangeness.calibration.covariate import CovariateShift
from strangeness.calibration.mondrian import Mondrian

Array = NDArray[np.float64]
EVENTS, BINS = 1_000_000, 10
EDGES = tuple(np.linspace(0.0, 1.0, BINS + 1).tolist())
RATIO = tuple(np.linspace(0.5, 2.0, BINS).tolist())
# crepes compares every tested event with every calibration event: it is timed on so many, and scaled
TIMED_IN_BINS, TIMED = 2_000, 300
STEADY = ratios_agree(2.5)
MONDRIAN = "Mondrian p-values against crepes"
SMALL = "Mondrian p-values from 2,000 calibration events against crepes"
WEIGHTED = "weighted p-values against crepes"
EQUAL = "Mondrian p-values equal those of crepes"
EVEN = "weighted p-values with equal weights equal those of crepes"
LABELS = "p-values of labels equal those of crepes"
SETS = "labels in which LAC and APS sets differ from MAPIE"


def _sample(rng: np.random.Generator, n: int, decimals: int | None = None) -> tuple[Array, Any]:
    """Scores, and what a calibrator reads of a batch."""
    score = rng.standard_normal(n)
    batch = SimpleNamespace(id=None, context=rng.random(n), weight=np.ones(n))
    return score if decimals is None else np.round(score, decimals), batch


def _bins(batch: Any) -> NDArray[np.int64]:
    return np.searchsorted(np.array(EDGES[1:-1]), batch.context, side="right")


def _times(
    calibrator: Mondrian | CovariateShift, rng: np.random.Generator, n_cal: int, timed: int, in_bins: bool
) -> Raw:
    """Seconds of fit and p-values of ``EVENTS`` on both sides; the rival's are scaled from ``timed``."""
    (cal, reference), (score, data) = _sample(rng, n_cal), _sample(rng, EVENTS)
    arrays: dict[str, NDArray[Any]] = {"calibration": cal, "scores": score[:timed]}
    if in_bins:
        arrays |= {"calibration_bins": _bins(reference), "bins": _bins(data)[:timed]}

    def ours() -> Array:
        return calibrator.fit_null(cal, reference).raw(score, data.context)

    ours()
    times: dict[str, list[float]] = {"ours": [], "rival": []}
    version = ""
    for _ in range(3):
        reply = call("crepes", "crepes_mondrian.py", {"smoothed": False, "seed": 0}, **arrays)
        times["rival"].append(reply.values["seconds"] * EVENTS / timed)
        version = reply.values["version"]
        times["ours"] += [seconds(ours) for _ in range(2)]
    return {**times, "version": version, "timed": timed}


def _mondrian(index: int, seed: int) -> Raw:
    calibrator = Mondrian(edges=EDGES, randomised=False)
    return _times(calibrator, np.random.default_rng(seed), EVENTS, TIMED_IN_BINS, True)


def _small(index: int, seed: int) -> Raw:
    calibrator = Mondrian(edges=EDGES, randomised=False)
    return _times(calibrator, np.random.default_rng(seed), 2_000, EVENTS // 10, True)


def _weighted(index: int, seed: int) -> Raw:
    return _times(CovariateShift(EDGES, RATIO), np.random.default_rng(seed), EVENTS, TIMED, False)


def _equal(index: int, seed: int) -> Raw:
    # one decimal gives many ties, the second shard has none
    rng, decimals = np.random.default_rng(seed), 1 if index == 0 else None
    (cal, reference), (score, data) = _sample(rng, 5_000, decimals), _sample(rng, 20_000, decimals)
    bins, options = _bins(data), {"smoothed": True, "seed": 7}
    arrays = {"calibration": cal, "scores": score, "calibration_bins": _bins(reference), "bins": bins}
    reply = call("crepes", "crepes_mondrian.py", options, **arrays)
    null = Mondrian(edges=EDGES).fit_null(cal, reference)
    drawn, smoothed = np.random.RandomState(7), np.empty(score.size)
    for i, part in enumerate(null.nulls):
        rows = np.flatnonzero(bins == i)
        # the rival draws bin by bin, and its u is our 1 - u
        smoothed[rows] = part.p_values(score[rows], 1.0 - drawn.rand(rows.size))
    return {
        "plain": _apart(null.raw(score, data.context), reply, "plain"),
        "smoothed": _apart(smoothed, reply, "smoothed"),
    }


def _even(index: int, seed: int) -> Raw:
    rng, decimals = np.random.default_rng(seed), 1 if index == 0 else None
    (cal, reference), (score, data) = _sample(rng, 5_000, decimals), _sample(rng, 20_000, decimals)
    reply = call(
        "crepes", "crepes_mondrian.py", {"smoothed": False, "seed": 0}, calibration=cal, scores=score
    )
    null = CovariateShift(EDGES, (0.3,) * BINS).fit_null(cal, reference)
    return {"plain": _apart(null.raw(score, data.context), reply, "plain")}


def _apart(ours: Array, reply: Reply, name: str) -> float:
    return float(np.abs(ours - reply.arrays[name]).max())


def _probabilities(rng: np.random.Generator, n: int, classes: int) -> tuple[Array, NDArray[np.int64]]:
    p = rng.dirichlet(np.full(classes, 0.7), n)
    label = (rng.random(n)[:, None] > np.cumsum(p, axis=1)).sum(axis=1)
    return p, np.minimum(label, classes - 1)


def _labels(index: int, seed: int) -> Raw:
    rng, classes = np.random.default_rng(seed), 2 + 2 * index
    (cal, label), (tested, _) = _probabilities(rng, 2_000, classes), _probabilities(rng, 2_000, classes)
    reply = call("crepes", "crepes_classes.py", {}, calibration=cal, labels=label, tested=tested)
    p = class_p_values(lac_scores(cal, label), label, lac_scores(tested))
    return {"p": _apart(p, reply, "p")}


def _sets(index: int, seed: int) -> Raw:
    # of two classes the rival has no APS sets
    rng, classes, alpha = np.random.default_rng(seed), 3 + 2 * index, 0.1
    (cal, label), (tested, _) = _probabilities(rng, 1_003, classes), _probabilities(rng, 2_000, classes)
    arrays = {"calibration": cal, "labels": label, "tested": tested}
    reply = call("mapie", "mapie_sets.py", {"alpha": alpha, "seed": 11}, **arrays)

    def drawn(n: int) -> Array:
        return np.random.RandomState(11).uniform(size=n)

    own, other = {}, {}
    own["lac"], other["lac"] = lac_scores(cal, label), lac_scores(tested)
    own["aps"] = aps_scores(cal, label, uniforms=drawn(len(cal)))
    other["aps"] = aps_scores(tested, uniforms=drawn(len(tested)))
    found: dict[str, Any] = {"version": reply.values["version"]}
    for method, scores in other.items():
        p = class_p_values(own[method], label, scores, by_class=False)
        member = prediction_sets(p, alpha).member
        found[method] = int(np.count_nonzero(member != reply.arrays[method]))
    return found


def _ratio(row: str, note: str) -> Any:
    def summarise(raws: Sequence[Raw]) -> dict[str, Measured]:
        ratio = speed_ratio(raws)
        return {row: Measured(ratio.value, ratio.ours, ratio.rival, note=note)}

    return summarise


def _largest(row: str, keys: Sequence[str]) -> Any:
    return lambda raws: {row: float(max(raw[key] for raw in raws for key in keys))}


_SCALED = "crepes timed on {:,} of the events and scaled"
CASES = [
    Case(
        "mondrian-crepes",
        (MONDRIAN,),
        _mondrian,
        3,
        _ratio(MONDRIAN, _SCALED.format(TIMED_IN_BINS)),
        agree=STEADY,
    ),
    Case(
        "mondrian-small-crepes",
        (SMALL,),
        _small,
        3,
        _ratio(SMALL, _SCALED.format(EVENTS // 10)),
        agree=STEADY,
    ),
    Case(
        "weighted-crepes",
        (WEIGHTED,),
        _weighted,
        3,
        _ratio(WEIGHTED, f"{_SCALED.format(TIMED)}; it has no weights: its plain p-values"),
        agree=STEADY,
    ),
    Case(
        "mondrian-equal",
        (EQUAL,),
        _equal,
        2,
        _largest(EQUAL, ("plain", "smoothed")),
        agree=both_at_most(1e-12),
    ),
    Case("weighted-even", (EVEN,), _even, 2, _largest(EVEN, ("plain",)), agree=both_at_most(1e-12)),
    Case("labels-equal", (LABELS,), _labels, 2, _largest(LABELS, ("p",)), agree=both_at_most(1e-12)),
    Case("sets-equal", (SETS,), _sets, 2, _largest(SETS, ("lac", "aps"))),
]
