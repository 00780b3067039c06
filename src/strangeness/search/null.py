"""What background alone would give: the observed scan and pseudo-experiments for each kind of background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import BackgroundFit, DijetFunction
from strangeness.search.systematics import Systematic, checked, factors, names
from strangeness.search.template import FixedExpectation, TemplateBackground, template_t
from strangeness.search.windows import Scan, WindowTable, largest_excess, scan_all, window_p, window_sums
from strangeness.stats.poisson_fit import newton
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import deviance_term

Array = NDArray[np.float64]
Background = DijetFunction | FixedExpectation | TemplateBackground


class Null(Protocol):
    """Background alone: expected counts (bins,), the scan of the data, and statistics of pseudo-experiments.

    ``chunk`` is the number of pseudo-experiments that are made at once, ``failed`` counts fits without
    convergence.
    """

    expected: Array
    failed: int
    chunk: int
    assumptions: tuple[str, ...]

    def observed(self) -> Scan:
        """The most significant window of the data."""
        ...

    def pulls(self) -> Array:
        """Signed deviations of the counts (bins,) in units of about one standard deviation."""
        ...

    def pseudo(self, rng: np.random.Generator, size: int) -> Array:
        """t of ``size`` pseudo-experiments."""
        ...


def null_of(
    background: Background,
    edges: Array,
    counts: Array,
    widths: tuple[int, ...],
    law: SelectionLaw | None,
    systematics: Sequence[Systematic] = (),
) -> Null:
    """The null model of ``background`` for the observed ``counts`` (bins,).

    Args:
        background: what is expected without a signal.
        edges: bin edges (bins + 1,) in GeV.
        counts: the data.
        widths: window widths in bins.
        law: of the efficiency of the selection.
        systematics: changes of the background, drawn again in every pseudo-experiment.
    """
    if isinstance(background, TemplateBackground):
        return TemplateNull(background, counts, widths, law, systematics)
    if isinstance(background, FixedExpectation):
        return FixedNull(background, edges, counts, widths, law, systematics)
    return FittedNull(background, edges, counts, widths, law, systematics)


class Efficiency:
    """Toys of an expectation times what is uncertain of it: the efficiency that a finite calibration gives,
    and the systematics."""

    def __init__(
        self,
        expected: Array,
        edges: Array,
        law: SelectionLaw | None,
        systematics: Sequence[Systematic] = (),
    ) -> None:
        self.expected, self.law = expected, law
        self.overlap = None if law is None else law.overlap(edges)
        self.systematics = checked(systematics, expected.size)

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
        """Counts (bins, size)."""
        mean = self.expected[:, None]
        if self.law is not None and self.overlap is not None:
            mean = mean * (self.overlap @ self.law.draw(rng, size))
        if self.systematics:
            mean = mean * factors(self.systematics, self.expected.size, rng, size)
        return rng.poisson(mean, (self.expected.size, size))


class FittedNull:
    """A smooth function fitted to the data, and fitted again in every pseudo-experiment."""

    chunk = 1024

    def __init__(
        self,
        background: DijetFunction,
        edges: Array,
        counts: Array,
        widths: tuple[int, ...],
        law: SelectionLaw | None,
        systematics: Sequence[Systematic] = (),
    ) -> None:
        self.counts, self.widths = counts, widths
        self.fit: BackgroundFit = background.fit(counts, edges)
        if not self.fit.converged:
            raise InputError(
                "a background fit that did not converge", "Use fewer parameters or a narrower range."
            )
        self.expected, self.failed = self.fit.expected, 0
        self.design = background.prepared(self.expected, edges)
        self.theta = self.design.internal(self.fit.params)[:, None]
        self.source = Efficiency(self.expected, edges, law, systematics)
        self.assumptions: tuple[str, ...] = (
            f"background follows a smooth dijet function with {background.n_parameters} parameters, refitted "
            "in every pseudo-experiment",
            *said(self.source.systematics),
        )

    def observed(self) -> Scan:
        """The exact scan of the data."""
        return scan_all(self.counts[:, None], self.expected[:, None], self.widths)

    def pulls(self) -> Array:
        """Signed roots of the deviance of each bin."""
        return poisson_pulls(self.counts, self.expected)

    def pseudo(self, rng: np.random.Generator, size: int) -> Array:
        """t of refitted pseudo-experiments; a fit that fails counts as more extreme than any data."""
        counts = self.source.draw(rng, size).astype(np.float64)
        filled = counts.any(axis=0)
        mu, _, converged = newton(counts, self.design, self.theta)
        t = largest_excess(counts, mu, self.widths)
        self.failed += int(np.count_nonzero(filled & ~converged))
        t[~converged] = np.inf
        t[~filled] = 0.0
        return t


class FixedNull:
    """A known expectation without refit: p-values come from a table over counts."""

    chunk = 4096

    def __init__(
        self,
        background: FixedExpectation,
        edges: Array,
        counts: Array,
        widths: tuple[int, ...],
        law: SelectionLaw | None,
        systematics: Sequence[Systematic] = (),
    ) -> None:
        self.counts, self.widths, self.failed = counts, widths, 0
        self.expected = background.array(counts.size)
        self.source = Efficiency(self.expected, edges, law, systematics)
        sums = np.concatenate([s for _, s in window_sums(self.expected[:, None], widths)])[:, 0]
        wide = sums * (1.0 + _relative_variance(law, self.source.systematics) * sums)
        self.table = WindowTable(
            lambda n, w: window_p(n, np.full(n.shape, sums[w])), sums, np.sqrt(wide), counts.size, widths
        )
        known = "exactly" if not systematics else "up to its systematics"
        self.assumptions: tuple[str, ...] = (
            f"the background expectation is known {known} and not refitted",
            *said(self.source.systematics),
        )

    def observed(self) -> Scan:
        """The scan of the data, from the same law as the table."""
        return self.table.scan(self.counts)

    def pulls(self) -> Array:
        """Signed roots of the deviance of each bin."""
        return poisson_pulls(self.counts, self.expected)

    def pseudo(self, rng: np.random.Generator, size: int) -> Array:
        """t of pseudo-experiments."""
        return self.table.largest(self.source.draw(rng, size))


class TemplateNull:
    """Data against a finite reference histogram; both fluctuate with the total in each bin held fixed.

    Given the total of a bin, background alone gives the data a binomial share 1 / (1 + tau), whatever the
    mean was: the global p-value is exact and needs no estimate of the spectrum. A systematic changes the data
    relative to the reference: with a factor f the share is f / (f + tau), f drawn in every pseudo-experiment.
    """

    chunk = 4096

    def __init__(
        self,
        background: TemplateBackground,
        counts: Array,
        widths: tuple[int, ...],
        law: SelectionLaw | None,
        systematics: Sequence[Systematic] = (),
    ) -> None:
        if law is not None:
            raise InputError(
                "a selection law with a TemplateBackground",
                "Leave it out: data and reference pass the same cut, whose efficiency cancels between them.",
            )
        if np.any(counts != np.round(counts)):
            raise InputError("weighted data with a TemplateBackground", "Give events without weights.")
        self.counts, self.failed, self.tau = counts, 0, background.tau
        reference = background.array(counts.size)
        self.reference, self.expected = reference, reference / background.tau
        self.total, self.share = (counts + reference).astype(np.int64), 1 / (1 + background.tau)
        self.table, self.systematics = self._table(widths), checked(systematics, counts.size)
        self.assumptions: tuple[str, ...] = (
            "data and reference are Poisson counts with the same shape, of relative size tau; the "
            "reference is finite and fluctuates in every pseudo-experiment",
            *said(self.systematics),
        )

    def _table(self, widths: tuple[int, ...]) -> WindowTable:
        total = np.concatenate([s for _, s in window_sums(self.total[:, None], widths)])[:, 0].astype(
            np.float64
        )
        mean, variance = total * self.share, total * self.share * (1 - self.share)

        def law(n: Array, window: int) -> Array:
            return template_t(n, total[window] - n, self.tau)

        return WindowTable(law, mean, np.sqrt(variance), self.counts.size, widths, top=total)

    def observed(self) -> Scan:
        """The scan of the data, from the same law as the table."""
        return self.table.scan(self.counts)

    def pulls(self) -> Array:
        """(n - m / tau) over its standard deviation sqrt((n + m) / tau) under the null; 0 in empty bins."""
        spread = np.sqrt((self.counts + self.reference) / self.tau)
        return np.divide(self.counts - self.expected, spread, out=np.zeros_like(spread), where=spread > 0)

    def pseudo(self, rng: np.random.Generator, size: int) -> Array:
        """t of pseudo-experiments that share out each bin's total between data and reference."""
        share: float | Array = self.share
        if self.systematics:
            factor = factors(self.systematics, self.total.size, rng, size)
            share = factor / (factor + self.tau)
        return self.table.largest(rng.binomial(self.total[:, None], share, (self.total.size, size)))


def poisson_pulls(counts: Array, expected: Array) -> Array:
    """Signed roots of the deviance, about standard normal where counts are large."""
    return np.sign(counts - expected) * np.sqrt(np.maximum(2 * deviance_term(counts, expected), 0.0))


def said(systematics: Sequence[Systematic]) -> tuple[str, ...]:
    """The assumption that a search with these systematics makes."""
    if not systematics:
        return ()
    return (
        f"systematics ({names(systematics)}): one standard normal nuisance each, drawn again in every "
        "pseudo-experiment; the global p carries them, the local p of a window does not",
    )


def _relative_variance(law: SelectionLaw | None, systematics: Sequence[Systematic]) -> float:
    """Of the expectation, in the bin where it is largest; it only says how far a table should reach."""
    finite = 0.0 if law is None else float(np.max(law.b / (law.a * (law.a + law.b + 1))))
    return finite + sum(float(np.max(np.square([item.up, item.down]))) for item in systematics)
