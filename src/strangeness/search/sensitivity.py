"""How many signal events a search would need, from what it expects of background alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaincinv

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.count_law import count_law
from strangeness.search.counting import CountingExperiment
from strangeness.search.windows import checked_widths
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import p_from_z, poisson_log_sf

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WindowReach:
    """What a window could show.

    Attributes:
        window: (lo, hi) in GeV.
        background: selected events that background alone gives there.
        signal: selected signal events in the window with which half of the data sets reach the significance
            there, local, before any trials factor.
    """

    window: tuple[float, float]
    background: float
    signal: float

    def to_dict(self) -> dict[str, Any]:
        """JSON values."""
        return {"window": list(self.window), "background": self.background, "signal": self.signal}


def spectrum_reach(hunt: BumpHunt, expected: ArrayLike, z: float = 3.0) -> tuple[WindowReach, ...]:
    """The windows of the middle width, side by side, for an expectation (bins,) of background.

    The background of a window is taken as known: a fit makes the reach a little worse.

    Raises:
        InputError: for another number of bins, or an expectation that is negative or not finite.
    """
    edges, values = hunt.bin_edges(), np.asarray(expected, np.float64)
    if values.shape != (edges.size - 1,) or not np.all(np.isfinite(values)) or np.any(values < 0):
        raise InputError(
            f"an expectation of shape {values.shape}", f"Give {edges.size - 1} numbers >= 0, one a bin."
        )
    widths = checked_widths(hunt.widths, values.size)
    width = widths[len(widths) // 2]
    starts = range(0, values.size - width + 1, width)
    found = [((float(edges[i]), float(edges[i + width])), float(values[i : i + width].sum())) for i in starts]
    return tuple(WindowReach(window, b, needed_signal(b, z)) for window, b in found if b > 0)


def count_reach(
    search: CountingExperiment, events: ArrayLike, law: SelectionLaw, z: float = 3.0
) -> WindowReach:
    """The region of a counting experiment that holds ``events`` (m,) by bin of the law, selected or not.

    Raises:
        InputError: for a region without events.
    """
    number = np.round(np.asarray(events, np.float64)).astype(np.int64)
    if number.shape != law.a.shape or np.any(number < 0) or number.sum() == 0:
        raise InputError(
            f"events {number.tolist()} in the region", "Give numbers >= 0, one a bin of the law."
        )
    expected = float(number @ law.mean)
    needed = _smallest_count(number, law, float(p_from_z(z)))
    return WindowReach(search.region, expected, max(_half(needed) - expected, 0.0))


def needed_signal(background: float, z: float = 3.0) -> float:
    """Signal events that bring half of the data sets to a local significance over a known background.

    Raises:
        InputError: for a background that is not positive.
    """
    if not (np.isfinite(background) and background > 0):
        raise InputError(f"a background of {background}", "Give expected events above 0.")
    log_p, low, high = float(np.log(p_from_z(z))), 0, max(int(background), 1)
    while poisson_log_sf(high, background) > log_p:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if poisson_log_sf(middle, background) > log_p else (low, middle)
    return max(_half(high) - background, 0.0)


def _half(n: int) -> float:
    """The mean of the Poisson law that gives ``n`` or more in half of the cases."""
    return float(gammaincinv(n, 0.5))


def _smallest_count(events: NDArray[np.int64], law: SelectionLaw, p: float) -> int:
    """The smallest selected number with a p-value of at most ``p``; one more than all when there is none."""
    low, high = 0, int(events.sum()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if count_law(middle, events, law).at_least <= p else (middle, high)
    return high
