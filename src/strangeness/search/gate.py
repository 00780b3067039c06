"""The validity gate: what must hold on background before a significance is stated.

Every check uses held-out reference events and null toys alone, never the data under test. Together they block
a valid search with at most the chance ``level`` (Holm).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.check import Check
from strangeness.search.null import Efficiency, FittedNull
from strangeness.search.significance import global_p
from strangeness.stats.dependence import ks_distance, ks_score, ks_score_null
from strangeness.stats.multiple import holm
from strangeness.stats.poisson_fit import deviance, newton
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
Progress = Callable[[int, int], None]
_TYPE_I = 0.05


@dataclass(frozen=True)
class Gate:
    """The checks and their joint error rate.

    Attributes:
        level: chance of blocking a valid search, over all checks together.
        n_simulated: simulations behind checks 1 to 3.
        n_toys, n_pseudo: background toys, and pseudo-experiments in each, behind check 4.
        bins: mass bins of the sculpting check (equally filled).
    """

    level: float = 0.01
    n_simulated: int = 2000
    n_toys: int = 200
    n_pseudo: int = 500
    bins: int = 12

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
    ) -> tuple[Check, ...]:
        """Run the checks on held-out reference events.

        Args:
            p_values: (n,) randomised conformal p-values of reference events used neither to fit nor to
                calibrate.
            context: (n,) their masses in GeV.
            selection_law: the law of the cut, with its number of calibration events per bin.
            hunt: the search to be validated; without it (or without a fitted background) only checks 1 and 2
                run.
            scale: size of the data relative to these reference events, for the toys.

        Raises:
            InputError: for shapes that do not match, an empty sample, or a level that is not in (0, 1).
        """
        p, mass = _checked(p_values, context, self)
        found = [
            uniformity(p, mass, selection_law, self.n_simulated, rng),
            sculpting(p, mass, selection_law, self.bins, self.n_simulated, rng),
        ]
        if hunt is not None and isinstance(hunt.background, DijetFunction):
            counts = binned(mass[p <= selection_law.alpha], hunt.bin_edges())[0]
            found.append(background_form(counts, hunt, selection_law, self.n_simulated, rng))
            found.append(self._type_one(counts, hunt, selection_law, scale, rng, progress))
        return judged(found, self.level)

    def _type_one(
        self,
        counts: Array,
        hunt: BumpHunt,
        law: SelectionLaw,
        scale: float,
        rng: np.random.Generator,
        progress: Progress | None,
    ) -> Check:
        toys = dataclasses.replace(hunt, n_pseudo=self.n_pseudo)
        p = toy_p_values(toys, counts, law, self.n_toys, scale, rng, progress)
        return type_one_error(p)


def judged(checks: list[Check], level: float) -> tuple[Check, ...]:
    """The checks with ``passed`` set: all pass for a valid search with probability 1 - level or more."""
    rejected = holm([check.p for check in checks], level)
    return tuple(
        dataclasses.replace(check, passed=not bool(bad)) for check, bad in zip(checks, rejected, strict=True)
    )


def uniformity(p: Array, mass: Array, law: SelectionLaw, n_simulated: int, rng: np.random.Generator) -> Check:
    """Are held-out reference p-values uniform in every calibration bin?

    Kolmogorov-Smirnov distances, one a bin, added up as -2 log p; the null law is simulated with p-values
    that share their calibration sample, as these do.
    """
    n_cal = np.round(1.0 / law.smallest_p).astype(int) - 1
    where = law.bin_of(mass)
    groups = [(i, p[where == i]) for i in range(n_cal.size) if np.any(where == i)]
    seen = sum(float(ks_score(ks_distance(part), int(n_cal[i]), part.size)) for i, part in groups)
    sizes = [(int(n_cal[i]), part.size) for i, part in groups]
    chance = _tail(seen, ks_score_null(sizes, n_simulated, rng))
    text = (
        f"p-values of {p.size:,} held-out reference events in {len(groups)} bins are uniform with "
        f"p = {chance:.2g}"
    )
    return Check("uniform null p-values", chance, float(seen), True, text)


def sculpting(
    p: Array, mass: Array, law: SelectionLaw, bins: int, n_simulated: int, rng: np.random.Generator
) -> Check:
    """Does the cut keep the same share of background at every mass?

    Chi-square of the selected counts in cells of the mass against the law's efficiency; the null is simulated
    with one Beta efficiency for each calibration bin and binomial counts in its cells.
    """
    total, selected, owner = _cells(p, mass, law, bins)
    efficiency = np.clip(law.draw(rng, n_simulated) * law.mean[:, None], 0.0, 1.0)
    toys = rng.binomial(total[:, None], efficiency[owner])
    null = _chi_square(toys, total, owner, law)
    seen = float(_chi_square(selected[:, None], total, owner, law)[0])
    chance = _tail(seen, null)
    text = f"the selection efficiency is flat in {total.size} cells of the mass with p = {chance:.2g}"
    return Check("mass sculpting", chance, seen, True, text)


def background_form(
    counts: Array, hunt: BumpHunt, law: SelectionLaw | None, n_simulated: int, rng: np.random.Generator
) -> Check:
    """Does the background function describe the selected reference spectrum? Judged by the deviance."""
    null = _fitted(hunt, counts, law)
    toys = null.source.draw(rng, n_simulated).astype(np.float64)
    toys = toys[:, toys.any(axis=0)]
    mu, _, converged = newton(toys, null.design, null.theta)
    misfit = np.where(converged, deviance(toys.T, mu.T), np.inf)
    chance = _tail(null.fit.deviance, misfit)
    text = (
        f"the background function fits the selected reference with deviance {null.fit.deviance:.1f} for "
        f"{null.fit.dof} degrees of freedom, p = {chance:.2g}"
    )
    return Check("background function", chance, null.fit.deviance, True, text)


def toy_p_values(
    hunt: BumpHunt,
    counts: Array,
    law: SelectionLaw | None,
    n_toys: int,
    scale: float,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Array:
    """Randomised global p-values (n_toys,) of toys drawn from ``scale`` times the fit to ``counts``."""
    fitted = _fitted(hunt, counts, law)
    source = Efficiency(fitted.expected * scale, hunt.bin_edges(), law)
    p = np.empty(n_toys)
    for i in range(n_toys):
        toy = _usable_toy(source, fitted.design.k, rng)
        null = hunt.null(toy, law)
        p[i] = global_p(float(null.observed().t[0]), hunt.pseudo_statistics(null, rng), rng).randomised
        if progress is not None:
            progress(i + 1, n_toys)
    return p


def type_one_error(p: Array, at: float = _TYPE_I) -> Check:
    """Does a background toy reach p <= 5 % more often than that? One-sided binomial test."""
    k = int(np.count_nonzero(p <= at))
    chance = float(betainc(k, p.size - k + 1, at)) if k else 1.0
    text = (
        f"{k} of {p.size} background toys have a global p below {at:g} ({at * p.size:g} expected), "
        f"p = {chance:.2g}"
    )
    return Check("type-I error", chance, k / p.size, True, text)


def _fitted(hunt: BumpHunt, counts: Array, law: SelectionLaw | None) -> FittedNull:
    null = hunt.null(counts, law)
    if not isinstance(null, FittedNull):
        raise InputError("a background that is not fitted", "Use DijetFunction for this check.")
    return null


def _usable_toy(source: Efficiency, parameters: int, rng: np.random.Generator) -> Array:
    """One toy (bins,) with enough filled bins for a fit; the rare others are drawn again."""
    toys = source.draw(rng, 20)
    usable = np.flatnonzero(np.count_nonzero(toys, axis=0) >= parameters)
    if not usable.size:
        raise InputError(
            f"background toys of about {source.expected.sum():.3g} events",
            "Raise alpha or the held-out share.",
        )
    return toys[:, usable[0]].astype(np.float64)


def _cells(
    p: Array, mass: Array, law: SelectionLaw, bins: int
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """Events and selected events in cells of the mass, and the calibration bin that each cell lies in."""
    inner = np.quantile(mass, np.linspace(0, 1, bins + 1)[1:-1])
    cuts = np.unique(np.concatenate([inner, law.edges[1:-1]]))
    cell = np.searchsorted(cuts, mass, side="right")
    total = np.bincount(cell, minlength=cuts.size + 1)
    selected = np.bincount(cell[p <= law.alpha], minlength=cuts.size + 1)
    owner = law.bin_of(np.concatenate([[-np.inf], cuts]))
    kept = total > 0
    return total[kept], selected[kept], owner[kept]


def _chi_square(
    selected: NDArray[np.intp], total: NDArray[np.intp], owner: NDArray[np.intp], law: SelectionLaw
) -> Array:
    """r^T V^-1 r (P,) for counts (cells, P): V = E[binomial variance] + variance of the common efficiency.

    V is diagonal plus rank one in each calibration bin, so its inverse is the Sherman-Morrison formula.
    """
    a, b = law.a, law.b
    spread = a * b / (a + b) ** 2 / (a + b + 1)
    binomial = law.mean * (1 - law.mean) - spread
    residual = selected - (total * law.mean[owner])[:, None]
    single = np.sum(residual**2 / (total * binomial[owner])[:, None], axis=0)
    member = owner[None, :] == np.arange(a.size)[:, None]
    in_bin, events = member @ residual, member @ total
    common = in_bin**2 * (spread / (binomial * (binomial + spread * events)))[:, None]
    return single - common.sum(axis=0)


def _tail(seen: float, null: Array) -> float:
    return (int(np.count_nonzero(null >= seen)) + 1) / (null.size + 1)


def _checked(p_values: ArrayLike, context: ArrayLike, gate: Gate) -> tuple[Array, Array]:
    p, mass = np.asarray(p_values, np.float64), np.asarray(context, np.float64)
    if not 0 < gate.level < 1:
        raise InputError(f"gate level {gate.level}", "Give a rate between 0 and 1.")
    if p.ndim != 1 or p.shape != mass.shape or p.size == 0:
        raise InputError(f"p-values {p.shape} with masses {mass.shape}", "Give one of each a held-out event.")
    if not (np.all((p >= 0) & (p <= 1)) and np.all(np.isfinite(mass))):
        raise InputError(
            "p-values outside [0, 1], or masses that are not finite", "Calibrate the scores first."
        )
    return p, mass
