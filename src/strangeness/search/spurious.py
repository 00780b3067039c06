"""The signal that a background function invents: fits of a signal to a spectrum that holds none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.shape_scan import ShapeScan

Array = NDArray[np.float64]


@dataclass(frozen=True)
class SpuriousSignal:
    """Fitted signals of a background-only reference, at the size of the data.

    Attributes:
        masses: (M,) in GeV.
        strength: spurious signal (M,) in events of the data, with its sign.
        error: statistical error (M,) of a signal fitted to the data.
        reference_error: error (M,) of ``strength`` from the finite reference.
        scale: events of the data over events of the reference.
        limit: largest |strength| / error that passes.
        allowance: standard deviations of the reference that were subtracted from |strength| before.
    """

    masses: Array
    strength: Array
    error: Array
    reference_error: Array
    scale: float
    limit: float
    allowance: float

    @property
    def size(self) -> Array:
        """|strength| less the allowance for the reference, at least 0 (M,), in events."""
        return np.maximum(np.abs(self.strength) - self.allowance * self.reference_error, 0.0)

    @property
    def ratio(self) -> Array:
        """``size`` in units of the statistical error (M,)."""
        return self.size / self.error

    @property
    def worst(self) -> int:
        """Index of the mass with the largest ratio."""
        return int(np.argmax(self.ratio))

    @property
    def passed(self) -> bool:
        """Whether the ratio stays within the limit at every mass."""
        return bool(self.ratio.max() <= self.limit)

    @property
    def resolved(self) -> bool:
        """Whether the reference is large enough to see a spurious signal at the limit with its own error."""
        return bool(np.all(self.reference_error <= self.limit * self.error))

    @property
    def largest(self) -> float:
        """The largest |strength| over all masses, in events, without an allowance."""
        return float(np.abs(self.strength).max())

    def at(self, mass: float) -> float:
        """Uncertainty from the background function at a mass in GeV: |strength|, interpolated, in events.

        Raises:
            InputError: for a mass outside the scan.
        """
        if not self.masses[0] <= mass <= self.masses[-1]:
            raise InputError(
                f"a mass of {mass:g} GeV outside the scan from {self.masses[0]:g} to {self.masses[-1]:g}",
                "Scan the spurious signal over the whole search.",
            )
        return float(np.interp(mass, self.masses, np.abs(self.strength)))

    def carried(self, mass: float, error: float) -> float:
        """Statistical ``error`` in events with the spurious signal at ``mass`` added in quadrature."""
        return float(np.hypot(error, self.at(mass)))

    def text(self) -> str:
        """The outcome in one sentence."""
        i, unit = self.worst, "passes" if self.passed else "fails"
        less = f" after {self.allowance:g} standard deviations of the reference" if self.allowance else ""
        known = "" if self.resolved else "; the reference is too small to tell a spurious signal of this size"
        return (
            f"the background function {unit}: it invents {self.strength[i]:.3g} events at "
            f"{self.masses[i]:.0f} GeV, {self.ratio[i]:.2f} of the statistical error{less} "
            f"(limit {self.limit:g}){known}"
        )


def spurious_signal(
    counts: ArrayLike,
    scan: ShapeScan,
    *,
    data_events: float | None = None,
    limit: float = 0.5,
    allowance: float = 0.0,
) -> SpuriousSignal:
    """Fit background and signal to a background-only spectrum at every mass of a scan.

    The test of the ATLAS diphoton measurements (arXiv:1802.04146: at most 0.2 of the statistical error, or
    a tenth of the expected signal). The fitted strength scales with the number of events, its statistical
    error with the root.

    Args:
        counts: (bins,) of the reference, in the edges of the scan; real numbers for a smooth expectation.
        scan: masses, shape of the signal and background function.
        data_events: events of the data in the range; those of the reference when None.
        limit: in (0, 1], the largest size of the signal in units of its statistical error.
        allowance: >= 0, standard deviations of the reference to subtract first (0 is the strict test).

    Raises:
        InputError: for a limit or allowance out of range, data_events <= 0, or a spectrum that cannot be
            fitted.
    """
    if not 0 < limit <= 1:
        raise InputError(f"limit = {limit}", "Give a share of the statistical error, such as 0.2 to 0.5.")
    if not (np.isfinite(allowance) and allowance >= 0):
        raise InputError(f"allowance = {allowance}", "Give standard deviations >= 0.")
    if data_events is not None and not (np.isfinite(data_events) and data_events > 0):
        raise InputError(f"data_events = {data_events}", "Give the events of the data in the range.")
    fit = scan.fit(counts)
    scale = 1.0 if data_events is None else data_events / float(np.sum(np.asarray(counts, np.float64)))
    return SpuriousSignal(
        masses=fit.masses,
        strength=fit.strength * scale,
        error=fit.error * np.sqrt(scale),
        reference_error=fit.error * scale,
        scale=float(scale),
        limit=limit,
        allowance=allowance,
    )
