"""What a finished search says of a simulated signal: its efficiency, an upper limit, and fakes of the fit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.core.errors import InputError
from strangeness.events.source import EventSource, chunks_of
from strangeness.search.background import DijetFunction
from strangeness.search.checks.background_form import spectrum
from strangeness.search.checks.reference import reference_events
from strangeness.search.expectation import Expectation, refuse_blocked, window_expectation
from strangeness.search.limits import Calculator, Limit, upper_limit
from strangeness.search.shape_scan import ShapeScan
from strangeness.search.spurious import SpuriousSignal, spurious_signal
from strangeness.search.workspace import Signal, workspace

Array = NDArray[np.float64]
HELD = 0.8
"""Share of the selected signal that the window of its limit holds."""


@dataclass(frozen=True)
class SignalLimit:
    """An upper limit with what it was made from.

    Attributes:
        limit: on mu.
        workspace: the likelihood, for pyhf and others.
        efficiency: share of all produced signal events that are tested, selected and in the window.
        produced: signal events in the file.
        window: (lo, hi) in GeV, of the limit.
    """

    limit: Limit
    workspace: dict[str, Any]
    efficiency: float
    produced: int
    window: tuple[float, float]


def signal_efficiency(
    analysis: Analysis, outcome: Outcome, signal: EventSource, edges: Array, *, seed: int = 0
) -> tuple[Array, int]:
    """Share (bins,) of all produced signal events that the chain selects in each bin, and their number.

    Events outside the searched range count as produced.

    Raises:
        InputError: for a signal without events or with weights that do not add up to something.
    """
    selected, total, produced = np.zeros(edges.size - 1), 0.0, 0
    limits, chain = analysis.limits(), outcome.chain
    for events in chunks_of(signal):
        total, produced = total + float(events.weight.sum()), produced + len(events)
        mass = events.column(analysis.context)
        inside = np.ones(len(events), bool) if limits is None else (mass >= limits[0]) & (mass < limits[1])
        if not inside.any():
            continue
        batch = events.without_truth().take(inside).batch(context=analysis.context, region=analysis.region)
        kept = chain.p_values(chain.score(batch, seed=seed), batch, seed=seed) <= analysis.alpha
        selected += np.histogram(batch.context[kept], edges, weights=batch.weight[kept])[0]
    if not total > 0:
        raise InputError(
            f"a signal of {produced} events with total weight {total:g}", "Give produced events."
        )
    return np.maximum(selected, 0.0) / total, produced


def signal_limit(
    analysis: Analysis,
    outcome: Outcome,
    signal: EventSource,
    *,
    name: str = "signal",
    tested_share: float = 1.0,
    luminosity: float | None = None,
    level: float = 0.95,
    calculator: Calculator | None = None,
    n_toys: int = 10_000,
    spurious: SpuriousSignal | None = None,
    seed: int = 0,
) -> SignalLimit:
    """An upper limit on a simulated signal from a finished bump hunt or counting experiment.

    In a bump hunt the limit is that of the signal's own window, the fewest neighbouring bins that hold
    ``HELD`` of its selected events: fixed by the signal and not by the data, with the background fitted
    beside it. A counting experiment has its region.

    Args:
        analysis: the search.
        outcome: what it left behind; its systematics are carried.
        signal: all produced events of the signal, also those that fail a selection of the search.
        name: of the signal.
        tested_share: share of the data that was tested (``Split.tested_share``).
        luminosity: in 1/fb, mu is then a cross-section in fb; else mu is signal events made in the data.
        level: confidence level.
        calculator: "asymptotic" or "toys"; None chooses by the expected background.
        n_toys: pseudo-experiments under each hypothesis.
        seed: of the pseudo-experiments, and of ties.
        spurious: signal events that the background function may fake, as a nuisance.

    Raises:
        MissingDependency: without pyhf.
        InputError: for a blocked search, a signal of which nothing is selected, and what ``upper_limit``
            refuses.
    """
    refuse_blocked(outcome.result)
    edges = np.asarray(outcome.result.window) if analysis.hunt is None else analysis.hunt.bin_edges()
    share, produced = signal_efficiency(analysis, outcome, signal, edges, seed=seed)
    if not share.any():
        raise InputError(
            f"none of {produced} signal events is selected between {edges[0]:g} and {edges[-1]:g} GeV",
            "Give a signal inside the search, or more of its events.",
        )
    first, last = signal_window(share)
    expected = _expectation(analysis, outcome, (float(edges[first]), float(edges[last])))
    inside = float(share[first:last].sum())
    made = _signal(name, inside * tested_share, luminosity)
    mean = float(share @ (0.5 * (edges[1:] + edges[:-1])) / share.sum())
    fake = 0.0 if spurious is None else spurious.at(float(np.clip(mean, *spurious.masses[[0, -1]])))
    spec = workspace(expected, made, spurious=fake * inside / float(share.sum()))
    limit = upper_limit(spec, level, calculator=calculator, n_toys=n_toys, seed=seed)
    return SignalLimit(limit, spec, inside * tested_share, produced, (expected.edges[0], expected.edges[-1]))


def signal_window(share: Array) -> tuple[int, int]:
    """First bin, and the one behind the last, of the fewest neighbouring bins that hold ``HELD`` of a signal;
    among equals those that hold most. ``share`` (bins,) is the signal in each."""
    total, bins = float(share.sum()), share.size
    for width in range(1, bins + 1):
        held = np.convolve(share, np.ones(width), "valid")
        if held.max() >= HELD * total * (1 - 1e-12):
            first = int(np.argmax(held))
            return first, first + width
    return 0, bins


def _signal(name: str, efficiency: float, luminosity: float | None) -> Signal:
    if luminosity is not None:
        return Signal.of_cross_section(name, [efficiency], luminosity)
    return Signal(name, (efficiency,), "one signal event made in the data")


def _expectation(analysis: Analysis, outcome: Outcome, window: tuple[float, float]) -> Expectation:
    law = outcome.chain.null.selection_law(analysis.alpha)
    background = None if analysis.hunt is None else analysis.hunt.background
    result = outcome.result if analysis.hunt is None else replace(outcome.result, window=window)
    return window_expectation(result, background, selection_law=law, systematics=outcome.systematics)


def spurious_on_reference(
    analysis: Analysis, outcome: Outcome, *, relative_width: float = 0.03, limit: float = 0.5, seed: int = 0
) -> SpuriousSignal:
    """The signal that the background function invents on the reference, at the size of the selected data.

    The reference behind the training is looked at before the cut, which leaves its shape as it is.

    Args:
        analysis: a bump hunt or shape scan over a dijet function.
        outcome: what it left behind.
        relative_width: standard deviation of the signal over its mass.
        limit: largest size of a spurious signal in units of its statistical error that passes.
        seed: thins a weighted reference to counts.

    Raises:
        InputError: for another search, or a fit that does not converge.
    """
    hunt = analysis.hunt
    if hunt is None or not isinstance(hunt.background, DijetFunction):
        raise InputError(
            "a spurious signal without a fitted background", "Use a bump hunt over a DijetFunction."
        )
    held = reference_events(*outcome.checked.as_reference())
    known = None if outcome.calibrated is None else reference_events(*outcome.calibrated.as_reference())
    scan = ShapeScan(
        tuple(hunt.bin_edges().tolist()), relative_width=relative_width, background=hunt.background
    )
    selected = max(float(np.sum(outcome.result.spectrum.fitted)), 1e-9)
    return spurious_signal(
        spectrum(held, known, hunt, np.random.default_rng([seed, 11])),
        scan,
        data_events=selected,
        limit=limit,
    )
