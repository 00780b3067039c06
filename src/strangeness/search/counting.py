"""The counting experiment: how many selected events a region holds, against a finite calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.count_law import CountLaw, count_law, effective_law
from strangeness.search.result import SearchResult, Spectrum
from strangeness.search.systematics import Systematic, checked, names
from strangeness.search.weights import checked_weight, effective_weight, refuse_few
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
        weight: ArrayLike | None = None,
        systematics: Sequence[Systematic] = (),
    ) -> SearchResult:
        """Count the events of the whole sample (p-values (n,), contexts (n,) in GeV) that pass in the region.

        Args:
            p_values: conformal p-values (n,).
            context: (n,) in GeV.
            selection_law: the law of the efficiency of p <= alpha from the calibration.
            rng: breaks ties for ``global_p_randomised``.
            weight: event weights (n,) >= 0; counts are then effective numbers, weights over their sum of
                squares over their sum in the region (scaled Poisson, arXiv:1309.1287).
            systematics: relative changes of the efficiency, one value for the region or one a bin of the law;
                the p-value is averaged over their nuisances.

        Raises:
            InputError: for a bad cut or region, a law of another cut, a region without events, or weights
                that are negative or too uneven.
        """
        p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
        self._check(p, mass, selection_law)
        checked(systematics, selection_law.a.size)
        inside = (mass >= self.region[0]) & (mass < self.region[1])
        if not inside.any():
            raise InputError(
                f"no event between {self.region[0]:g} and {self.region[1]:g} GeV", "Move the region."
            )
        where, passed = selection_law.bin_of(mass[inside]), p[inside] <= self.alpha
        weights = None if weight is None else checked_weight(weight, mass.size)[inside]
        if weights is not None and np.any(weights != weights[0]):
            return self._weighted(where, passed, weights, selection_law, rng, systematics)
        events = np.bincount(where, minlength=selection_law.a.size)
        observed = int(np.count_nonzero(passed))
        law = count_law(observed, events, selection_law, systematics)
        expected = float(np.sum(events * selection_law.mean))
        return self._result(observed, expected, law, events > 0, selection_law, rng, said(systematics))

    def _weighted(
        self,
        where: NDArray[np.intp],
        passed: NDArray[np.bool_],
        weights: Array,
        law: SelectionLaw,
        rng: np.random.Generator,
        systematics: Sequence[Systematic],
    ) -> SearchResult:
        one = effective_weight(weights)
        events = np.bincount(where, weights, law.a.size) / one
        expected = float(events @ law.mean)
        refuse_few(weights, expected, "the selected region")
        observed = float(weights[passed].sum()) / one
        notes = (
            f"weighted events: counts are effective numbers, sum of weights over {one:.4g}; the weights do "
            "not depend on the score",
            *said(systematics),
        )
        found = effective_law(observed, events, law, systematics)
        return self._result(observed, expected, found, events > 0, law, rng, notes)

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
        self,
        observed: float,
        expected: float,
        found: CountLaw,
        used: NDArray[np.bool_],
        law: SelectionLaw,
        rng: np.random.Generator,
        notes: tuple[str, ...],
    ) -> SearchResult:
        p = found.at_least
        z = float(z_from_p(min(p, 1 - 1e-16)))
        return SearchResult(
            kind="counting",
            local_p=p,
            local_log_p=float(np.log(max(p, 1e-300))),
            local_z=z,
            window=(float(self.region[0]), float(self.region[1])),
            observed=float(observed),
            expected=expected,
            global_p=p,
            global_p_randomised=float(
                min(found.above + (1.0 - rng.random()) * (found.at_least - found.above), 1.0)
            ),
            n_pseudo=0,
            n_extreme=0,
            global_z=z,
            global_z_interval=(None, None),
            smallest_p=found.smallest,
            trials_factor=1.0,
            p_reach=tuple(float(value) for value in law.smallest_p[used]),
            alpha=self.alpha,
            assumptions=(
                "events are exchangeable with the calibration sample under the null",
                "counts are beta-binomial: the calibration sample is finite and shared",
                "one region, chosen without looking",
                *notes,
            ),
            spectrum=Spectrum.of(self.region, [observed], [expected], [(observed - expected) / found.spread]),
        )


def said(systematics: Sequence[Systematic]) -> tuple[str, ...]:
    """The assumption that a counting experiment with these systematics makes."""
    if not systematics:
        return ()
    return (
        f"systematics ({names(systematics)}): one standard normal nuisance each; the p-value is the average "
        "of the tail over them (prior-predictive)",
    )
