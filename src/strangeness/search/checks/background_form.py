"""Does the background function describe the reference spectrum, at the size at which it is used?"""

from __future__ import annotations

import numpy as np

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.check import Check
from strangeness.search.checks.cells import windows_of
from strangeness.search.checks.reference import Array, ReferenceEvents
from strangeness.search.checks.simulated import JointTest, tail
from strangeness.search.null import FittedNull
from strangeness.stats.poisson_fit import deviance, newton
from strangeness.stats.selection import SelectionLaw

_LARGER = 4.0
"""How much more reference than selected data the check looks at: a window that the function misses by two
standard deviations of the search is four off in the check."""


def spectrum(
    held: ReferenceEvents, calibrated: ReferenceEvents | None, hunt: BumpHunt, rng: np.random.Generator
) -> Array:
    """All reference events (bins,) behind the training, selected or not.

    Weighted ones are thinned to equal weights, each kept with its weight over the largest: what is left are
    Poisson counts, also in bins that hold few events.
    """
    edges = hunt.bin_edges()
    parts = [held] if calibrated is None else [held, calibrated]
    mass, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("context", "weights")
    )
    if any(part.weighted for part in parts):
        mass = mass[rng.random(mass.size) * weight.max() < weight]
    return binned(mass, edges)[0]


def background_form(
    counts: Array,
    hunt: BumpHunt,
    law: SelectionLaw | None,
    n_simulated: int,
    rng: np.random.Generator,
    *,
    selected: float | None = None,
) -> Check:
    """Does the function describe the spectrum ``counts`` (bins,)?

    Judged jointly by the deviance and the window, among those of the search, that is farthest off, above or
    below. A cut that keeps the same share at every mass leaves the shape of the spectrum as it is, so the
    reference before the cut can answer; it is thinned to four times the ``selected`` events of the data,
    because what is invisible there fakes less than the search can see.

    Raises:
        InputError: when the fit does not converge.
    """
    if selected is not None and counts.sum() > _LARGER * selected > 0:
        thinned = rng.binomial(np.round(counts).astype(np.int64), _LARGER * selected / counts.sum())
        counts = thinned.astype(np.float64)
    null = fitted(hunt, counts, law)
    windows = windows_of(counts.size, tuple(hunt.widths))
    toys = null.source.draw(rng, n_simulated).astype(np.float64)
    toys = toys[:, toys.any(axis=0)]
    mu, _, converged = newton(toys, null.design, null.theta)
    test = JointTest(_statistics(toys[:, converged], mu[:, converged], windows))
    seen = _statistics(counts[:, None], null.expected[:, None], windows)[:, 0]
    _, statistic, _ = test.p(seen)
    # a toy that cannot be fitted counts as farther off than anything
    lost = np.full(int(np.count_nonzero(~converged)), np.inf)
    chance = tail(statistic, np.concatenate([test.null, lost]))
    text = (
        f"the background function fits {counts.sum():,.0f} reference events with deviance "
        f"{null.fit.deviance:.1f} for {null.fit.dof} degrees of freedom and no window farther off than "
        f"{np.sqrt(seen[1]):.1f} standard deviations, p = {chance:.2g}"
    )
    return Check("background function", chance, null.fit.deviance, True, text)


def fitted(hunt: BumpHunt, counts: Array, law: SelectionLaw | None) -> FittedNull:
    """The fitted null of a histogram.

    Raises:
        InputError: when the background of the search is not fitted.
    """
    null = hunt.null(counts, law)
    if not isinstance(null, FittedNull):
        raise InputError("a background that is not fitted", "Use DijetFunction for this check.")
    return null


def _statistics(counts: Array, expected: Array, windows: Array) -> Array:
    """Deviance and the largest squared pull of a window (2, P)."""
    pulls = (windows @ (counts - expected)) ** 2 / np.maximum(windows @ expected, 1e-9)
    return np.stack([deviance(counts.T, expected.T), pulls.max(axis=0)])
