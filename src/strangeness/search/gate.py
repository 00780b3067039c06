"""The validity gate: what must hold on background before a significance is stated.

Every check uses held-out and calibration events of the reference, and null toys, never the data under test.
Together the tests among them block a valid search with at most the chance ``level`` (Holm); two rules, which
a valid search never breaks, stand beside them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.checks.background_form import background_form, spectrum
from strangeness.search.checks.calibration_size import calibration_size, honest_law
from strangeness.search.checks.reach import reach_of
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.search.checks.roles import disjoint_roles
from strangeness.search.checks.sculpting import SculptingTest
from strangeness.search.checks.type_one import toy_p_values, type_one_error
from strangeness.search.checks.uniformity import uniform_p_values
from strangeness.stats.multiple import holm
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
_TESTS = 4


@dataclass(frozen=True)
class Gate:
    """The checks and their joint error rate.

    Attributes:
        level: chance of blocking a valid search, over all checks together.
        n_simulated: simulations behind checks 1 to 3; never fewer than a check needs to be able to fail.
        n_toys, n_pseudo: background toys, and pseudo-experiments in each, behind check 4.
        bins: mass bins of the sculpting check (equally filled) where no histogram is searched.
        reach: whether the sculpting check says how large a faked excess it would have missed.
    """

    level: float = 0.01
    n_simulated: int = 2000
    n_toys: int = 200
    n_pseudo: int = 500
    bins: int = 12
    reach: bool = True

    @property
    def simulations(self) -> int:
        """Simulations that are made: with fewer, 1 / (n + 1) could not fall below Holm's first limit."""
        return max(self.n_simulated, math.ceil(_TESTS / self.level))

    def run(
        self,
        p_values: ArrayLike,
        context: ArrayLike,
        *,
        selection_law: SelectionLaw,
        hunt: BumpHunt | None = None,
        scale: float = 1.0,
        rng: np.random.Generator,
        progress: Progress | None = None,
        weight: ArrayLike | None = None,
        calibration: ReferenceEvents | None = None,
        roles: Mapping[str, NDArray[np.uint32]] | None = None,
    ) -> tuple[Check, ...]:
        """Run the checks on held-out reference events.

        Args:
            p_values: (n,) randomised conformal p-values of reference events used neither to fit nor to
                calibrate.
            context: (n,) their masses in GeV.
            selection_law: the law of the cut, with its number of calibration events per bin.
            hunt: the search to be validated; without it (or without a fitted background) the checks of the
                fit and of its toys are left out.
            scale: number of data relative to these reference events, for the toys.
            rng: NumPy generator.
            progress: called with (done, total) background toys.
            weight: (n,) weights >= 0 of the held-out events.
            calibration: the calibration events with their p-values among themselves; with them the check of
                sculpting sees what held-out events alone are too few to show.
            roles: role -> identities (n, 2), for the rule that no event has two.

        Raises:
            InputError: for shapes that do not match, an empty sample, or a level that is not in (0, 1).
        """
        if not 0 < self.level < 1:
            raise InputError(f"gate level {self.level}", "Give a rate between 0 and 1.")
        held = reference_events(p_values, context, weight)
        expected, law = _expected(held, selection_law, scale), honest_law(selection_law, calibration)
        fits = hunt is not None and isinstance(hunt.background, DijetFunction)
        found = [uniform_p_values(held, law, self.simulations, rng)]
        counts = spectrum(held, calibration, hunt, rng) if fits and hunt is not None else None
        found.append(self._sculpting(held, calibration, law, hunt, counts, expected, rng))
        if hunt is not None and counts is not None:
            found.append(background_form(counts, hunt, None, self.simulations, rng, selected=expected))
            toys = dataclasses.replace(hunt, n_pseudo=self.n_pseudo)
            size = expected / counts.sum()
            p = toy_p_values(toys, counts, selection_law, self.n_toys, size, rng, progress)
            found.append(type_one_error(p))
        rules = [] if roles is None else [disjoint_roles(roles)]
        if calibration is not None:
            rules.append(calibration_size(selection_law, calibration))
        return (*judged(found, self.level), *rules)

    def _sculpting(
        self,
        held: ReferenceEvents,
        calibration: ReferenceEvents | None,
        law: SelectionLaw,
        hunt: BumpHunt | None,
        counts: Array | None,
        expected: float,
        rng: np.random.Generator,
    ) -> Check:
        fitted = None if counts is None else hunt
        test = SculptingTest.prepare(
            held, law, self.bins, self.simulations, rng, calibrated=calibration, hunt=fitted
        )
        if fitted is None or counts is None or not self.reach:
            return test.check()
        reach = reach_of(test, fitted, counts, expected, self.level / _TESTS, rng)
        return test.with_reach(test.check(), reach.sentence())


def judged(checks: list[Check], level: float) -> tuple[Check, ...]:
    """The checks with ``passed`` set: all pass for a valid search with probability 1 - level or more."""
    rejected = holm([check.p for check in checks], level)
    return tuple(
        dataclasses.replace(check, passed=not bool(bad)) for check, bad in zip(checks, rejected, strict=True)
    )


def _expected(held: ReferenceEvents, law: SelectionLaw, scale: float) -> float:
    """Selected data that background alone is expected to give."""
    share = np.bincount(law.bin_of(held.context), held.weights, law.a.size) / held.weights.sum()
    return float(scale * held.p.size * (share @ law.mean))
