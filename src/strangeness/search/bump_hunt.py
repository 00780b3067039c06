"""The bump hunt: the most significant window of a spectrum, and how often background alone does as well."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction, checked_edges, geometric_edges
from strangeness.search.gross_vitells import extrapolated_tail
from strangeness.search.null import Background, Null, null_of
from strangeness.search.result import SearchResult, Spectrum
from strangeness.search.significance import GlobalP, global_p, sequential_global_p
from strangeness.search.systematics import Systematic
from strangeness.search.weights import checked_weight, refuse_spectrum
from strangeness.search.windows import Scan, checked_widths
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import z_from_log_p

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class BumpHunt:
    """BumpHunter (arXiv:1101.0390) over a refitted, known or reference-histogram background.

    The statistic is t = -log min_w P(N >= n_w | b_w) over all windows w of the given widths at every
    position; only an excess counts. The background is fitted again in every pseudo-experiment, and the
    efficiency that a finite calibration leaves uncertain is drawn anew in each.

    Attributes:
        edges: bin edges in GeV; when None they are geometric from ``lo`` to ``hi``.
        lo, hi, relative_width: range in GeV and relative bin width of geometric bins.
        background: DijetFunction (fitted), FixedExpectation or TemplateBackground.
        alpha: cut on the per-event p-value that selected the events, None for all events.
        widths: window widths in bins.
        n_pseudo: pseudo-experiments, at most.
        stop_after: stop when this many pseudo-experiments are at least as extreme as the data (Besag and
            Clifford 1991); the global p stays valid and costs little where the data are ordinary. None makes
            all of them.
        systematics: relative changes of the selected background, each with one nuisance a pseudo-experiment.
    """

    edges: tuple[float, ...] | None = None
    lo: float | None = None
    hi: float | None = None
    relative_width: float = 0.025
    background: Background = field(default_factory=DijetFunction)
    alpha: float | None = 0.01
    widths: tuple[int, ...] = (2, 3, 4, 5, 6)
    n_pseudo: int = 10_000
    stop_after: int | None = None
    systematics: tuple[Systematic, ...] = ()

    def bin_edges(self) -> Array:
        """The edges (bins + 1,) in GeV.

        Raises:
            InputError: for edges that are not positive and increasing, or when neither edges nor a range are
                given.
        """
        if self.edges is not None:
            return checked_edges(self.edges)
        if self.lo is None or self.hi is None:
            raise InputError("a bump hunt without bins", "Give edges, or lo and hi in GeV.")
        return geometric_edges(self.lo, self.hi, self.relative_width)

    def run(
        self,
        context: ArrayLike,
        *,
        weight: ArrayLike | None = None,
        selection_law: SelectionLaw | None = None,
        rng: np.random.Generator,
        progress: Progress | None = None,
    ) -> SearchResult:
        """Search the masses of the SELECTED events.

        Args:
            context: masses (n,) in GeV; events outside the edges are left out.
            weight: event weights (n,) >= 0; the spectrum is then scaled to its effective number of events.
            selection_law: the law of the efficiency of p <= alpha from the calibration.
            rng: NumPy generator; the same state gives the same result.
            progress: called with (done, total) pseudo-experiments.

        Raises:
            InputError: for an empty selection, events that are all outside the range, bad weights or bad
                options.
        """
        edges = self.bin_edges()
        counts, scale = binned(context, edges, weight)
        result = self.run_counts(counts, selection_law=selection_law, rng=rng, progress=progress)
        if scale == 1.0:
            return result
        note = f"weighted events: counts are effective numbers, sum of weights over {scale:.4g}"
        return replace(result, assumptions=(*result.assumptions, note))

    def run_counts(
        self,
        counts: ArrayLike,
        *,
        selection_law: SelectionLaw | None = None,
        rng: np.random.Generator,
        progress: Progress | None = None,
    ) -> SearchResult:
        """Search a histogram (bins,) of the selected events; otherwise as ``run``."""
        null = self.null(counts, selection_law)
        scan = null.observed()
        outcome, toys = self._outcome(null, float(scan.t[0]), rng, progress)
        result = self.result(null, scan, outcome, selection_law, counts)
        return result if outcome.n_extreme else beyond(result, float(scan.t[0]), toys)

    def statistic(self, counts: ArrayLike, selection_law: SelectionLaw | None = None) -> float:
        """-log p of the most significant window of a histogram (bins,).

        Infinite where the background cannot be fitted, so that no null data set is lost.
        """
        try:
            return float(self.null(counts, selection_law).observed().t[0])
        except InputError:
            return float("inf")

    def _outcome(
        self, null: Null, t: float, rng: np.random.Generator, progress: Progress | None
    ) -> tuple[GlobalP, Array]:
        """The global p-value of a statistic, and the statistics of the pseudo-experiments."""
        if self.stop_after is None:
            pseudo = self.pseudo_statistics(null, rng, progress)
            return global_p(t, pseudo, rng), pseudo
        made: list[Array] = []

        def draw(size: int) -> Array:
            made.append(null.pseudo(rng, size))
            return made[-1]

        outcome = sequential_global_p(
            t, draw, rng, stop_after=self.stop_after, n_max=self.n_pseudo, chunk=null.chunk, progress=progress
        )
        return outcome, np.concatenate(made)

    def null(self, counts: ArrayLike, selection_law: SelectionLaw | None = None) -> Null:
        """The background-only model of a histogram (bins,)."""
        edges, counts = self.bin_edges(), np.asarray(counts, np.float64)
        if counts.shape != (edges.size - 1,) or not np.all(np.isfinite(counts)) or np.any(counts < 0):
            raise InputError(f"a histogram of shape {counts.shape}", f"Give {edges.size - 1} counts >= 0.")
        if counts.sum() <= 0:
            raise InputError("an empty spectrum", "Widen the range or the selection.")
        if self.alpha is not None and not 0 < self.alpha < 1:
            raise InputError(f"alpha = {self.alpha}", "Give a cut on the p-value between 0 and 1.")
        if (
            selection_law is not None
            and self.alpha is not None
            and not np.isclose(selection_law.alpha, self.alpha)
        ):
            raise InputError(
                f"a selection law for alpha = {selection_law.alpha:g} in a hunt at {self.alpha:g}",
                "Use the same cut for both.",
            )
        widths = checked_widths(self.widths, counts.size)
        return null_of(self.background, edges, counts, widths, selection_law, self.systematics)

    def pseudo_statistics(
        self, null: Null, rng: np.random.Generator, progress: Progress | None = None
    ) -> Array:
        """t (n_pseudo,) of pseudo-experiments, made in chunks that stay in the cache."""
        if self.n_pseudo < 1:
            raise InputError(f"n_pseudo = {self.n_pseudo}", "Ask for at least one pseudo-experiment.")
        t = np.empty(self.n_pseudo)
        for begin in range(0, self.n_pseudo, null.chunk):
            end = min(begin + null.chunk, self.n_pseudo)
            t[begin:end] = null.pseudo(rng, end - begin)
            if progress is not None:
                progress(end, self.n_pseudo)
        return t

    def result(
        self, null: Null, scan: Scan, outcome: GlobalP, law: SelectionLaw | None, counts: ArrayLike
    ) -> SearchResult:
        """What an observed scan and its global p-value say of a histogram (bins,)."""
        first, log_p = int(scan.first[0]), -float(scan.t[0])
        return SearchResult.of_scan(
            "bump hunt",
            Spectrum.of(self.bin_edges(), counts, null.expected, null.pulls()),
            slice(first, first + int(scan.width[0])),
            local_log_p=log_p,
            local_z=float(z_from_log_p(log_p)),
            outcome=outcome,
            law=law,
            alpha=self.alpha,
            assumptions=_assumptions(null, law, outcome),
        )


def beyond(result: SearchResult, t: float, pseudo: Array) -> SearchResult:
    """The result with an estimate of its global p-value below the smallest that was tested.

    Without one where there are too few pseudo-experiments for a tail, or fits among them that failed.
    """
    if not np.all(np.isfinite(pseudo)):
        return result
    with suppress(InputError):
        found = extrapolated_tail(t, pseudo)
        return replace(result, extrapolated_p=found.p, extrapolation=found.assumption)
    return result


def binned(context: ArrayLike, edges: Array, weight: ArrayLike | None = None) -> tuple[Array, float]:
    """Histogram (bins,) of the masses, in effective events where there are weights, and the weight of one of
    them.

    Weighted counts are divided by sum w^2 / sum w, which makes their variance equal to their mean (scaled
    Poisson, arXiv:1309.1287).

    Raises:
        InputError: for no events, values that are not finite, no event inside the edges, or negative weights.
    """
    values = np.asarray(context, np.float64)
    if values.ndim != 1 or values.size == 0:
        raise InputError(f"a selection of shape {values.shape}", "Select at least one event: raise alpha.")
    if not np.all(np.isfinite(values)):
        raise InputError("a mass that is NaN or infinite", "Remove such events before the search.")
    if np.all((values < edges[0]) | (values > edges[-1])):
        raise InputError(
            f"{values.size} selected events, all outside {edges[0]:g}-{edges[-1]:g} GeV "
            f"(they span {values.min():g}-{values.max():g})",
            "Move the range of the search.",
        )
    if weight is None:
        return np.histogram(values, edges)[0].astype(np.float64), 1.0
    return _weighted(values, edges, checked_weight(weight, values.size))


def _weighted(values: Array, edges: Array, weight: Array) -> tuple[Array, float]:
    inside = (values >= edges[0]) & (values <= edges[-1])
    total = weight[inside].sum()
    if total <= 0:
        raise InputError("events whose weights in the range add up to nothing", "Give positive weights.")
    scale = float((weight[inside] ** 2).sum() / total)
    if np.all(weight[inside] == weight[inside][0]):
        return np.histogram(values, edges)[0].astype(np.float64), float(weight[inside][0])
    refuse_spectrum(values, weight, edges)
    return np.histogram(values, edges, weights=weight)[0] / scale, scale


def _assumptions(null: Null, law: SelectionLaw | None, outcome: GlobalP) -> tuple[str, ...]:
    notes = ["events are independent, counts are Poisson", *null.assumptions]
    if law is not None:
        notes.append(
            "the efficiency of the selection is a Beta draw per calibration bin, because the calibration is "
            "finite; it is drawn again in every pseudo-experiment"
        )
    if outcome.stopped_after is not None:
        notes.append(
            f"pseudo-experiments were made until {outcome.stopped_after} were as large, at most "
            f"{outcome.n_max}: p = h / n at the h-th (Besag and Clifford 1991)"
        )
    if null.failed:
        notes.append(
            f"{null.failed} of {outcome.drawn} background fits did not converge and were counted as more "
            "extreme than the data"
        )
    return tuple(notes)
