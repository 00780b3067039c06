"""What the checks simulate: efficiencies of nested cuts after a finite calibration, and their joint test."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincc, gammaln

from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
_STEPS = (1.0, 4.0, 16.0)
_LOOSEST = 0.5
_FAR = 1e-200


def cuts_of(alpha: float) -> Array:
    """The cut of the search and looser ones, 4 and 16 times as loose, none looser than a half.

    What bends the spectrum at the cut bends it at looser ones too, where far more events show it.
    """
    return np.array([alpha] + [alpha * step for step in _STEPS[1:] if alpha * step <= _LOOSEST])


def calibration_sizes(law: SelectionLaw) -> NDArray[np.int64]:
    """Calibration events (m,) of each bin that the law stands for."""
    known = np.round(1.0 / law.smallest_p).astype(np.int64) - 1
    return np.maximum(np.minimum(known, np.round(law.a + law.b).astype(np.int64) - 1), 1)


def efficiencies(law: SelectionLaw, levels: Array, rng: np.random.Generator, size: int) -> Array:
    """Efficiencies (levels, m, size) of p <= level in each bin, increasing with the level.

    Calibration scores cut the unit interval into n + 1 spacings, whose sums are drawn as Gamma variates; a
    randomised p-value takes the share of the next spacing that it reaches, a deterministic one none.
    """
    randomised = bool(np.allclose(law.mean, law.alpha, rtol=1e-9))
    drawn = [_one_bin(int(n), levels, randomised, rng, size) for n in calibration_sizes(law)]
    return np.stack(drawn, axis=1)


def expected_shares(law: SelectionLaw, levels: Array) -> Array:
    """Means (levels, m) of these efficiencies."""
    if np.allclose(law.mean, law.alpha, rtol=1e-9):
        return np.repeat(levels[:, None], law.a.size, axis=1)
    steps = calibration_sizes(law) + 1
    return np.floor(levels[:, None] * steps * (1 + 1e-12)) / steps


def _one_bin(n: int, levels: Array, randomised: bool, rng: np.random.Generator, size: int) -> Array:
    place = levels * (n + 1)
    whole = np.minimum(np.floor(place * (1 + 1e-12)), n + 1)
    knots = np.unique(np.concatenate([whole, np.minimum(whole + 1, n + 1), [n + 1]]))
    shape = np.diff(knots, prepend=0.0)
    sums = np.cumsum(rng.standard_gamma(shape[:, None], (shape.size, size)), axis=0)
    sums /= sums[-1]
    at = np.searchsorted(knots, whole)
    low = sums[at]
    if not randomised:
        return low
    share = np.maximum(place - whole, 0.0)[:, None]
    return low + share * (sums[np.minimum(at + 1, knots.size - 1)] - low)


def tail(seen: float, null: Array) -> float:
    """(simulations at least as extreme + 1) / (simulations + 1)."""
    return (int(np.count_nonzero(null >= seen)) + 1) / (null.size + 1)


class JointTest:
    """Several statistics (s, P), larger = worse, on one scale: -log of the tail of a Gamma law with their
    simulated mean and variance. The largest is the joint statistic; its null law is simulated, so that the
    scale need not be exact.
    """

    def __init__(self, null: Array) -> None:
        mean, variance = null.mean(axis=1), null.var(axis=1)
        self.used = (variance > 0) & (mean > 0)
        self.shape = (mean[self.used] ** 2 / variance[self.used])[:, None]
        self.scale = (variance[self.used] / mean[self.used])[:, None]
        self.null = self.largest(null)

    def scaled(self, statistics: Array) -> Array:
        """-log of the tails (used, P)."""
        x = np.maximum(statistics[self.used], 1e-300) / self.scale
        upper = gammaincc(self.shape, x)
        # beyond doubles: Gamma(a, x) ~ x^a e^-x / (x - a + 1)
        beyond = np.maximum(x - self.shape + 1, 1.0)
        far = self.shape * np.log(x) - x - np.log(beyond) - gammaln(self.shape)
        return -np.where(upper > _FAR, np.log(np.maximum(upper, _FAR)), np.minimum(far, np.log(_FAR)))

    def largest(self, statistics: Array) -> Array:
        """The joint statistic (P,)."""
        if not self.used.any():
            return np.zeros(statistics.shape[1])
        return self.scaled(statistics).max(axis=0)

    def p(self, seen: Array) -> tuple[float, float, int]:
        """p-value, joint statistic and the number of the strongest part of the statistics (s,)."""
        largest = float(self.largest(seen[:, None])[0])
        if not self.used.any():
            return 1.0, 0.0, 0
        part = int(np.flatnonzero(self.used)[np.argmax(self.scaled(seen[:, None])[:, 0])])
        return tail(largest, self.null), largest, part
