"""A declared parent: a smooth law fitted to a background sample, from which fresh pseudo-data are drawn.

A search can only be shown to be calibrated on data sets whose background is smooth by construction and known
to nobody but the generator. Bootstrapping the sample itself is no substitute: each bootstrap inherits the
sample's own fluctuations, and a smooth fit takes them for bumps.

The law has two parts.

* Resonance mass m: log density a cubic polynomial in log m (Poisson likelihood in geometric bins), cut to a
  range.
* Features given m: each is mapped to the real line (masses by log(1 + v), ratios by the logit), its mean and
  the log of its spread are quadratic polynomials in log m, and what is left over is resampled from the whole
  sample with a Gaussian kernel of ``jitter`` standard deviations under the sample's covariance, shrunk so
  that the covariance is kept (Silverman, Density Estimation, 1986, section 6.4). So correlations between
  features survive, and the dependence on m is smooth: no cut on the features can make a bump.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.events.events import Events, concatenate_events
from strangeness.stats.poisson_fit import fit as poisson_fit

Array = NDArray[np.float64]
_BINS, _GRID, _PARAMETERS = 60, 4096, 4
_MOST = 1e9  # no data set in memory is larger
_EDGE = 1e-3  # ratios are kept this far from 0 and 1 before the logit


@dataclass(frozen=True)
class DijetParent:
    """The fitted law; ``draw`` makes independent, Poisson-sized data sets.

    Attributes:
        range: (low, high) of the resonance mass, GeV.
        grid: masses (g,), GeV, and ``cumulative`` (g,), the law's distribution function on them.
        names: feature names (d,).
        location, spread: (3, d) polynomials in t = log(m / 3 TeV): mean and log standard deviation.
        residuals: (n, d) standardised residuals of the sample; ``kernel`` (d, d) the jitter's matrix.
        jitter: kernel width in units of the residuals' standard deviation.
    """

    range: tuple[float, float]
    grid: Array
    cumulative: Array
    names: tuple[str, ...]
    location: Array
    spread: Array
    residuals: Array
    kernel: Array
    jitter: float

    def draw(self, expected: float, rng: np.random.Generator, name: str) -> Events:
        """A fresh data set of Poisson(``expected``) events; ``name`` makes its identities.

        Raises:
            InputError: when ``expected`` is not positive and finite.
        """
        n = _poisson(expected, rng)
        mass = np.interp(rng.random(n), self.cumulative, self.grid)
        z = (
            self._residual(n, rng) * np.exp(_polynomial(mass) @ self.spread)
            + _polynomial(mass) @ self.location
        )
        features = {column: _inverse(column, z[:, i]) for i, column in enumerate(self.names)}
        return Events({"mjj": mass, **features}, identities(name, n), np.ones(n), provenance={"name": name})

    def _residual(self, n: int, rng: np.random.Generator) -> Array:
        picked = self.residuals[rng.integers(len(self.residuals), size=n)]
        noise = rng.standard_normal(picked.shape) @ self.kernel
        return (picked + self.jitter * noise) / np.sqrt(1 + self.jitter**2)


def fit_parent(
    sample: Events, features: Sequence[str], low: float, high: float, *, jitter: float = 0.2
) -> DijetParent:
    """The declared parent of a background sample, from its events with ``low <= mjj < high`` (GeV).

    Raises:
        InputError: for no features, too few events in the range, a missing column or a negative mass.
    """
    if not features:
        raise InputError("the parent was given no features", "Name at least one column, such as 'mj1'.")
    inside = sample.without_truth().inside("mjj", low, high)
    mass = inside.column("mjj").astype(np.float64)
    grid, cumulative = _mass_law(mass, low, high)
    columns = [_forward(name, inside.column(name).astype(np.float64)) for name in features]
    z: Array = np.stack(columns, axis=1)
    t = _polynomial(mass)
    location = np.asarray(np.linalg.lstsq(t, z, rcond=None)[0], np.float64)
    left = z - t @ location
    # for Gaussian residuals E[log r^2] = log sigma^2 - 1.27; the constant is set by the final rescaling
    spread = np.asarray(0.5 * np.linalg.lstsq(t, np.log(left**2 + 1e-12), rcond=None)[0], np.float64)
    scale = np.std(left / np.exp(t @ spread), axis=0)
    spread[0] += np.log(scale)
    residuals = left / np.exp(t @ spread)
    residuals -= residuals.mean(axis=0)
    covariance = np.cov(residuals.T) + 1e-9 * np.eye(len(features))
    kernel = np.asarray(np.linalg.cholesky(covariance).T, np.float64)
    return DijetParent(
        (low, high), grid, cumulative, tuple(features), location, spread, residuals, kernel, jitter
    )


def bootstrap(sample: Events, expected: float, rng: np.random.Generator, name: str) -> Events:
    """Poisson(``expected``) events drawn from the sample with replacement: the construction that fails.

    Raises:
        InputError: for an empty sample, or when ``expected`` is not positive and finite.
    """
    if not len(sample):
        raise InputError("the sample holds no event to draw from", "Loosen the selection.")
    drawn = sample.without_truth().take(rng.integers(len(sample), size=_poisson(expected, rng)))
    return Events(drawn.features, identities(name, len(drawn)), drawn.weight, provenance={"name": name})


def plant(background: Events, signal: Events, expected: float, rng: np.random.Generator) -> Events:
    """Background with Poisson(``expected``) signal events, none of them twice; truth is 0 and 1.

    Raises:
        InputError: when the signal sample is too small, or ``expected`` is negative or not finite.
    """
    n = _poisson(expected, rng) if expected else 0
    if n > len(signal):
        raise InputError(f"{n} signal events of {len(signal)} available", "Plant fewer.")
    chosen = signal.take(np.sort(rng.choice(len(signal), n, replace=False)))
    parts = [_with_truth(background, 0), _with_truth(chosen, 1)]
    return concatenate_events(parts)


def _poisson(expected: float, rng: np.random.Generator) -> int:
    if not 0 < expected < _MOST:
        raise InputError(f"'expected' is {expected}", "Give a positive number of events.")
    return int(rng.poisson(expected))


def _with_truth(events: Events, truth: int) -> Events:
    return Events(
        events.features,
        events.id,
        events.weight,
        truth=np.full(len(events), truth),
        provenance=events.provenance,
    )


def _mass_law(mass: Array, low: float, high: float) -> tuple[Array, Array]:
    edges = np.geomspace(low, high, _BINS + 1)
    counts = np.histogram(mass, edges)[0]
    filled = int(np.count_nonzero(counts))
    if filled < _PARAMETERS:
        raise InputError(
            f"{len(mass)} events fill {filled} of {_BINS} bins of the mass; its law needs {_PARAMETERS}",
            "Give more events or another range.",
        )
    middle = np.sqrt(edges[1:] * edges[:-1])
    fitted = poisson_fit(counts, _cubic(middle, low, high), np.log(np.diff(edges)))
    grid = np.geomspace(low, high, _GRID)
    density = np.exp(_cubic(grid, low, high) @ fitted.params[0])
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(grid)
    cumulative = np.concatenate([[0.0], np.cumsum(steps)])
    return grid, cumulative / cumulative[-1]


def _cubic(mass: Array, low: float, high: float) -> Array:
    t = 2 * np.log(mass / low) / np.log(high / low) - 1
    return np.stack([np.ones_like(t), t, t**2, t**3], axis=1)


def _polynomial(mass: Array) -> Array:
    t = np.log(mass / 3000.0)
    return np.stack([np.ones_like(t), t, t**2], axis=1)


def _is_ratio(name: str) -> bool:
    return name.startswith("tau")


def _forward(name: str, value: Array) -> Array:
    if _is_ratio(name):
        clipped = np.clip(value, _EDGE, 1 - _EDGE)
        return np.log(clipped / (1 - clipped))
    if value.min() < 0:
        raise InputError(f"column '{name}' holds {value.min():g}", "The parent takes masses of 0 or more.")
    return np.log1p(value)


def _inverse(name: str, z: Array) -> Array:
    return 1 / (1 + np.exp(-z)) if _is_ratio(name) else np.expm1(np.maximum(z, 0.0))
