"""What a limit needs of a search: observed and expected counts, with everything that is uncertain of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.result import SearchResult
from strangeness.search.systematics import Systematic, checked
from strangeness.search.template import FixedExpectation, TemplateBackground
from strangeness.stats.poisson_fit import Design, newton, start
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
Background = DijetFunction | FixedExpectation | TemplateBackground


@dataclass(frozen=True)
class Expectation:
    """Counts of the data and of background alone, in one bin or in many.

    Attributes:
        edges: bin edges (bins + 1,) in GeV.
        observed, expected: counts (bins,).
        statistical: relative deviation (bins,) from a finite reference, independent between bins; 0 for none.
        systematics: nuisances with a standard normal prior.
        free: directions in which a fitted background may move, at one standard deviation of the fit; the data
            decide about them.
        notes: where the expectation comes from.
    """

    edges: tuple[float, ...]
    observed: tuple[float, ...]
    expected: tuple[float, ...]
    statistical: tuple[float, ...]
    systematics: tuple[Systematic, ...] = ()
    free: tuple[Systematic, ...] = ()
    notes: tuple[str, ...] = ()


def window_expectation(
    result: SearchResult,
    background: Background | None = None,
    *,
    selection_law: SelectionLaw | None = None,
    systematics: Sequence[Systematic] = (),
) -> Expectation:
    """The window of a search as one bin.

    A smooth function is fitted again without the window, so that a signal in it cannot pull it up.

    Args:
        result: of a bump hunt or a counting experiment.
        background: the one of the bump hunt; None for a counting experiment.
        selection_law: from the calibration; a counting experiment cannot do without.
        systematics: of the background, one value or one a bin of the spectrum.

    Raises:
        InputError: when a check has blocked the search, its data are weighted, or the background cannot be
            had in the window.
    """
    refuse_blocked(result)
    edges, counts, fitted = _spectrum(result)
    inside = (edges[:-1] >= result.window[0] - 1e-9) & (edges[1:] <= result.window[1] + 1e-9)
    share = fitted[inside]
    moved = [
        item if len(item.up) == 1 else _inside(item, inside).over(share)
        for item in checked(systematics, fitted.size)
    ]
    expected, statistical, more, note = _background(result, background, edges, counts, inside, selection_law)
    if not expected > 0:
        raise InputError(
            "a window whose expectation is nothing", "Widen the window or enlarge the reference."
        )
    if selection_law is not None and result.kind != "counting":
        moved.append(_calibration(selection_law, result.window))
    return Expectation(
        tuple(map(float, result.window)),
        (float(counts[inside].sum()),),
        (expected,),
        (statistical,),
        checked([*moved, *more], 1),
        (),
        (note,),
    )


def spectrum_expectation(
    result: SearchResult,
    background: Background,
    *,
    selection_law: SelectionLaw | None = None,
    systematics: Sequence[Systematic] = (),
) -> Expectation:
    """All bins of the spectrum of a bump hunt.

    Args:
        result: of a bump hunt.
        background: the one of the hunt. The parameters of a smooth function stay free.
        selection_law: from the calibration; each of its bins moves the spectrum by its own nuisance.
        systematics: of the background, one value or one a bin.

    Raises:
        InputError: when a check has blocked the search, its data are weighted, it was a counting experiment,
            or a bin of the reference is empty.
    """
    refuse_blocked(result)
    if result.kind == "counting":
        raise InputError("a counting experiment has no spectrum", "Use window_expectation.")
    edges, counts, fitted = _spectrum(result)
    statistical, free, note = np.zeros(counts.size), (), "the background is known, up to its systematics"
    if isinstance(background, DijetFunction):
        free = fit_directions(background, edges, fitted)
        note = f"a dijet function with {background.n_parameters} parameters, fitted together with the signal"
    elif isinstance(background, TemplateBackground):
        reference = background.array(counts.size)
        _refuse_empty(reference)
        statistical, note = 1 / np.sqrt(reference), "a finite reference histogram"
    every = [*systematics, *(() if selection_law is None else _calibration_bins(selection_law, edges))]
    return Expectation(
        tuple(edges.tolist()),
        tuple(counts.tolist()),
        tuple(fitted.tolist()),
        tuple(statistical.tolist()),
        checked(every, counts.size),
        free,
        (note,),
    )


def refuse_blocked(result: SearchResult) -> None:
    """Raise an InputError when a check has withheld the significances: a limit rests on the same null."""
    if result.blocked:
        raise InputError(
            f"no limit from a search whose validity check failed ({result.reason})",
            "Mend what the check found and search again.",
        )


def fit_directions(background: DijetFunction, edges: Array, fitted: Array) -> tuple[Systematic, ...]:
    """The k independent directions of a fit: relative changes (bins,) at one standard deviation."""
    design = background.prepared(fitted, edges)
    size, axes = np.linalg.eigh(np.linalg.inv(design.q.T @ (fitted[:, None] * design.q)))
    moves = design.q @ (axes * np.sqrt(np.maximum(size, 0.0)))
    return tuple(
        Systematic(f"fit direction {i + 1}", tuple(np.expm1(move)), tuple(np.expm1(-move)))
        for i, move in enumerate(moves.T)
    )


def sideband_fit(
    background: DijetFunction, edges: Array, counts: Array, inside: NDArray[np.bool_]
) -> tuple[float, float]:
    """Background in the bins ``inside`` from a fit to all others, and its relative standard deviation.

    Raises:
        InputError: when the bins outside are too few, or the fit does not converge.
    """
    columns, offset = background.design(edges)
    out = ~inside
    if np.count_nonzero(counts[out]) <= background.n_parameters:
        raise InputError(
            f"{np.count_nonzero(counts[out])} bins with events beside the window for "
            f"{background.n_parameters} parameters",
            "Widen the range of the search or use fewer parameters.",
        )
    design = Design(columns[out], offset[out], counts[out] + 1e-3 * counts[out].mean())
    column = counts[out][:, None]
    mu, theta, converged = newton(column, design, start(column, design))
    if not converged[0]:
        raise InputError("a sideband fit that did not converge", "Use fewer parameters or a narrower range.")
    covariance = np.linalg.inv(design.q.T @ (mu * design.q))
    rows = columns[inside] @ design.transform
    part = np.exp(rows @ theta[:, 0] + offset[inside])
    slope = part @ rows / part.sum()
    return float(part.sum()), float(np.sqrt(slope @ covariance @ slope))


def _background(
    result: SearchResult,
    background: Background | None,
    edges: Array,
    counts: Array,
    inside: NDArray[np.bool_],
    law: SelectionLaw | None,
) -> tuple[float, float, tuple[Systematic, ...], str]:
    """Expected counts in the window, their statistical deviation, a nuisance of the fit, and a note."""
    if result.kind == "counting":
        if law is None:
            raise InputError("a counting experiment without its selection law", "Give selection_law.")
        return result.expected, _spread(law, result.window), (), "the efficiency of a finite calibration"
    if isinstance(background, DijetFunction):
        expected, spread = sideband_fit(background, edges, counts, inside)
        item = Systematic("background fit", (float(np.expm1(spread)),), (float(np.expm1(-spread)),))
        return expected, 0.0, (item,), f"a dijet function fitted beside the window, good to {spread:.2g}"
    if isinstance(background, TemplateBackground):
        events = float(background.array(counts.size)[inside].sum())
        _refuse_empty(np.array([events]))
        return (
            events / background.tau,
            events**-0.5,
            (),
            f"{events:g} reference events, tau {background.tau:g}",
        )
    if background is None:
        raise InputError("a bump hunt without its background", "Give the background of the hunt.")
    return float(background.array(counts.size)[inside].sum()), 0.0, (), "a known expectation"


def _spectrum(result: SearchResult) -> tuple[Array, Array, Array]:
    spectrum = result.spectrum
    if np.any(np.asarray(spectrum.counts) % 1 != 0):
        raise InputError("a limit from weighted data", "Unweight the events: a likelihood needs counts.")
    return np.asarray(spectrum.edges), np.asarray(spectrum.counts), np.asarray(spectrum.fitted)


def _inside(item: Systematic, inside: NDArray[np.bool_]) -> Systematic:
    up, down = (tuple(np.asarray(side)[inside].tolist()) for side in (item.up, item.down))
    return Systematic(item.name, up, down)


def _refuse_empty(reference: Array) -> None:
    if np.any(reference <= 0):
        empty = ", ".join(str(i) for i in np.flatnonzero(reference <= 0)[:8])
        raise InputError(
            f"no reference event in bin {empty}", "Merge bins or widen the window: nothing bounds its mean."
        )


def _spread(law: SelectionLaw, window: tuple[float, float]) -> float:
    """Relative deviation of the efficiency: the largest of the bins that the window touches."""
    touched = np.unique(law.bin_of(np.array([window[0], np.nextafter(window[1], -np.inf)])))
    bins = np.arange(touched[0], touched[-1] + 1)
    return float(np.sqrt(np.max(law.b[bins] / (law.a[bins] * (law.a[bins] + law.b[bins] + 1)))))


def _calibration(law: SelectionLaw, window: tuple[float, float]) -> Systematic:
    spread = _spread(law, window)
    return Systematic("finite calibration", (float(np.expm1(spread)),), (float(np.expm1(-spread)),))


def _calibration_bins(law: SelectionLaw, edges: Array) -> list[Systematic]:
    spread = np.sqrt(law.b / (law.a * (law.a + law.b + 1)))
    moves = law.overlap(edges) * spread
    return [
        Systematic(f"finite calibration {j + 1}", tuple(np.expm1(move)), tuple(np.expm1(-move)))
        for j, move in enumerate(moves.T)
        if np.any(move > 0)
    ]
