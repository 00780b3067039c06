"""What background alone would give: the observed scan and pseudo-experiments for each kind of background."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import BackgroundFit, DijetFunction
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
    background: Background, edges: Array, counts: Array, widths: tuple[int, ...], law: SelectionLaw | None
) -> Null:
    """The null model of ``background`` for the observed ``counts`` (bins,)."""
    if isinstance(background, TemplateBackground):
        return TemplateNull(background, counts, widths, law)
    if isinstance(background, FixedExpectation):
        return FixedNull(background, edges, counts, widths, law)
    return FittedNull(background, edges, counts, widths, law)


class Efficiency:
    """Toys of an expectation times the efficiency that a finite calibration leaves uncertain."""

    def __init__(self, expected: Array, edges: Array, law: SelectionLaw | None) -> None:
        self.expected, self.law = expected, law
        self.overlap = None if law is None else law.overlap(edges)

    def draw(self, rng: np.random.Generator, size: int) -> NDArray[np.int64]:
        """Counts (bins, size)."""
        mean = self.expected[:, None]
        if self.law is not None and self.overlap is not None:
            mean = mean * (self.overlap @ self.law.draw(rng, size))
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
        self.source = Efficiency(self.expected, edges, law)
        self.assumptions: tuple[str, ...] = (
            f"background follows a smooth dijet function with {background.n_parameters} parameters, refitted "
            "in every pseudo-experiment",
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
    ) -> None:
        self.counts, self.widths, self.failed = counts, widths, 0
        self.expected = background.array(counts.size)
        self.source = Efficiency(self.expected, edges, law)
        sums = np.concatenate([s for _, s in window_sums(self.expected[:, None], widths)])[:, 0]
        wide = sums if law is None else sums * (1.0 + float(np.max(_spread(law))) ** 2 * sums)
        self.table = WindowTable(
            lambda n, w: window_p(n, sums[w : w + 1]), sums, np.sqrt(wide), counts.size, widths
        )
        self.assumptions: tuple[str, ...] = ("the background expectation is known exactly and not refitted",)

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
    mean was: the global p-value is exact and needs no estimate of the spectrum.
    """

    chunk = 4096

    def __init__(
        self, background: TemplateBackground, counts: Array, widths: tuple[int, ...], law: SelectionLaw | None
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
        self.table = self._table(widths)
        self.assumptions: tuple[str, ...] = (
            "data and reference are Poisson counts with the same shape, of relative size tau; the "
            "reference is finite and fluctuates in every pseudo-experiment",
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
        return self.table.largest(rng.binomial(self.total[:, None], self.share, (self.total.size, size)))


def poisson_pulls(counts: Array, expected: Array) -> Array:
    """Signed roots of the deviance, about standard normal where counts are large."""
    return np.sign(counts - expected) * np.sqrt(np.maximum(2 * deviance_term(counts, expected), 0.0))


def _spread(law: SelectionLaw) -> Array:
    """Relative standard deviation of the efficiency per bin of the law."""
    total = law.a + law.b
    return np.sqrt(law.b / (law.a * (total + 1)))
