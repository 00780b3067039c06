"""Sequential Monte-Carlo p-values: few draws where the data are ordinary, many where they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from strangeness.core.errors import InputError
from strangeness.stats.tails import clopper_pearson

Array = NDArray[np.float64]
_ONE_SIGMA = 0.6827


@dataclass(frozen=True)
class SequentialP:
    """The p-value of one observed statistic.

    Attributes:
        n: draws that the p-value uses: up to the h-th that is at least as extreme, at most n_max.
        k: those among them at least as extreme, h when ``stopped``.
        p: h / n when stopped, else (k + 1) / (n_max + 1) (Besag and Clifford, Biometrika 78 (1991) 301,
            section 2). P(p <= x) <= x for every x and every n_max.
        randomised: the same with ties broken at random and the steps filled, uniform on (0, 1].
        stopped: whether h were reached.
        smallest: the smallest p that could have come out, 1 / (n_max + 1).
        interval: 68 % interval of the probability of a draw at least as extreme. The tails are those of the
            number of draws that h successes need (inverse sampling: Haldane, Biometrika 33 (1945) 222), put
            into the equations of Clopper and Pearson; without a stop they are the binomial ones.
        drawn: draws that were made; the last chunk runs on after the h-th.
    """

    n: int
    k: int
    p: float
    randomised: float
    stopped: bool
    smallest: float
    interval: tuple[float, float]
    drawn: int


def sequential_p(
    draw: Callable[[int], ArrayLike],
    observed: ArrayLike,
    rng: np.random.Generator,
    *,
    stop_after: int,
    n_max: int,
    chunk: int = 4096,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[SequentialP, ...]:
    """Draw from the null until ``stop_after`` draws are at least as extreme as the data, or ``n_max`` in all.

    A p-value costs about h (1 + log(n_max / h)) draws on average under the null, h = ``stop_after``.

    Args:
        draw: ``draw(size)`` gives the statistics of ``size`` new draws, larger = more extreme: (size,), or
            (size, m) with one column for each observed value.
        observed: one statistic, or m statistics of one data set; each gets its own p from the same draws.
        rng: breaks ties and fills steps in ``randomised``; p does not depend on it.
        stop_after: h >= 1.
        n_max: draws at most, at least h.
        chunk: the largest ``size``; chunks grow by half of what was drawn before.
        progress: called with (drawn, n_max).

    Returns:
        One p-value for each observed statistic.

    Raises:
        InputError: unless 1 <= stop_after <= n_max, or when a statistic is NaN or has another shape.
    """
    if not 1 <= stop_after <= n_max:
        raise InputError(
            f"stop_after = {stop_after} of at most {n_max} draws", "Give 1 <= stop_after <= draws."
        )
    streams = _Streams(np.atleast_1d(np.asarray(observed, np.float64)), stop_after, rng)
    while streams.drawn < n_max and not streams.finished():
        size = min(chunk, n_max - streams.drawn, max(2 * stop_after, 32, streams.drawn // 2))
        streams.add(np.asarray(draw(size), np.float64), size)
        if progress is not None:
            progress(streams.drawn, n_max)
    return tuple(streams.value(i, n_max) for i in range(streams.observed.size))


class _Streams:
    """Counts of draws at least as extreme, with ties counted (row 0) and broken at random (row 1)."""

    def __init__(self, observed: Array, h: int, rng: np.random.Generator) -> None:
        if observed.ndim != 1 or np.isnan(observed).any():
            raise InputError("an observed statistic that is not a number", "Check the data.")
        self.observed, self.h, self.rng, self.drawn = observed, h, rng, 0
        self.label = rng.random(observed.size)
        self.count = np.zeros((2, observed.size), np.int64)
        self.last = np.zeros((2, observed.size), np.int64)  # draw that was the h-th, 0 before

    def finished(self) -> bool:
        return bool(np.all(self.last > 0))

    def add(self, statistics: Array, size: int) -> None:
        if statistics.shape not in ((size,), (size, self.observed.size)) or np.isnan(statistics).any():
            raise InputError(
                f"statistics of shape {statistics.shape} for {size} draws", "Give one number for each."
            )
        column = statistics[:, None] if statistics.ndim == 1 else statistics
        least, tied = column >= self.observed, column == self.observed
        broken = least.copy()
        broken[tied] = self.rng.random(np.count_nonzero(tied)) > np.broadcast_to(self.label, tied.shape)[tied]
        for row, extreme in enumerate((least, broken)):
            self._advance(row, extreme)
        self.drawn += size

    def _advance(self, row: int, extreme: NDArray[np.bool_]) -> None:
        total = self.count[row] + np.cumsum(extreme, axis=0)
        here = (self.last[row] == 0) & (total[-1] >= self.h)
        self.last[row, here] = self.drawn + 1 + np.argmax(total[:, here] >= self.h, axis=0)
        self.count[row] = total[-1]

    def value(self, i: int, n_max: int) -> SequentialP:
        _, upper, _ = self._p(0, i, n_max)
        below, above, _ = self._p(1, i, n_max)
        stopped = bool(self.last[0, i])
        n = int(self.last[0, i]) if stopped else n_max
        k = self.h if stopped else int(self.count[0, i])
        return SequentialP(
            n=n,
            k=k,
            p=upper,
            randomised=above - (above - below) * float(self.rng.random()),
            stopped=stopped,
            smallest=1.0 / (n_max + 1),
            interval=_after_stop(self.h, n) if stopped else clopper_pearson(k, n, _ONE_SIGMA),
            drawn=self.drawn,
        )

    def _p(self, row: int, i: int, n_max: int) -> tuple[float, float, bool]:
        """The next smaller possible p, the p itself, and whether h were reached."""
        if last := int(self.last[row, i]):
            return self.h / (last + 1), self.h / last, True
        k = int(self.count[row, i])
        return k / (n_max + 1), (k + 1) / (n_max + 1), False


def _after_stop(h: int, n: int) -> tuple[float, float]:
    """Interval of the probability when the h-th success was draw n."""
    side = (1 - _ONE_SIGMA) / 2
    high = float(betaincinv(h, n - h, 1 - side)) if n > h else 1.0
    return float(betaincinv(h, n - h + 1, side)), high
