"""From pseudo-experiments to a global p-value, its significance and the interval of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.stats.tails import clopper_pearson, z_from_p

_ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class GlobalP:
    """Global p-value of an observed statistic among pseudo-experiments.

    Attributes:
        n_pseudo, n_extreme: pseudo-experiments, and those with a statistic at least as large.
        p: (n_extreme + 1) / (n_pseudo + 1), valid for any number of pseudo-experiments (Davison and Hinkley
            1997, eq. 4.11).
        randomised: the same with ties broken at random, uniform on (0, 1] under the null.
        z: significance of ``p``; ``interval`` its 68 % Clopper-Pearson interval, the upper end None when
            n_extreme = 0.
    """

    n_pseudo: int
    n_extreme: int
    p: float
    randomised: float
    z: float
    interval: tuple[float | None, float | None]

    @property
    def smallest(self) -> float:
        """The smallest p-value that this number of pseudo-experiments can give."""
        return 1.0 / (self.n_pseudo + 1)


def global_p(observed: float, pseudo: NDArray[np.float64], rng: np.random.Generator) -> GlobalP:
    """Compare ``observed`` with the statistics of pseudo-experiments (n,), larger = more extreme.

    Raises:
        InputError: without pseudo-experiments, or when a statistic is NaN.
    """
    n = int(pseudo.size)
    if n < 1:
        raise InputError("no pseudo-experiment", "Ask for n_pseudo >= 1.")
    if np.isnan(observed) or np.isnan(pseudo).any():
        raise InputError("a test statistic that is not a number", "Check the spectrum and its expectation.")
    above, equal = int(np.count_nonzero(pseudo > observed)), int(np.count_nonzero(pseudo == observed))
    k = above + equal
    p = (k + 1) / (n + 1)
    # 1 - U lies in (0, 1], so that the randomised p is never zero
    randomised = (above + (1.0 - rng.random()) * (equal + 1)) / (n + 1)
    low, high = clopper_pearson(k, n, _ONE_SIGMA)
    interval = (_finite(z_from_p(high)), _finite(z_from_p(low)))
    return GlobalP(n, k, p, randomised, float(z_from_p(p)) if k < n else _lowest_z(n), interval)


def _lowest_z(n: int) -> float:
    """Significance of p = 1, kept finite at the resolution of n pseudo-experiments."""
    return float(z_from_p(n / (n + 1)))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
