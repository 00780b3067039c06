"""The counting experiment: how many selected events a region holds, against a finite calibration."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.result import SearchResult, Spectrum
from strangeness.stats.dependence import count_pmf
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import z_from_p

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CountingExperiment:
    """The count of p <= alpha in a region of the context.

    Under the null the count in each calibration bin is beta-binomial, because its events share the
    calibration sample; the total is their convolution. Exact for deterministic p-values of continuous scores
    and, where alpha (n + 1) is whole, for randomised ones; else the Beta law has the right mean and variance.

    Attributes:
        alpha: cut on the per-event p-value.
        region: (lo, hi) in GeV, hi excluded.
    """

    alpha: float
    region: tuple[float, float]

    def run(
        self,
        p_values: ArrayLike,
        context: ArrayLike,
        *,
        selection_law: SelectionLaw,
        rng: np.random.Generator,
    ) -> SearchResult:
        """Count the events of the whole sample (p-values (n,), contexts (n,) in GeV) that pass in the region.

        Raises:
            InputError: for a bad cut or region, a law of another cut, or a region without events.
        """
        p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
        self._check(p, mass, selection_law)
        inside = (mass >= self.region[0]) & (mass < self.region[1])
        if not inside.any():
            raise InputError(
                f"no event between {self.region[0]:g} and {self.region[1]:g} GeV", "Move the region."
            )
        events = np.bincount(selection_law.bin_of(mass[inside]), minlength=selection_law.a.size)
        observed = int(np.count_nonzero(p[inside] <= self.alpha))
        return self._result(observed, events, selection_law, rng)

    def _check(self, p: Array, mass: Array, law: SelectionLaw) -> None:
        if not 0 < self.alpha < 1:
            raise InputError(f"alpha = {self.alpha}", "Give a cut on the p-value between 0 and 1.")
        if not self.region[0] < self.region[1]:
            raise InputError(f"region {self.region}", "Give its lower and upper edge in GeV.")
        if p.shape != mass.shape or p.ndim != 1:
            raise InputError(f"p-values {p.shape} with contexts {mass.shape}", "Give one of each an event.")
        if not (np.all((p >= 0) & (p <= 1)) and np.all(np.isfinite(mass))):
            raise InputError(
                "p-values outside [0, 1], or contexts that are not finite", "Calibrate the scores first."
            )
        if not np.isclose(law.alpha, self.alpha):
            raise InputError(
                f"a selection law for alpha = {law.alpha:g} at {self.alpha:g}", "Use one cut for both."
            )

    def _result(
        self, observed: int, events: NDArray[np.int64], law: SelectionLaw, rng: np.random.Generator
    ) -> SearchResult:
        used = events > 0
        pmf = count_pmf(events[used].tolist(), law.a[used], law.b[used])
        p = float(min(pmf[observed:].sum(), 1.0))
        above = float(pmf[observed + 1 :].sum())
        expected = float(np.sum(events * law.mean))
        z = float(z_from_p(min(p, 1 - 1e-16)))
        deviation = (observed - expected) / float(np.sqrt(_variance(pmf)))
        return SearchResult(
            kind="counting",
            local_p=p,
            local_log_p=float(np.log(max(p, 1e-300))),
            local_z=z,
            window=(float(self.region[0]), float(self.region[1])),
            observed=float(observed),
            expected=expected,
            global_p=p,
            global_p_randomised=float(min(above + (1.0 - rng.random()) * pmf[observed], 1.0)),
            n_pseudo=0,
            n_extreme=0,
            global_z=z,
            global_z_interval=(None, None),
            smallest_p=float(pmf[-1]),
            trials_factor=1.0,
            p_reach=tuple(float(value) for value in law.smallest_p[used]),
            alpha=self.alpha,
            assumptions=(
                "events are exchangeable with the calibration sample under the null",
                "counts are beta-binomial: the calibration sample is finite and shared",
                "one region, chosen without looking",
            ),
            checks=(),
            blocked=False,
            reason="",
            spectrum=Spectrum(
                (float(self.region[0]), float(self.region[1])), (float(observed),), (expected,), (deviation,)
            ),
        )


def _variance(pmf: Array) -> float:
    k = np.arange(pmf.size)
    mean = float(pmf @ k)
    return max(float(pmf @ (k - mean) ** 2), 1e-300)
