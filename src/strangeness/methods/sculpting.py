"""Sculpting, shown: a score that knows the mass makes a bump out of nothing, and what takes it away.

On dijets without a signal, a score like that of a classifier that was trained in a mass window and sees the
mass: the mass of the heavier jet, and more around one dijet mass. A cut on such a score fakes a resonance of
many sigma (arXiv:2606.13780 reports 46). Calibration in each bin of the mass removes it, and the gate blocks
the search where it was left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.localised import Localised
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.batch import Batch
from strangeness.core.estimators import Calibrator, Null
from strangeness.events.events import Events
from strangeness.methods.dijet_search import (
    MJJ_RANGE,
    REFERENCE_FACTOR,
    shipped_dijets,
    shipped_parent,
)
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.reference import reference_events
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult

Array = NDArray[np.float64]
CENTRE, WIDTH, STRENGTH = 3500.0, 120.0, 1.0
"""Where the score is larger, GeV; how wide, GeV; by how many standard deviations of the jet mass."""
NEIGHBOURS = 30.0
"""Width of the localised calibration, GeV: under half a bin of the search."""
METHODS = ("naive cut", "one calibration", "Mondrian", "localised")
SELECTED = 0.02
"""Cut on the p-value: looser than that of the search, because a fake needs no detector."""
_ROOT = 20261201
_HELD = 0.25


@dataclass(frozen=True)
class Sculpted:
    """One search of one method.

    Attributes:
        method: one of ``METHODS``.
        local_z, global_z: significances of the largest window, before the gate; the global one cannot exceed
            what ``n_pseudo`` pseudo-experiments show.
        blocked: names of the checks that fail; empty for the naive cut, which has none.
        result: the search.
    """

    method: str
    local_z: float
    global_z: float
    blocked: tuple[str, ...]
    result: SearchResult


def mass_correlated_score(events: Events) -> Array:
    """The score (n,): log of the heavier jet's mass in standard deviations, and a peak in mjj."""
    heavy = np.log1p(np.maximum(events.column("mj1"), events.column("mj2")).astype(np.float64))
    distance = (events.column("mjj").astype(np.float64) - CENTRE) / WIDTH
    return (heavy - _heavy()[0]) / _heavy()[1] + STRENGTH * np.exp(-0.5 * distance**2)


def sculpting_hunt(alpha: float = SELECTED, n_pseudo: int = 1000) -> BumpHunt:
    """The search of the dijets, without signal."""
    low, high = MJJ_RANGE
    return BumpHunt(lo=low, hi=high, alpha=alpha, n_pseudo=n_pseudo, background=DijetFunction(3))


def sculpting_demonstration(
    seed: int, *, larger: float = 1.0, alpha: float = SELECTED, n_pseudo: int = 1000, gate: Gate | None = None
) -> tuple[Sculpted, ...]:
    """All methods on one signal-free data set.

    Args:
        seed: seeds everything; different seeds share no event.
        larger: size of the data in units of the shipped sample; the reference is four times as large.
        alpha: cut on the p-value.
        n_pseudo: pseudo-experiments.
        gate: validity checks; by default the usual ones with 40 background toys.
    """
    size = larger * len(shipped_dijets()[0])
    data = _drawn(size, seed, "data", 0)
    reference = _drawn(REFERENCE_FACTOR * size, seed, "reference", 1)
    held = np.random.default_rng([_ROOT, seed, 2]).random(len(reference)) < _HELD
    parts = tuple(_scored(events) for events in (reference.take(~held), reference.take(held), data))
    checks = gate or Gate(n_simulated=1000, n_toys=40, n_pseudo=100, reach=False)
    hunt = sculpting_hunt(alpha, n_pseudo)
    return tuple(
        _searched(name, calibrator, parts, hunt, checks, seed) for name, calibrator in _calibrators(hunt)
    )


def _calibrators(hunt: BumpHunt) -> Iterator[tuple[str, Calibrator | None]]:
    edges = tuple(hunt.bin_edges().tolist())
    yield METHODS[0], None
    yield METHODS[1], SplitConformal()
    yield METHODS[2], Mondrian(edges=edges)
    yield METHODS[3], Localised(NEIGHBOURS, edges)


_Part = tuple[Array, Batch]


def _searched(
    name: str,
    calibrator: Calibrator | None,
    parts: tuple[_Part, ...],
    hunt: BumpHunt,
    gate: Gate,
    seed: int,
) -> Sculpted:
    rng = np.random.default_rng([_ROOT, seed, 3])
    (cal, cal_batch), (held, held_batch), (score, data) = parts
    if calibrator is None or hunt.alpha is None:
        kept = score > np.quantile(cal, 1 - (hunt.alpha or SELECTED))
        return _row(name, hunt.run(data.context[kept], rng=rng), ())
    null: Null = calibrator.fit_null(cal, cal_batch)
    p: Callable[[Array, Batch], Array] = lambda s, batch: null(s, batch, key=seed)  # noqa: E731
    law = null.selection_law(hunt.alpha)
    result = hunt.run(data.context[p(score, data) <= hunt.alpha], selection_law=law, rng=rng)
    checks = gate.run(
        p(held, held_batch),
        held_batch.context,
        selection_law=law,
        hunt=hunt,
        scale=len(data) / len(held_batch),
        rng=rng,
        calibration=reference_events(p(cal, cal_batch), cal_batch.context),
    )
    return _row(name, result, tuple(check.name for check in checks if not check.passed))


def _row(name: str, result: SearchResult, blocked: tuple[str, ...]) -> Sculpted:
    return Sculpted(name, float(result.local_z or 0.0), float(result.global_z or 0.0), blocked, result)


def _drawn(size: float, seed: int, what: str, stream: int) -> Events:
    name = f"sculpting {what} {seed}"
    return shipped_parent().draw(size, np.random.default_rng([_ROOT, seed, stream]), name)


def _scored(events: Events) -> _Part:
    return mass_correlated_score(events), events.batch(context="mjj")


def _heavy() -> tuple[float, float]:
    """Mean and standard deviation of the heavier jet's log mass in the shipped background."""
    background = shipped_dijets()[0]
    heavy = np.log1p(np.maximum(background.column("mj1"), background.column("mj2")).astype(np.float64))
    return float(heavy.mean()), float(heavy.std())
