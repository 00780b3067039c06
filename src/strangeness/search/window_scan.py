"""Several counting windows at once: the chance that background alone gives any of them so small a p-value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.stats.dependence import count_pmf
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import z_from_p

Array = NDArray[np.float64]
_SAME = 1.0 + 1e-12  # p-values of one count are equal up to rounding


@dataclass(frozen=True)
class Window:
    """One counting window.

    Attributes:
        region: (lo, hi) in GeV, hi excluded.
        observed: selected events in it.
        events: tested events in it for each bin of the law (m,), selected or not.
        law: the law of the efficiency from the calibration sample.
    """

    region: tuple[float, float]
    observed: int
    events: tuple[int, ...]
    law: SelectionLaw

    def __post_init__(self) -> None:
        if len(self.events) != self.law.a.size or min(self.events, default=-1) < 0:
            raise InputError(
                f"events {self.events} for a law of {self.law.a.size} bins", "Give one count >= 0 a bin."
            )
        if not 0 <= self.observed <= sum(self.events) or sum(self.events) == 0:
            raise InputError(
                f"{self.observed} selected of {sum(self.events)} events in {self.region}",
                "Give 0 <= selected <= tested, and a window with events.",
            )

    @property
    def expected(self) -> float:
        """Selected events that background alone gives on average."""
        return float(np.sum(np.asarray(self.events) * self.law.mean))

    def tail(self) -> Array:
        """P(N >= n) for n = 0 ... all events: the p-values that this window can give."""
        used = np.asarray(self.events) > 0
        counts = [n for n in self.events if n > 0]
        pmf = count_pmf(counts, self.law.a[used], self.law.b[used])
        return np.minimum(np.cumsum(pmf[::-1])[::-1], 1.0)


@dataclass(frozen=True)
class WindowScan:
    """The smallest p-value of several windows, with its global p-value.

    Attributes:
        windows: as given.
        local_p: p-value of each window, P(N >= observed).
        best: index of the smallest.
        global_p: chance of a smallest p-value this small or smaller under background alone.
        global_p_randomised: the same with ties broken at random, uniform when ``exact``.
        global_z: its significance.
        exact: True for 1 - prod(1 - P_k(p_k <= x)) over independent windows; False for the bound.
        method: how ``global_p`` was found, in words.
        smallest_p: the smallest global p that could have come out.
    """

    windows: tuple[Window, ...]
    local_p: tuple[float, ...]
    best: int
    global_p: float
    global_p_randomised: float
    global_z: float
    exact: bool
    method: str
    smallest_p: float


def windows_of(
    p_values: ArrayLike,
    context: ArrayLike,
    regions: Sequence[tuple[float, float]],
    *,
    alpha: float,
    selection_law: SelectionLaw,
) -> tuple[Window, ...]:
    """The windows of a sample: p-values (n,) and contexts (n,) in GeV of all tested events, cut at ``alpha``.

    Raises:
        InputError: for shapes that differ, a region without events, or a law of another cut.
    """
    p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
    if p.shape != mass.shape or p.ndim != 1:
        raise InputError(f"p-values {p.shape} with contexts {mass.shape}", "Give one of each an event.")
    if not np.isclose(selection_law.alpha, alpha):
        raise InputError(
            f"a selection law for alpha = {selection_law.alpha:g} at {alpha:g}", "Use one cut for both."
        )
    bins, found = selection_law.bin_of(mass), []
    for lo, hi in regions:
        inside = (mass >= lo) & (mass < hi)
        if not inside.any():
            raise InputError(f"no event between {lo:g} and {hi:g} GeV", "Move the window.")
        events = np.bincount(bins[inside], minlength=selection_law.a.size)
        selected = int(np.count_nonzero(p[inside] <= alpha))
        found.append(Window((lo, hi), selected, tuple(int(n) for n in events), selection_law))
    return tuple(found)


def window_scan(
    windows: Sequence[Window], rng: np.random.Generator, *, independent: bool | None = None
) -> WindowScan:
    """Search several windows together.

    Windows that share no calibration bin of one law share neither events nor calibration, so their counts are
    independent and the global p-value is exact. Otherwise it is Boole's inequality with each window's own
    discrete law, sum_k P_k(p_k <= x), which is never above Bonferroni's K x.

    Args:
        windows: two or more, or one (then the global p-value is its own).
        rng: breaks the ties of ``global_p_randomised``.
        independent: None finds it out from the bins where all windows have one law, and takes windows of
            several laws as dependent; True states that they share nothing.

    Raises:
        InputError: without a window, or for windows called independent that share a calibration bin.
    """
    if not windows:
        raise InputError("a scan without windows", "Give at least one.")
    if independent and not _disjoint(windows):
        raise InputError("independent windows that share a calibration bin", "Leave ``independent`` out.")
    exact = _known_disjoint(windows) if independent is None else independent
    tails = [window.tail() for window in windows]
    local = np.array([tail[window.observed] for tail, window in zip(tails, windows, strict=True)])
    at_most = np.array([_chance(tail, local.min() * _SAME) for tail in tails])
    below = np.array([_chance(tail, local.min() / _SAME) for tail in tails])
    upper, lower = (_joined(chance, exact) for chance in (at_most, below))
    return WindowScan(
        windows=tuple(windows),
        local_p=tuple(float(p) for p in local),
        best=int(np.argmin(local)),
        global_p=upper,
        global_p_randomised=lower + (1.0 - float(rng.random())) * (upper - lower),
        global_z=float(z_from_p(min(upper, 1 - 1e-16))),
        exact=exact,
        method=_METHODS[exact],
        smallest_p=_joined(
            np.array([_chance(tail, min(t[-1] for t in tails) * _SAME) for tail in tails]), exact
        ),
    )


_METHODS = {
    True: "exact: the windows share neither events nor calibration events",
    False: "bound: sum over windows of P(p <= x), valid however they depend (Boole, Bonferroni)",
}


def _chance(tail: Array, x: float) -> float:
    """P(p <= x) for a window whose possible p-values are ``tail``, decreasing."""
    possible = tail[tail <= x]
    return float(possible[0]) if possible.size else 0.0


def _joined(chance: Array, exact: bool) -> float:
    if not exact:
        return float(min(chance.sum(), 1.0))
    return float(-np.expm1(np.log1p(-np.minimum(chance, 1.0)).sum())) if np.all(chance < 1) else 1.0


def _known_disjoint(windows: Sequence[Window]) -> bool:
    first = windows[0].law
    return len(windows) == 1 or (all(window.law is first for window in windows) and _disjoint(windows))


def _disjoint(windows: Sequence[Window]) -> bool:
    """Whether no bin of a law that two windows share holds events of both."""
    for i, one in enumerate(windows):
        for other in windows[i + 1 :]:
            if one.law is other.law and np.any(np.minimum(one.events, other.events) > 0):
                return False
    return True
