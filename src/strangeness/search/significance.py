"""From pseudo-experiments to a global p-value, its significance and the interval of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.stats.sequential import SequentialP, sequential_p
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
        stopped_after, n_max: of a sequential p-value, the number of extreme pseudo-experiments at which it
            would stop and how many there could have been; ``p`` is then the one of SequentialP.
        n_drawn: pseudo-experiments that were made, where those of the last chunk are not all used.
    """

    n_pseudo: int
    n_extreme: int
    p: float
    randomised: float
    z: float
    interval: tuple[float | None, float | None]
    stopped_after: int | None = None
    n_max: int | None = None
    n_drawn: int | None = None

    @property
    def smallest(self) -> float:
        """The smallest p-value that this number of pseudo-experiments can give."""
        return 1.0 / ((self.n_max or self.n_pseudo) + 1)

    @property
    def drawn(self) -> int:
        """Pseudo-experiments that were made."""
        return self.n_drawn or self.n_pseudo


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


def sequential_global_p(
    observed: float,
    draw: Callable[[int], NDArray[np.float64]],
    rng: np.random.Generator,
    *,
    stop_after: int,
    n_max: int,
    chunk: int,
    progress: Callable[[int, int], None] | None = None,
) -> GlobalP:
    """As ``global_p``, with pseudo-experiments of ``draw(size)`` until ``stop_after`` are as large.

    Raises:
        InputError: unless 1 <= stop_after <= n_max, or when a statistic is NaN.
    """
    (value,) = sequential_p(
        draw, observed, rng, stop_after=stop_after, n_max=n_max, chunk=chunk, progress=progress
    )
    return of_sequential(value, stop_after, n_max)


def of_sequential(value: SequentialP, stop_after: int, n_max: int) -> GlobalP:
    """A sequential p-value as a global one."""
    low, high = value.interval
    z = float(z_from_p(value.p)) if value.p < 1 else _lowest_z(value.n)
    interval = (_finite(z_from_p(high)), _finite(z_from_p(low)))
    return GlobalP(
        value.n, value.k, value.p, value.randomised, z, interval, stop_after, n_max, n_drawn=value.drawn
    )


def _lowest_z(n: int) -> float:
    """Significance of p = 1, kept finite at the resolution of n pseudo-experiments."""
    return float(z_from_p(n / (n + 1)))


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
