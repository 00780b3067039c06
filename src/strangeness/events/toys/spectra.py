"""Smooth spectra of a resonance mass, and signals planted on them: laws that are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.events.events import Events
from strangeness.events.toys.mixtures import GaussianMixture

Array = NDArray[np.float64]
_CELLS = 8192
_PLACE = 0.5 - 0.5 / 3.0**0.5  # where t (1 - t) (1 - 2 t) is largest
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)


@dataclass(frozen=True)
class Spectrum:
    """A density of mass on a range, with its distribution function on a grid.

    The grid's values are exact to 1e-12; between them the density is a straight line, so that the law that is
    sampled is nowhere further than ``precision`` from the true one.

    Attributes:
        density: any multiple of the density, vectorised.
        grid: masses (g,) in GeV, from the lower to the upper end.
        cumulative: (g,) from 0 to 1.
        slope: (g - 1,) of the line in a cell, -1 to 1: its change over the cell by its sum at both ends.
        norm: what ``density`` is divided by.
        precision: largest distance between the law that is sampled and the true one.
    """

    density: Callable[[Array], Array]
    grid: Array
    cumulative: Array
    slope: Array
    norm: float
    precision: float

    @property
    def range(self) -> tuple[float, float]:
        """Lower and upper end in GeV."""
        return float(self.grid[0]), float(self.grid[-1])

    def pdf(self, mass: ArrayLike) -> Array:
        """The density in 1/GeV; 0 outside the range."""
        m = np.asarray(mass, dtype=np.float64)
        low, high = self.range
        inside = (m >= low) & (m <= high)
        return np.where(inside, self.density(np.clip(m, low, high)) / self.norm, 0.0)

    def cdf(self, mass: ArrayLike) -> Array:
        """The distribution function of the law that is sampled."""
        m = np.clip(np.asarray(mass, dtype=np.float64), *self.range)
        cell = np.clip(np.searchsorted(self.grid, m, side="right") - 1, 0, len(self.slope) - 1)
        t = (m - self.grid[cell]) / (self.grid[cell + 1] - self.grid[cell])
        inside = t * (1.0 - self.slope[cell] * (1.0 - t))
        return self.cumulative[cell] + inside * (self.cumulative[cell + 1] - self.cumulative[cell])

    def quantile(self, probability: ArrayLike) -> Array:
        """The mass in GeV below which a share ``probability`` of the events lies: the inverse of ``cdf``."""
        u = np.asarray(probability, dtype=np.float64)
        cell = np.clip(np.searchsorted(self.cumulative, u, side="right") - 1, 0, len(self.slope) - 1)
        filled = np.maximum(self.cumulative[cell + 1] - self.cumulative[cell], 1e-300)
        v, s = (u - self.cumulative[cell]) / filled, self.slope[cell]
        # the root of s t^2 + (1 - s) t = v in a form that is stable for small s
        t = 2.0 * v / ((1.0 - s) + np.sqrt(np.maximum((1.0 - s) ** 2 + 4.0 * s * v, 1e-300)))
        return self.grid[cell] + t * (self.grid[cell + 1] - self.grid[cell])

    def sample(self, n: int, rng: np.random.Generator) -> Array:
        """``n`` masses in GeV."""
        return self.quantile(rng.random(n))


def spectrum(
    density: Callable[[Array], Array], low: float, high: float, *, peak: tuple[float, float] | None = None
) -> Spectrum:
    """The law of ``density`` from ``low`` to ``high`` GeV; ``peak`` = (place, width) refines the grid.

    Raises:
        InputError: for a range or peak without sense, or a density that is negative, not finite or zero.
    """
    if not 0.0 <= low < high < np.inf:
        raise InputError(f"the range from {low} to {high} GeV", "Give 0 <= low < high.")
    grid = _grid(low, high, peak)
    half = 0.5 * np.diff(grid)
    inner = grid[:-1, None] + half[:, None] * (1.0 + _NODES)
    values, ends = np.asarray(density(inner)), np.asarray(density(grid))
    if not (np.isfinite(values).all() and np.isfinite(ends).all() and min(values.min(), ends.min()) >= 0.0):
        raise InputError(
            f"the density is negative or not finite between {low} and {high} GeV",
            "Change its parameters or range.",
        )
    mass = half * (values @ _WEIGHTS)
    total = float(mass.sum())
    if not total > 0.0:
        raise InputError(f"the density is 0 from {low} to {high} GeV", "Change its parameters or range.")
    cumulative = np.concatenate([[0.0], np.cumsum(mass) / total])
    cumulative[-1] = 1.0
    both = ends[1:] + ends[:-1]
    slope = np.divide(np.diff(ends), both, out=np.zeros_like(both), where=both > 0.0)
    return Spectrum(
        density, grid, cumulative, slope, total, _precision(density, grid, mass / total, slope, total)
    )


def exponential(low: float, high: float, scale: float) -> Spectrum:
    """exp(-m / ``scale``), ``scale`` in GeV."""
    _positive("scale", scale)
    return spectrum(lambda m: np.exp(-(m - low) / scale), low, high)


def power_law(low: float, high: float, power: float) -> Spectrum:
    """m^-``power``; ``low`` must be above 0."""
    _positive("lower end", low)
    return spectrum(lambda m: (m / low) ** -power, low, high)


def dijet(
    low: float = 2700.0,
    high: float = 7000.0,
    p2: float = 10.0,
    p3: float = 5.0,
    p4: float = 0.1,
    energy: float = 13000.0,
) -> Spectrum:
    """(1 - x)^p2 / x^(p3 + p4 log x), x = m / ``energy``: as in dijet searches (arXiv:1911.03947).

    Raises:
        InputError: for a range that is not inside 0 to ``energy`` GeV, or parameters without a finite law.
    """
    _positive("lower end", low)
    if not high < energy:
        raise InputError(f"the range ends at {high} GeV of {energy}", "End it below the collision energy.")

    def log_law(m: Array) -> Array:
        x = m / energy
        return p2 * np.log1p(-x) - (p3 + p4 * np.log(x)) * np.log(x)

    first = float(log_law(np.array(low)))
    return spectrum(lambda m: np.exp(log_law(m) - first), low, high)


def gaussian(mean: float, width: float, low: float, high: float) -> Spectrum:
    """A Gaussian signal cut to the range; GeV."""
    _positive("width", width)
    return spectrum(lambda m: np.exp(-0.5 * ((m - mean) / width) ** 2), low, high, peak=(mean, width))


def breit_wigner(mean: float, width: float, low: float, high: float) -> Spectrum:
    """A Breit-Wigner signal 1 / ((m - mean)^2 + width^2 / 4) cut to the range; GeV."""
    _positive("width", width)
    return spectrum(lambda m: 1.0 / (1.0 + (2.0 * (m - mean) / width) ** 2), low, high, peak=(mean, width))


def double_sided(
    mean: float,
    width: float,
    low: float,
    high: float,
    *,
    left: tuple[float, float] = (1.5, 3.0),
    right: tuple[float, float] = (1.5, 3.0),
) -> Spectrum:
    """A Gaussian with power-law tails on both sides (double-sided Crystal Ball), cut to the range; GeV.

    ``left`` and ``right`` are (alpha, power): a tail begins alpha widths from the mean.
    """
    for name, value in (("width", width), *(("tail", part) for part in (*left, *right))):
        _positive(name, value)

    def law(m: Array) -> Array:
        t = (m - mean) / width
        alpha, power = np.where(t < 0.0, left[0], right[0]), np.where(t < 0.0, left[1], right[1])
        beyond = np.maximum(np.abs(t) - alpha, 0.0)
        core = np.exp(-0.5 * np.minimum(np.abs(t), alpha) ** 2)
        return core * (1.0 + alpha * beyond / power) ** -power

    return spectrum(law, low, high, peak=(mean, width))


@dataclass(frozen=True)
class Features:
    """Columns beside the mass that tell signal from background, independent of the mass.

    Attributes:
        names: (d,) column names.
        background: density of the background.
        signal: density of the signal.
    """

    names: tuple[str, ...]
    background: GaussianMixture
    signal: GaussianMixture


def planted(
    background: Spectrum,
    signal: Spectrum | None,
    expected: tuple[float, float],
    rng: np.random.Generator,
    name: str,
    *,
    features: Features | None = None,
) -> Events:
    """Poisson(``expected``) background and signal events, mixed, with column mjj in GeV and truth 0 or 1.

    Args:
        background: law of the background's mass.
        signal: law of the signal's mass inside the same range, or None.
        expected: mean numbers of background and of signal events.
        rng: where all randomness comes from.
        name: makes the identities.
        features: more columns, or None.

    Raises:
        InputError: for numbers that are negative, not finite or together 0, a signal without its law
            or outside the range, or features of other dimensions than their names.
    """
    _check_plan(background, signal, expected, features)
    counts = [int(rng.poisson(value)) for value in expected]
    truth = np.repeat(np.array([0, 1], dtype=np.int64), counts)
    parts = [background.sample(counts[0], rng)]
    if signal is not None:
        parts.append(signal.sample(counts[1], rng))
    order = rng.permutation(len(truth))
    columns = {"mjj": np.concatenate(parts)[order]}
    if features is not None:
        laws = (features.background, features.signal)
        drawn = [law.sample(count, rng)[0] for law, count in zip(laws, counts, strict=True) if count]
        columns |= dict(zip(features.names, np.concatenate(drawn)[order].T, strict=True))
    n = len(truth)
    return Events(columns, identities(name, n), np.ones(n), truth=truth[order], provenance={"name": name})


def _check_plan(
    background: Spectrum, signal: Spectrum | None, expected: tuple[float, float], features: Features | None
) -> None:
    if not all(0.0 <= value < 1e9 for value in expected) or sum(expected) == 0.0:
        raise InputError(f"{expected} events are expected", "Give numbers of 0 or more, not both 0.")
    if expected[1] and signal is None:
        raise InputError(f"{expected[1]} signal events without a law", "Give the signal's spectrum.")
    low, high = background.range
    if signal is not None and not (low <= signal.range[0] and signal.range[1] <= high):
        raise InputError(f"the signal lies in {signal.range} GeV", f"Keep it inside ({low:g}, {high:g}).")
    if features is not None:
        sizes = {len(features.names), features.background.dimensions, features.signal.dimensions}
        if len(sizes) > 1 or "mjj" in features.names:
            raise InputError(
                f"features {features.names} of dimensions {sorted(sizes)}", "Name one a dimension."
            )


def _positive(name: str, value: float) -> None:
    if not 0.0 < value < np.inf:
        raise InputError(f"the {name} is {value}", "Give a positive number.")


def _grid(low: float, high: float, peak: tuple[float, float] | None) -> Array:
    """Even steps in the logarithm where that is possible; around a peak steps that grow away from it."""
    even = np.linspace(low, high, _CELLS + 1) if low == 0.0 else np.geomspace(low, high, _CELLS + 1)
    if peak is None:
        even[0], even[-1] = low, high
        return even
    mean, width = peak
    if not low < mean < high:
        raise InputError(f"the peak at {mean} GeV is outside {low} to {high} GeV", "Move it into the range.")
    reach = np.arcsinh((high - low) / width)
    fine = mean + width * np.sinh(np.linspace(-reach, reach, _CELLS + 1))
    inside = np.concatenate([even, fine[(fine > low) & (fine < high)]])
    whole = np.unique(inside)
    whole[0], whole[-1] = low, high
    return whole


def _precision(
    density: Callable[[Array], Array], grid: Array, mass: Array, slope: Array, total: float
) -> float:
    """The largest distance of both laws, at the place of a cell where it peaks for a smooth density."""
    width = _PLACE * np.diff(grid)
    values = np.asarray(density(grid[:-1, None] + 0.5 * width[:, None] * (1.0 + _NODES)))
    true = 0.5 * width * (values @ _WEIGHTS) / total
    return float(np.abs(true - mass * _PLACE * (1.0 - slope * (1.0 - _PLACE))).max())
