"""Does the calibration weigh enough for the law of its cut? A rule for weighted events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strangeness.search.check import Check
from strangeness.search.checks.reference import Array, ReferenceEvents
from strangeness.search.checks.simulated import calibration_sizes, cuts_of
from strangeness.stats.selection import SelectionLaw

FEWEST = 15.0
"""Effective events that must pass the cut in a bin where weights differ much; with fewer, and 1,000 data, the
type-I error of a count at 5 % is 9 to 13 %, with 15 to 25 it is 5 to 8 %."""
HEAVIEST = 0.5
"""Most that the heaviest event weighs above the mean, over the weight that passes the cut in its bin. Where
log-normal weights exceed it the type-I error is 8 to 11 %, below 0.3 it is 5 to 7 %."""
SPREAD = 2.0
"""Largest variance of the efficiency over that of its law, mean of the bins, where weights differ."""


def calibration_size(law: SelectionLaw, calibrated: ReferenceEvents) -> Check:
    """Does the finite calibration follow the law of the cut?

    Events of equal weight follow the Beta law whatever their number, from one passing event on. Of weighted
    ones the law is the limit of many, which fails when few heavy events decide where the cut lies: where they
    are missing, the cut is too loose and the variance that is read from the others too small. What counts is
    the effective number of events that pass, far below alpha n_eff where weights rise with the score. Weights
    that hardly differ need fewer: with a variance of d times that of equal weights, ``FEWEST`` times
    (d - 1)^2 / 4, at most ``FEWEST``.
    """
    if not calibrated.weighted:
        passing = float(np.min(law.alpha * (calibration_sizes(law) + 1.0)))
        text = f"{passing:.1f} calibration events or more pass the cut in each bin"
        return Check("calibration size", 1.0, passing, True, text)
    where, passed = law.bin_of(calibrated.context), calibrated.p <= law.alpha
    bins = [_facts(calibrated.weights[where == i], passed[where == i], law, i) for i in range(law.a.size)]
    passing, needed, heaviest, spread = np.array(bins).T
    worst = int(np.argmin(passing - needed))
    fine = bool(np.all(passing >= needed) and heaviest.max() <= HEAVIEST and spread.mean() <= SPREAD)
    text = (
        f"{passing[worst]:.1f} effective calibration events pass the cut ({needed[worst]:.1f} needed where "
        f"weights differ as much), the heaviest adds up to {100 * heaviest.max():.0f} % to the weight that "
        f"passes ({100 * HEAVIEST:.0f} % allowed), and the efficiency varies {spread.mean():.1f} times as "
        f"much as its law ({SPREAD:g} allowed)"
    )
    return Check("calibration size", 1.0 if fine else 0.0, float(passing[worst]), fine, text)


def honest_law(law: SelectionLaw, calibrated: ReferenceEvents | None) -> SelectionLaw:
    """The law made as wide as the weights of the calibration say at the cuts, for the other checks."""
    if calibrated is None or not calibrated.weighted:
        return law
    where, levels = law.bin_of(calibrated.context), cuts_of(law.alpha)
    wider = np.ones(law.a.size)
    for i in range(law.a.size):
        weight, p, n = calibrated.weights[where == i], calibrated.p[where == i], law.a[i] + law.b[i] - 1
        plain = levels * (1 - levels) / (n + 2)
        varied = [share_variance(weight, p <= level) for level in levels]
        wider[i] = max(1.0, float(np.max(varied / plain)))
    sizes = np.maximum(calibration_sizes(law) / wider, 1.0).astype(np.int64)
    return replace(law, a=law.a / wider, b=law.b / wider, n_calibration=sizes)


def share_variance(weight: Array, passed: NDArray[np.bool_]) -> float:
    """Variance of the weighted share of passing events, 0 without any weight."""
    total = float(weight.sum())
    if total <= 0:
        return 0.0
    share = float(weight[passed].sum()) / total
    return float(np.sum((weight * (passed - share)) ** 2)) / total**2


def _facts(
    weight: Array, passed: NDArray[np.bool_], law: SelectionLaw, i: int
) -> tuple[float, float, float, float]:
    """Effective passing events, those needed, what the heaviest adds to those, variance over the law's."""
    alpha, total = law.alpha, float(weight.sum())
    variance = share_variance(weight, passed)
    if total <= 0 or variance == 0:
        return 0.0, FEWEST, np.inf, np.inf
    a, b = float(law.a[i]), float(law.b[i])
    passing = alpha * (alpha * (1 - alpha) / variance + 1)
    lost = alpha * (weight.size + 1) / passing - 1
    needed = FEWEST * min(max(lost / 2, 0.0), 1.0) ** 2
    heaviest = float(weight.max() - weight.mean()) / (alpha * total)
    return passing, needed, heaviest, variance / (a * b / (a + b) ** 2 / (a + b + 1))
