"""Does the calibration weigh enough for the law of its cut? A rule for weighted events."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strangeness.search.check import Check
from strangeness.search.checks.reference import Array, ReferenceEvents, dilution, effective
from strangeness.search.checks.simulated import calibration_sizes, cuts_of
from strangeness.stats.selection import SelectionLaw

FEWEST = 3.0
"""Least alpha (n_eff + 1) in each bin, where weights differ."""
HEAVIEST = 0.5
"""Largest weight of one event over the weight that passes the cut in its bin, where weights differ."""
SPREAD = 2.0
"""Largest variance of the efficiency over that of its law, mean of the bins, where weights differ. At 1.6 the
type-I error of a count at 5 % is 5 to 6 %, at 2.3 it is 8 to 9 %, at 3.3 it is 11 to 13 %."""


def calibration_size(law: SelectionLaw, calibrated: ReferenceEvents) -> Check:
    """Does the finite calibration follow the law of the cut?

    Events of equal weight follow the Beta law whatever their number, from one passing event on. Of weighted
    ones the law is an approximation, which fails when few heavy events decide where the cut lies. Their
    effective number alone does not show it: where weights rise with the score, the events beyond the cut are
    the heavy ones, and the effective number of all of them is much too large.
    """
    passing = float(np.min(law.alpha * (calibration_sizes(law) + 1.0)))
    if not calibrated.weighted:
        text = f"{passing:.1f} calibration events or more pass the cut in each bin"
        return Check("calibration size", 1.0, passing, True, text)
    fewest, heaviest, spread = _facts(law, calibrated)
    fine = fewest >= FEWEST and heaviest <= HEAVIEST and spread <= SPREAD
    text = (
        f"{fewest:.1f} effective calibration events or more pass the cut in each bin ({FEWEST:g} needed), "
        f"one event carries up to {100 * heaviest:.0f} % of their weight ({100 * HEAVIEST:.0f} % allowed), "
        f"and the efficiency varies {spread:.1f} times as much as its law ({SPREAD:g} allowed)"
    )
    return Check("calibration size", 1.0 if fine else 0.0, fewest, fine, text)


def honest_law(law: SelectionLaw, calibrated: ReferenceEvents | None) -> SelectionLaw:
    """The law with as few calibration events as their weights at the cuts are worth, for the other checks."""
    diluted = 1.0 if calibrated is None else dilution(calibrated, cuts_of(law.alpha))
    if diluted <= 1.0:
        return law
    sizes = np.maximum(calibration_sizes(law) / diluted, 1.0).astype(np.int64)
    return replace(law, a=law.a / diluted, b=law.b / diluted, n_calibration=sizes)


def _facts(law: SelectionLaw, calibrated: ReferenceEvents) -> tuple[float, float, float]:
    """Least alpha (n_eff + 1), heaviest event over what may pass, mean variance over that of the law."""
    where, passed = law.bin_of(calibrated.context), calibrated.p <= law.alpha
    rows = [_one_bin(calibrated.weights[where == i], passed[where == i], law, i) for i in range(law.a.size)]
    fewest, heaviest, spread = np.array(rows).T
    return float(fewest.min()), float(heaviest.max()), float(spread.mean())


def _one_bin(
    weight: Array, passed: NDArray[np.bool_], law: SelectionLaw, i: int
) -> tuple[float, float, float]:
    total = float(weight.sum())
    if total <= 0:
        return 0.0, np.inf, np.inf
    share = float(weight[passed].sum()) / total
    variance = float(np.sum((weight * (passed - share)) ** 2)) / total**2
    a, b = float(law.a[i]), float(law.b[i])
    lawful = a * b / (a + b) ** 2 / (a + b + 1)
    fewest = law.alpha * (effective(weight) + 1)
    return fewest, float(weight.max()) / (law.alpha * total), variance / lawful
