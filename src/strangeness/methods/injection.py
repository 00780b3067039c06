"""Sensitivity by injection: signal among background pseudo-data, and what the whole chain makes of it.

Data and reference of every repetition are drawn from one background sample, without an event in common; the
data under test are never read. Repetitions share events of that sample, so that their spread is a little too
small where the data are a large part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import pdtrik

from strangeness.analysis import Analysis
from strangeness.core.errors import InputError
from strangeness.core.run import running
from strangeness.events.events import Events, concatenate_events
from strangeness.policies.samples import held, matched, only

Array = NDArray[np.float64]
Z = 3.0
"""Significance at which a signal counts as found."""
_MOST = 0.8


@dataclass(frozen=True)
class Plan:
    """What is injected, and how often.

    Attributes:
        analysis: the search; its checks are left out, since the signal does not belong to what they read.
        background: events that stand for data and reference.
        signal: events that are injected, none of them twice in one repetition.
        events: expected background events among the data.
        strengths: expected signal events among the data, in the searched range.
        contaminations: shares of the reference, or without one of the sidebands, that are signal.
        repetitions: pseudo-experiments at each strength.
        sidebands: whether the search has no reference.
        seed: of all draws.
    """

    analysis: Analysis
    background: Events
    signal: Events
    events: float
    strengths: tuple[float, ...]
    contaminations: tuple[float, ...] = (0.0,)
    repetitions: int = 20
    sidebands: bool = False
    seed: int = 0

    def checked(self) -> Plan:
        """The plan itself.

        Raises:
            InputError: for numbers that cannot be drawn, samples that are too small, or pseudo-experiments
                that cannot reach the significance.
        """
        for name, low, high in (("strengths", 0.0, np.inf), ("contaminations", 0.0, 0.5)):
            values = np.asarray(getattr(self, name), np.float64)
            if values.size == 0 or not np.all((values >= low) & (values <= high) & np.isfinite(values)):
                raise InputError(f"{name} {values.tolist()}", f"Give numbers from {low:g} to {high:g}.")
        if self.repetitions < 1:
            raise InputError(f"{self.repetitions} repetitions", "Give 20 or more for a median with a band.")
        most = len(self.background) * (1.0 if self.sidebands else _MOST)
        if not 0 < self.events <= most:
            raise InputError(
                f"{self.events:g} data events of {len(self.background)} background events",
                f"Ask for at most {most:.0f}, so that a reference is left, or give more background.",
            )
        largest, most_signal = max(self.strengths), self._signal_needed()
        if most_signal > len(self.signal):
            raise InputError(
                f"{len(self.signal)} signal events in the searched range for a strength of {largest:g} and a "
                f"contamination of {max(self.contaminations):g}",
                f"Give {most_signal} or more, or inject fewer.",
            )
        hunt = self.analysis.hunt
        if hunt is not None and self.analysis.null is None and hunt.n_pseudo < 740:
            raise InputError(
                f"{hunt.n_pseudo} pseudo-experiments, which cannot reach {Z:g} sigma", "Ask for 1000 or more."
            )
        return self

    def _signal_needed(self) -> int:
        """Signal events that a repetition may take: five deviations above the mean."""
        rest = self.events if self.sidebands else len(self.background) - self.events
        wanted = max(self.strengths) + max(self.contaminations) * rest
        return int(np.ceil(wanted + 5 * np.sqrt(wanted)))


@dataclass(frozen=True)
class Trial:
    """One repetition: injected events, local and global significance, and why nothing was found ("" if it was
    searched)."""

    injected: int
    local_z: float
    global_z: float
    failed: str = ""


@dataclass(frozen=True)
class InjectionCurve:
    """Significances over the injected strength at one contamination.

    Attributes:
        contamination: share of the reference or the sidebands that is signal.
        strengths: (m,) expected injected events.
        trials: for each strength its repetitions.
    """

    contamination: float
    strengths: tuple[float, ...]
    trials: tuple[tuple[Trial, ...], ...]

    def band(self) -> tuple[Array, Array, Array]:
        """Median, 16 % and 84 % quantile (m,) of the global significance."""
        z = [[trial.global_z for trial in row] for row in self.trials]
        bands = np.array([np.quantile(row, [0.5, 0.16, 0.84]) for row in z], np.float64)
        return bands[:, 0], bands[:, 1], bands[:, 2]

    def found(self) -> Array:
        """Share (m,) of the repetitions with 3 sigma or more."""
        return np.array([np.mean([trial.global_z >= Z for trial in row]) for row in self.trials], np.float64)

    def reach(self) -> float | None:
        """The smallest strength with 3 sigma in half of the cases; None where none of them has."""
        return crossing(self.strengths, self.band()[0], Z)


def crossing(strengths: Sequence[float], medians: Array, at: float) -> float | None:
    """Where the medians first reach ``at``, by a straight line between the strengths; None if they do not."""
    order = np.argsort(strengths)
    x, y = np.asarray(strengths, np.float64)[order], np.asarray(medians, np.float64)[order]
    above = np.flatnonzero(y >= at)
    if not above.size:
        return None
    i = int(above[0])
    if i == 0:
        return float(x[0])
    return float(x[i - 1] + (at - y[i - 1]) / (y[i] - y[i - 1]) * (x[i] - x[i - 1]))


def samples(analysis: Analysis, background: Events, signal: Events) -> tuple[Events, Events]:
    """Both samples in the searched range, without truth, with the columns that the chain reads.

    Raises:
        InputError: for samples without a common column, or without an event in the range.
    """
    limits, context = analysis.limits(), analysis.context
    both = matched(held(background, context, limits), held(signal, context, limits))
    for name, events in zip(("background", "signal"), both, strict=True):
        if not len(events):
            raise InputError(f"no {name} event in the searched range of {context}", "Check file and range.")
    columns = {*analysis.representation.columns(tuple(both[0].features)), context}
    return only(both[0], columns), only(both[1], columns)


def experiment(
    plan: Plan, strength: float, contamination: float, index: int
) -> tuple[Events, Events | None, int]:
    """Data, reference (None for sidebands) and the number of injected events of one repetition.

    Background and the order of the signal depend on the repetition alone, so that curves are compared on the
    same pseudo-data.
    """
    rng = np.random.default_rng([plan.seed, index])
    order, n = rng.permutation(len(plan.background)), len(plan.background)
    size = min(_count(plan.events, rng), n if plan.sidebands else n - 10)
    signal = plan.signal.take(rng.permutation(len(plan.signal)))
    injected = min(_count(strength, rng), len(signal))
    data = plan.background.take(np.sort(order[:size]))
    rest = None if plan.sidebands else plan.background.take(np.sort(order[size:]))
    added = signal.take(np.arange(injected))
    share = contamination / (1 - contamination)
    if rest is not None:
        extra = min(_count(share * len(rest), rng), len(signal) - injected)
        if extra:
            rest = concatenate_events([rest, signal.take(np.arange(len(signal) - extra, len(signal)))])
    elif contamination:
        added = _with_sidebands(plan, data, signal, injected, share, rng)
    return (concatenate_events([data, added]) if len(added) else data), rest, injected


def trial(plan: Plan, strength: float, contamination: float, index: int) -> Trial:
    """One repetition through the whole chain; what cannot be searched has found nothing."""
    data, reference, injected = experiment(plan, strength, contamination, index)
    analysis = replace(plan.analysis, gate=None)
    try:
        with running(checkpoints=None, progress=False):
            result = analysis.run(data, reference, seed=plan.seed + index).result
    except InputError as error:
        return Trial(injected, 0.0, 0.0, str(error))
    return Trial(injected, float(result.local_z or 0.0), float(result.global_z or 0.0))


def _with_sidebands(
    plan: Plan, data: Events, signal: Events, injected: int, share: float, rng: np.random.Generator
) -> Events:
    """The injected events, and signal-like ones at masses of background beside the region."""
    mass, region = data.column(plan.analysis.context), plan.analysis.region or (np.inf, np.inf)
    beside = mass[(mass < region[0]) | (mass >= region[1])]
    extra = min(_count(share * beside.size, rng), len(signal) - injected)
    moved = signal.take(np.arange(len(signal) - extra, len(signal)))
    features = {**moved.features, plan.analysis.context: rng.choice(beside, extra)}
    return concatenate_events([signal.take(np.arange(injected)), replace(moved, features=features)])


def _count(mean: float, rng: np.random.Generator) -> int:
    """A Poisson number that grows with the mean for the same random numbers."""
    u = rng.random()
    return 0 if mean <= 0 else int(np.ceil(max(pdtrik(u, mean), 0.0)))
