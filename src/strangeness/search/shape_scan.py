"""A likelihood-ratio scan: a signal of known shape at every mass, over a dijet function fitted with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from strangeness.core.errors import InputError
from strangeness.search.background import BackgroundFit, DijetFunction, checked_edges
from strangeness.search.null import Efficiency
from strangeness.search.signal_fit import fit_signal
from strangeness.search.significance import GlobalP, global_p, sequential_global_p
from strangeness.stats.poisson_fit import Design, newton
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import p_from_z

Array = NDArray[np.float64]
_COLUMNS = 4096
_TOYS = 256


@dataclass(frozen=True)
class ShapeFit:
    """The signal at every mass (M,), fitted to one spectrum.

    Attributes:
        masses: in GeV.
        root: signed root of the likelihood ratio, sign(s) sqrt(2 (log L(s) - log L(0))).
        local_p: 1 - Phi(root), which holds for many events (arXiv:1007.1727 eqs. 12 and 52).
        strength, error: fitted signal events in the range, and their standard deviation.
        background: the fit without a signal.
    """

    masses: Array
    root: Array
    local_p: Array
    strength: Array
    error: Array
    background: BackgroundFit

    @property
    def best(self) -> int:
        """Index of the largest root."""
        return int(np.argmax(self.root))


@dataclass(frozen=True)
class ShapeResult:
    """The most significant mass of a scan, with its global p-value.

    Attributes:
        fit: the signal at every mass.
        mass, strength, error, local_p: of the most significant one.
        outcome: global p-value of its root from pseudo-experiments, background refitted in each.
        failed: pseudo-experiments with a fit that did not converge, counted as more extreme than the data.
        assumptions: what the p-values rest on.
    """

    fit: ShapeFit
    mass: float
    strength: float
    error: float
    local_p: float
    outcome: GlobalP
    failed: int
    assumptions: tuple[str, ...]


@dataclass(frozen=True)
class ShapeScan:
    """Scan of a Gaussian signal, or of given templates, over a fitted dijet function.

    At every mass the background parameters are profiled by a full fit with the signal (no score test). In
    pseudo-experiments only masses where the signal is positive are fitted, as only an excess counts; the sign
    is that of the score of the background-only fit.

    Attributes:
        edges: bin edges (bins + 1,) in GeV.
        masses: of the scan in GeV; None is a grid in steps of half the signal's width.
        relative_width: standard deviation of the Gaussian over its mass.
        templates: for each mass the shares of the bins (bins,), instead of the Gaussian.
        background: the dijet function.
        n_pseudo, stop_after: as in BumpHunt.
    """

    edges: tuple[float, ...]
    masses: tuple[float, ...] | None = None
    relative_width: float = 0.03
    templates: tuple[tuple[float, ...], ...] | None = None
    background: DijetFunction = field(default_factory=DijetFunction)
    n_pseudo: int = 1000
    stop_after: int | None = None

    def grid(self) -> Array:
        """The masses (M,) in GeV.

        Raises:
            InputError: for a width that is not in (0, 1), or masses that are not increasing inside the edges.
        """
        edges = checked_edges(self.edges)
        if not 0 < self.relative_width < 1:
            raise InputError(f"relative width {self.relative_width}", "Give a width between 0 and 1.")
        if self.masses is None:
            steps = int(np.ceil(np.log(edges[-1] / edges[0]) / np.log1p(self.relative_width / 2)))
            return np.geomspace(edges[0], edges[-1], steps + 1)[1:-1]
        masses = np.asarray(self.masses, np.float64)
        if masses.ndim != 1 or masses.size == 0 or np.any(np.diff(masses) <= 0):
            raise InputError(f"masses of shape {masses.shape}", "Give increasing masses in GeV.")
        if not (edges[0] <= masses[0] and masses[-1] <= edges[-1]):
            raise InputError(
                f"masses from {masses[0]:g} to {masses[-1]:g} GeV for a spectrum from {edges[0]:g} to "
                f"{edges[-1]:g}",
                "Give masses inside the edges.",
            )
        return masses

    def shapes(self) -> Array:
        """Shares (bins, M) of one signal event in the range; each column adds up to one.

        Raises:
            InputError: for templates of another shape, or with negative or only zero shares.
        """
        edges, masses = checked_edges(self.edges), self.grid()
        if self.templates is None:
            shape = np.diff(ndtr((edges[:, None] - masses) / (self.relative_width * masses)), axis=0)
        else:
            shape = np.asarray(self.templates, np.float64).T
            if shape.shape != (edges.size - 1, masses.size) or np.any(shape < 0) or np.any(shape.sum(0) <= 0):
                raise InputError(
                    f"templates of shape {shape.T.shape} for {masses.size} masses and {edges.size - 1} bins",
                    "Give one row of shares >= 0 for each mass.",
                )
        return shape / shape.sum(axis=0)

    def fit(self, counts: ArrayLike) -> ShapeFit:
        """The signal at every mass in one spectrum (bins,), excess or deficit.

        Raises:
            InputError: for another number of bins, counts that are negative or not finite, or a fit that does
                not converge, with its mass.
        """
        values, shapes = self._checked(counts), self.shapes()
        alone = self.background.fit(values, self.edges)
        if not alone.converged:
            raise InputError(
                "a background fit that did not converge", "Use fewer parameters or another range."
            )
        design = self.background.prepared(alone.expected, alone.edges)
        m = shapes.shape[1]
        theta = np.repeat(design.internal(alone.params)[:, None], m, axis=1)
        fits = fit_signal(np.repeat(values[:, None], m, axis=1), shapes, design, theta)
        if not fits.converged.all():
            lost = self.grid()[int(np.argmin(fits.converged))]
            raise InputError(f"a signal fit at {lost:g} GeV that did not converge", "Narrow the masses.")
        root = np.sign(fits.strength) * np.sqrt(2 * fits.gain)
        return ShapeFit(self.grid(), root, p_from_z(root), fits.strength, fits.error, alone)

    def run_counts(
        self, counts: ArrayLike, *, selection_law: SelectionLaw | None = None, rng: np.random.Generator
    ) -> ShapeResult:
        """Search a spectrum (bins,) for the most significant mass.

        Args:
            counts: events in each bin.
            selection_law: the law of the efficiency from a finite calibration, drawn anew in each toy.
            rng: NumPy generator.

        Raises:
            InputError: as ``fit``, and for n_pseudo < 1.
        """
        if self.n_pseudo < 1:
            raise InputError(f"n_pseudo = {self.n_pseudo}", "Ask for at least one pseudo-experiment.")
        fit = self.fit(counts)
        toys = ShapeToys(self, fit.background, selection_law)
        outcome = self._outcome(float(max(fit.root.max(), 0.0)), toys, rng)
        best = fit.best
        return ShapeResult(
            fit,
            float(fit.masses[best]),
            float(fit.strength[best]),
            float(fit.error[best]),
            float(fit.local_p[best]),
            outcome,
            toys.failed,
            _assumptions(self, selection_law),
        )

    def _outcome(self, largest: float, toys: ShapeToys, rng: np.random.Generator) -> GlobalP:
        if self.stop_after is not None:
            return sequential_global_p(
                largest,
                lambda size: toys.roots(rng, size).max(axis=0),
                rng,
                stop_after=self.stop_after,
                n_max=self.n_pseudo,
                chunk=_TOYS,
            )
        parts = [toys.roots(rng, size).max(axis=0) for size in _sizes(self.n_pseudo, _TOYS)]
        return global_p(largest, np.concatenate(parts), rng)

    def _checked(self, counts: ArrayLike) -> Array:
        values = np.asarray(counts, np.float64)
        if values.shape != (len(self.edges) - 1,) or not np.all(np.isfinite(values)) or np.any(values < 0):
            raise InputError(
                f"a histogram of shape {values.shape}", f"Give {len(self.edges) - 1} counts >= 0."
            )
        return values


class ShapeToys:
    """Background-only pseudo-experiments of a scan, refitted; ``failed`` counts those without convergence."""

    def __init__(self, scan: ShapeScan, fit: BackgroundFit, law: SelectionLaw | None = None) -> None:
        self.shapes, self.failed = scan.shapes(), 0
        self.design = scan.background.prepared(fit.expected, fit.edges)
        self.theta = self.design.internal(fit.params)[:, None]
        self.source = Efficiency(fit.expected, fit.edges, law)

    def roots(self, rng: np.random.Generator, size: int) -> Array:
        """Roots (M, size) of ``size`` pseudo-experiments, 0 where the signal is not positive."""
        return self.roots_of(self.source.draw(rng, size).astype(np.float64))

    def roots_of(self, counts: Array) -> Array:
        """Roots (M, P) of histograms (bins, P); infinite where a fit did not converge."""
        alone, theta, converged = newton(counts, self.design, self.theta)
        positive = self.shapes.T @ (counts / alone - 1.0) > 0
        filled = counts.any(axis=0)
        mass, toy = np.nonzero(positive & (converged & filled))
        root = np.zeros(positive.shape)
        for part in _parts(mass.size):
            m, t = mass[part], toy[part]
            root[m, t] = _roots(counts[:, t], self.shapes[:, m], self.design, theta[:, t])
        root[:, filled & ~converged] = np.inf
        self.failed += int(np.count_nonzero(np.isinf(root).any(axis=0)))
        return root


def _roots(counts: Array, shapes: Array, design: Design, theta: Array) -> Array:
    fits = fit_signal(counts, shapes, design, theta)
    return np.where(fits.converged, np.sqrt(2 * fits.gain), np.inf)


def _parts(n: int) -> Iterator[slice]:
    return (slice(i, i + _COLUMNS) for i in range(0, n, _COLUMNS))


def _sizes(n: int, largest: int) -> Iterator[int]:
    return (min(largest, n - i) for i in range(0, n, largest))


def _assumptions(scan: ShapeScan, law: SelectionLaw | None) -> tuple[str, ...]:
    shape = (
        f"Gaussian of relative width {scan.relative_width:g}" if scan.templates is None else "given template"
    )
    notes = [
        "events are independent, counts are Poisson",
        f"background follows a smooth dijet function with {scan.background.n_parameters} parameters, "
        "refitted in every pseudo-experiment",
        f"the signal is a {shape}; local p-values assume many events",
    ]
    if law is not None:
        notes.append("the efficiency of the selection is drawn in every pseudo-experiment")
    return tuple(notes)
