"""The windows of a bump hunt, and the largest excess among them for many histograms at once.

Histograms are columns: arrays have shape (bins, P), so that every window is one contiguous row operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammainc, ndtri_exp

from strangeness.core.errors import InputError
from strangeness.stats.tails import poisson_log_sf

Array = NDArray[np.float64]
_LOWEST = 1e-280


@dataclass(frozen=True)
class Scan:
    """The most significant window of each histogram: t = -log p (P,), first bin and width in bins (P,)."""

    t: Array
    first: NDArray[np.intp]
    width: NDArray[np.intp]


def checked_widths(widths: Sequence[int], bins: int) -> tuple[int, ...]:
    """Window widths, increasing, without repeats.

    Raises:
        InputError: when none is given or one is not in 1..bins.
    """
    chosen = tuple(sorted({int(width) for width in widths}))
    if not chosen or chosen[0] < 1 or chosen[-1] > bins:
        raise InputError(
            f"window widths {tuple(widths)} for {bins} bins", f"Give widths from 1 to {bins} bins."
        )
    return chosen


def window_sums(columns: NDArray, widths: Sequence[int]) -> Iterator[tuple[int, NDArray]]:
    """Yield (width, sums (bins - width + 1, P)) for each width; sums are added up, never subtracted."""
    total, wanted = columns, set(widths)
    for width in range(1, max(widths) + 1):
        if width > 1:
            total = total[:-1] + columns[width - 1 :]
        if width in wanted:
            yield width, total


def window_list(bins: int, widths: Sequence[int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First bin and width of every window, in the order of the rows that ``window_sums`` yields."""
    first = [np.arange(bins - width + 1) for width in widths]
    return np.concatenate(first), np.repeat(np.asarray(widths, np.intp), [f.size for f in first])


def window_p(n: Array, b: Array) -> Array:
    """-log P(N >= n | b) where n > b, else 0 (arXiv:1101.0390 section 2: only an excess counts)."""
    with np.errstate(divide="ignore"):
        tail = gammainc(np.where(n > 0, n, 1.0), b)
        t = -np.log(tail)
    far = (tail < _LOWEST) & (n > b) & (b > 0)
    if far.any():
        t[far] = -poisson_log_sf(n[far], b[far])
    return np.where(n > b, t, 0.0)


def scan_all(counts: Array, expected: Array, widths: Sequence[int]) -> Scan:
    """The exact scan, every window evaluated; the slow and plain form that the fast one must equal."""
    first, width = window_list(counts.shape[0], widths)
    n = np.concatenate([s for _, s in window_sums(counts, widths)])
    b = np.concatenate([s for _, s in window_sums(expected, widths)])
    t = window_p(n, b)
    best = np.argmax(t, axis=0)
    return Scan(np.take_along_axis(t, best[None], axis=0)[0], first[best], width[best])


def largest_excess(counts: Array, expected: Array, widths: Sequence[int]) -> Array:
    """t of the most significant window of each column, equal to ``scan_all(...).t`` at a fraction of the
    work.

    The signed root sqrt(2 D(n, b)) of the deviance bounds the Gaussian Z of P(N >= n | b) from above (Short,
    ISRN Probability and Statistics 2013, 412958, theorem 2). One window is evaluated exactly; only windows
    whose bound exceeds its Z can be larger, and only those are evaluated.
    """
    bound, n, b = _bounds(counts, expected, widths)
    column = np.arange(counts.shape[1])
    best = np.argmax(bound, axis=0)
    t = window_p(n[best, column], b[best, column])
    z = np.maximum(-ndtri_exp(-t), 0.0)
    bound[best, column] = -1.0
    row, col = np.nonzero(bound > 0.5 * z**2 * (1 - 1e-9))
    np.maximum.at(t, col, window_p(n[row, col], b[row, col]))
    return t


def _bounds(counts: Array, expected: Array, widths: Sequence[int]) -> tuple[Array, Array, Array]:
    """D(n, b) where n > b, else 0, with n and b, for all windows (windows, P)."""
    rows = sum(counts.shape[0] - width + 1 for width in widths)
    n, b = np.empty((rows, counts.shape[1])), np.empty((rows, counts.shape[1]))
    at = 0
    for (_, n_sum), (_, b_sum) in zip(
        window_sums(counts, widths), window_sums(expected, widths), strict=True
    ):
        n[at : at + len(n_sum)], b[at : at + len(b_sum)] = n_sum, b_sum
        at += len(n_sum)
    excess = np.maximum(n, b)
    bound = np.divide(excess, b)
    np.log(bound, out=bound)
    bound *= excess
    excess -= b
    bound -= excess
    return bound, n, b


class WindowTable:
    """-log p of every window as a table over whole counts, for windows whose law does not change.

    ``law(n, window)`` gives t for an array of counts in one window; counts beyond the table are evaluated by
    it. ``mean`` and ``spread`` of the counts (windows,) say where the table is needed, ``top`` the largest
    count.
    """

    def __init__(
        self,
        law: Callable[[Array, int], Array],
        mean: Array,
        spread: Array,
        bins: int,
        widths: Sequence[int],
        top: Array | None = None,
    ) -> None:
        self.law, self.widths = law, tuple(widths)
        self.first, self.width = window_list(bins, widths)
        self.low = np.floor(mean).astype(np.intp)
        self.high = np.ceil(mean + 9.0 * spread).astype(np.intp) + 12
        if top is not None:
            self.high = np.minimum(self.high, top.astype(np.intp))
        self.rows = [
            law(np.arange(low, high + 1, dtype=np.float64), window)
            for window, (low, high) in enumerate(zip(self.low, self.high, strict=True))
        ]

    def largest(self, counts: NDArray[np.int64]) -> Array:
        """t of the most significant window of each column of ``counts`` (bins, P)."""
        best = np.zeros(counts.shape[1])
        index, value = np.empty(best.size, np.intp), np.empty(best.size)
        window = 0
        for _, sums in window_sums(counts, self.widths):
            for n, largest in zip(sums, sums.max(axis=1), strict=True):
                np.subtract(n, self.low[window], out=index)
                np.take(self.rows[window], index, out=value, mode="clip")
                np.maximum(best, value, out=best)
                if largest > self.high[window]:
                    self._beyond(n, window, best)
                window += 1
        return best

    def _beyond(self, n: NDArray[np.int64], window: int, best: Array) -> None:
        far = n > self.high[window]
        best[far] = np.maximum(best[far], self.law(n[far].astype(np.float64), window))

    def scan(self, counts: Array) -> Scan:
        """The most significant window of one histogram (bins,)."""
        sums = np.concatenate([s for _, s in window_sums(counts[:, None], self.widths)])[:, 0]
        t = np.array([float(self.law(np.array([float(n)]), w)[0]) for w, n in enumerate(sums)])
        best = int(np.argmax(t))
        return Scan(t[[best]], self.first[[best]], self.width[[best]])
