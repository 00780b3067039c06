"""A search rehearsed blind: everything that needs the reference alone, before the region is opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.analysis import Analysis, Shifted
from strangeness.chain import Fitted, Proof
from strangeness.core.errors import ConfigError
from strangeness.core.identity import uniform
from strangeness.events.events import Events
from strangeness.events.source import EventSource, chunks_of
from strangeness.search.check import Check
from strangeness.search.counting import CountingExperiment
from strangeness.search.sensitivity import WindowReach, count_reach, spectrum_reach
from strangeness.splits import Split

Array = NDArray[np.float64]
Z = 3.0
"""Local significance of the expected sensitivity."""


@dataclass(frozen=True)
class Rehearsal:
    """What is known of a search before its data are.

    Attributes:
        checks: the validity checks, on the reference.
        events: data events in the searched range that were assumed.
        reach: what windows, or the region, could show.
        counts: events by role.
        notes: what was rehearsed, and what could not be.
    """

    checks: tuple[Check, ...]
    events: float
    reach: tuple[WindowReach, ...]
    counts: Mapping[str, int]
    notes: tuple[str, ...]

    @property
    def blocked(self) -> bool:
        """Whether a check fails already."""
        return any(not check.passed for check in self.checks)

    def statement(self) -> str:
        """The rehearsal in one or two sentences."""
        if not self.checks:
            return f"Nothing was rehearsed: {self.notes[0]}."
        failed = [f"{check.name}: {check.text}" for check in self.checks if not check.passed]
        if failed:
            return (
                f"A validity check fails on the reference ({'; '.join(failed)}): the search would be blocked."
            )
        passed = f"All {len(self.checks)} validity checks pass on the reference."
        if not self.reach:
            return passed
        low, high = min(w.signal for w in self.reach), max(w.signal for w in self.reach)
        span = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
        return (
            f"{passed} With {self.events:,.0f} data events, {span} selected signal events in a window reach "
            f"{Z:g} sigma there (local) in half of the cases."
        )

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "statement": self.statement(),
            "checks": [asdict(check) for check in self.checks],
            "events": self.events,
            "reach": [window.to_dict() for window in self.reach],
            "counts": dict(self.counts),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Half:
    """Half of the events of a source, chosen by identity.

    Attributes:
        source: all events.
        first: which half.
    """

    source: EventSource
    first: bool

    def __iter__(self) -> Iterator[Events]:
        for events in chunks_of(self.source):
            chosen = (uniform(events.id, "stands in for the data") < 0.5) == self.first
            if chosen.any():
                yield events.take(chosen)


def rehearse(
    analysis: Analysis,
    reference: EventSource | None,
    *,
    sidebands: EventSource | None = None,
    variations: Mapping[str, Shifted] | None = None,
    events: float | None = None,
    seed: int = 0,
) -> Rehearsal:
    """Train, calibrate and check a search without its data, and say what it could see.

    A detector that learns from the reference alone is fitted as it will be. One that learns from the data
    under test cannot be: half of the reference stands in for them, and only the method is rehearsed. Without
    a reference, such a detector has nothing to learn from, and nothing is rehearsed.

    Args:
        analysis: the search.
        reference: events of the known physics; None where sidebands serve.
        sidebands: without a reference the data, of which events inside the region are dropped unseen.
        variations: shifted copies of the reference, carried as in the search; not where half of the reference
            stands in for the data.
        events: data events expected in the searched range; None takes the reference's sum of weights.
        seed: as it will be in the search.

    Raises:
        ConfigError: when the parts do not fit together, or there is neither reference nor sidebands.
        InputError: for what the chain or a check refuses.
    """
    analysis.refuse_mismatch(reference is not None)
    known = reference if reference is not None else sidebands
    if known is None:
        raise ConfigError("a rehearsal without events", "Give a reference, or data with sidebands.")
    trains = "data" in analysis.detector.card.needs
    if trains and reference is None:
        return Rehearsal((), 0.0, (), {}, (_NOTHING,))
    split = _split(analysis, reference, known, trains)
    fitted = analysis.fit(split, ("check",), seed=seed)
    proof = fitted.proof()
    size = split.total_weight() if events is None else float(events)
    tested = size * split.tested_share
    rng = np.random.default_rng([seed, round(tested)])
    copies = {} if trains or reference is None else dict(variations or {})
    analysis.systematics(fitted, proof, copies)  # what cannot be carried is refused now, not after opening
    checks = analysis.checks(fitted.chain, proof, tested, rng)
    reach = _reach(analysis, fitted, proof, tested) if reference is not None else ()
    return Rehearsal(checks, size, reach, fitted.counts, (_STANDS_IN if trains else _FITTED,))


_NOTHING = "the detector learns from the data under test, and there is no reference to stand in for them"
_STANDS_IN = (
    "the detector learns from the data under test: half of the reference stood in for them, and the other "
    "half for the reference"
)
_FITTED = "the detector was trained, calibrated and checked as it will be; the data were not read"


def _split(analysis: Analysis, reference: EventSource | None, known: EventSource, trains: bool) -> Split:
    if reference is None:
        return analysis.split(known, None, blind=True)
    if not trains:
        return analysis.split((), reference, blind=True)
    return replace(analysis.split(Half(reference, True), Half(reference, False)), weighted=True)


def _reach(analysis: Analysis, fitted: Fitted, proof: Proof, tested: float) -> tuple[WindowReach, ...]:
    """From the spectrum of the reference behind the training, the cut, and the number of tested events."""
    parts = [part.batch for part in (proof.checked, proof.calibrated) if part is not None]
    mass = np.concatenate([part.context for part in parts])
    weight = np.concatenate([part.weight for part in parts])
    share, law = weight * tested / weight.sum(), fitted.chain.null.selection_law(analysis.alpha)
    if analysis.hunt is not None:
        edges = analysis.hunt.bin_edges()
        events = np.histogram(mass, edges, weights=share)[0]
        return spectrum_reach(analysis.hunt, events * (law.overlap(edges) @ law.mean), Z)
    if not isinstance(analysis.search, CountingExperiment):
        return ()
    low, high = analysis.search.region
    inside = (mass >= low) & (mass < high)
    events = np.bincount(law.bin_of(mass[inside]), share[inside], law.a.size)
    return (count_reach(analysis.search, events, law, Z),)
