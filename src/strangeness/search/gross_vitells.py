"""Global p-values beyond what pseudo-experiments can test, each with the assumption that it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar

from strangeness.core.errors import InputError
from strangeness.search.significance import GlobalP
from strangeness.stats.tails import clopper_pearson, p_from_z, z_from_log_p

Array = NDArray[np.float64]
_ONE_SIGMA = 0.6827
_FEWEST = 10  # upcrossings below which their number says too little
_TAIL = 50  # fewest pseudo-experiments in a tail that is extrapolated


@dataclass(frozen=True)
class Extrapolation:
    """A p-value that was not tested by pseudo-experiments.

    Attributes:
        p: the extrapolated p-value.
        log_p: its natural logarithm, for p below the smallest double.
        interval: 68 % interval from the pseudo-experiments it was made of, given the assumption.
        assumption: what it rests on, to be printed with it.
    """

    p: float
    log_p: float
    interval: tuple[float, float]
    assumption: str

    @property
    def z(self) -> float:
        """Its significance."""
        return float(z_from_log_p(self.log_p))

    def text(self, tested: GlobalP) -> str:
        """What was tested, what is extrapolated, and under which assumption."""
        beyond = tested.n_extreme == 0
        first = f"p < {tested.smallest:.2g} (tested)" if beyond else f"p = {tested.p:.2g} (tested)"
        low, high = self.interval
        return (
            f"{first}; extrapolated {_short(self.log_p)} ({self.z:.1f} sigma, {low:.2g} to {high:.2g} at "
            f"68 %) under the assumption that {self.assumption}"
        )


@dataclass(frozen=True)
class Upcrossings:
    """The mean number of upcrossings of a scan under background alone.

    Attributes:
        level: signed root (standard deviations) at which they were counted.
        mean, error: upcrossings in one pseudo-experiment, and the standard error.
        total: those in all pseudo-experiments.
        n_pseudo: how many there were.
    """

    level: float
    mean: float
    error: float
    total: int
    n_pseudo: int

    def extrapolated(self, root: float) -> Extrapolation:
        """Global p-value of the largest signed root of a scan.

        With u the level and N the mean number of upcrossings, the mean number of excursions above z is
        x = 1 - Phi(z) + N exp(-(z^2 - u^2) / 2) (arXiv:1005.1891 eq. 3 for a signal that can only be
        positive), which bounds p from above; p = 1 - exp(-x), as rare excursions come independently.

        Raises:
            InputError: unless the root is above the level.
        """
        if not root > self.level:
            raise InputError(
                f"a root of {root:g} at or below the level {self.level:g}",
                "Use pseudo-experiments: an excess this small needs no extrapolation.",
            )
        log_fall = -0.5 * (root**2 - self.level**2)
        excursions = [
            float(p_from_z(root)) + max(n, 0.0) * float(np.exp(log_fall))
            for n in (self.mean, self.mean - self.error, self.mean + self.error)
        ]
        p, low, high = (float(-np.expm1(-x)) for x in excursions)
        log_p = float(np.log(p)) if p > 1e-300 else float(np.log(max(self.mean, 1e-12)) + log_fall)
        return Extrapolation(p, log_p, (low, high), _ASYMPTOTIC)

    def invalid(self, root: float) -> str:
        """Why the extrapolation should not be used, empty if nothing speaks against it."""
        if self.total < _FEWEST:
            return f"only {self.total} upcrossings in {self.n_pseudo} pseudo-experiments: make more"
        if not root > self.level + 0.5:
            return f"the root {root:.2f} is not clearly above the level {self.level:g}"
        if (p := self.extrapolated(root).p) > 0.3:
            return f"p = {p:.2f} is too large for rare excursions"
        return ""


_ASYMPTOTIC = (
    "the likelihood ratio is half chi-squared at every mass (many events), the masses are dense, and "
    "excursions above high levels are rare (Gross and Vitells)"
)


def upcrossings(roots: ArrayLike, level: float = 1.0) -> Upcrossings:
    """Count the upcrossings of pseudo-experiments.

    Args:
        roots: (M, n) signed roots at M increasing masses, not more than half a signal width apart.
        level: > 0, low enough to be crossed in most pseudo-experiments.

    Raises:
        InputError: for fewer than two masses or pseudo-experiments, values that are not finite, or a level
            that is not positive.
    """
    values = np.asarray(roots, np.float64)
    if values.ndim != 2 or min(values.shape) < 2 or not np.all(np.isfinite(values)):
        raise InputError(
            f"roots of shape {values.shape}", "Give finite roots (masses, pseudo-experiments), two of each."
        )
    if not level > 0:
        raise InputError(f"level = {level}", "Give a level above 0: only an excess counts.")
    crossed = np.count_nonzero((values[:-1] < level) & (values[1:] >= level), axis=0)
    n = crossed.size
    # with no spread at all the error of a Poisson count still holds
    error = max(float(crossed.std(ddof=1)), np.sqrt(max(crossed.mean(), 1.0 / n))) / np.sqrt(n)
    return Upcrossings(level, float(crossed.mean()), float(error), int(crossed.sum()), n)


def extrapolated_tail(
    observed: float,
    pseudo: ArrayLike,
    share: float = 0.02,
    law: Literal["excursions", "Pareto"] = "excursions",
) -> Extrapolation:
    """The p-value of a BumpHunter statistic t beyond its pseudo-experiments, from a fit to their tail.

    The threshold is the value that ``share`` of the pseudo-experiments exceed. Above it
    "excursions": p falls like sqrt(t) exp(-a t). Upcrossings of a scan fall like exp(-z^2 / 2)
    (arXiv:1005.1891 eq. 3), and exp(-t) = 1 - Phi(z) ~ exp(-z^2 / 2) / (z sqrt(2 pi)) with z ~ sqrt(2 t), so
    a = 1 where local p-values are exact; a is fitted, because a refit or an uncertain efficiency changes it.
    "Pareto": excesses follow a generalised Pareto law (Pickands, Ann. Statist. 3 (1975) 119) whose shape is
    held at or above that of an exponential; it asks for less and errs to larger p.

    Args:
        observed: the statistic, above the threshold.
        pseudo: statistics (n,) of pseudo-experiments.
        share: in (0, 0.25]; at least 50 pseudo-experiments must exceed the threshold.
        law: of the tail.

    Raises:
        InputError: for a share out of range, an unknown law, too few pseudo-experiments, or a statistic below
            the threshold.
    """
    values = np.asarray(pseudo, np.float64)
    if law not in _TAILS:
        raise InputError(f"law = '{law}'", "Choose 'excursions' or 'Pareto'.")
    threshold = _threshold(observed, values, share)
    tail = values[values > threshold]
    if threshold <= 0 or tail.size < _TAIL // 2:
        raise InputError("pseudo-experiments that nearly all tie", "Use a statistic with more values.")
    fit = _excursions if law == "excursions" else _pareto
    log_p, below, above = fit(tail, threshold, observed)
    log_p += float(np.log(tail.size / values.size))
    low, high = clopper_pearson(tail.size, values.size, _ONE_SIGMA)
    below = float(np.hypot(below, np.log(tail.size / values.size / low)))
    above = float(np.hypot(above, np.log(high * values.size / tail.size)))
    interval = (float(np.exp(log_p - below)), float(np.exp(min(log_p + above, 0.0))))
    what = f"the top {100 * share:g} % of the pseudo-experiments ({tail.size}) and all beyond"
    note = f"{what} fall like {_TAILS[law]}"
    return Extrapolation(float(np.exp(log_p)), log_p, interval, note)


_TAILS = {
    "excursions": "sqrt(t) exp(-a t), the law of rare excursions of a scan",
    "Pareto": "a generalised Pareto law no lighter than an exponential",
}


def _threshold(observed: float, values: Array, share: float) -> float:
    if not 0 < share <= 0.25:
        raise InputError(f"share = {share}", "Give the share of the tail, above 0 and at most 0.25.")
    if values.ndim != 1 or not np.all(np.isfinite(values)) or np.floor(values.size * share) < _TAIL:
        raise InputError(
            f"{values.size} pseudo-experiments for a tail of {share:g}",
            f"Make at least {int(np.ceil(_TAIL / share))}, all with a finite statistic.",
        )
    threshold = float(np.quantile(values, 1 - share))
    if not observed > threshold:
        raise InputError(
            f"a statistic of {observed:g} below the threshold {threshold:g} of the tail",
            "Use pseudo-experiments: it needs no extrapolation.",
        )
    return threshold


def _excursions(tail: Array, threshold: float, observed: float) -> tuple[float, float, float]:
    """log P(T > observed | T > threshold) and its lower and upper error, for sqrt(t / u) exp(-a (t - u))."""

    def slope(a: float) -> float:
        return float(np.sum(1 / (a - 0.5 / tail)) - np.sum(tail - threshold))

    least = 0.5 / float(tail.min())
    # the density a - 1 / (2 t) must be positive; the sum falls from infinity there to below zero
    most = least + 2.0 * tail.size / float(np.sum(tail - threshold))
    a = float(np.asarray(brentq(slope, least * (1 + 1e-9), most)))
    error = float((observed - threshold) / np.sqrt(np.sum(1 / (a - 0.5 / tail) ** 2)))
    return 0.5 * float(np.log(observed / threshold)) - a * (observed - threshold), error, error


def _pareto(tail: Array, threshold: float, observed: float) -> tuple[float, float, float]:
    """As ``_excursions``; errors from the profile likelihood of the shape and the error of the scale."""
    excess, far, shapes = tail - threshold, observed - threshold, np.linspace(0.0, 0.6, 61)
    scales, log_likelihood = np.array([_scale(excess, shape) for shape in shapes]).T
    best = int(np.argmax(log_likelihood))
    log_p = np.array([_log_survival(far, scale, x) for scale, x in zip(scales, shapes, strict=True)])
    inside = log_likelihood > log_likelihood[best] - 0.5
    spread = (far / (scales + shapes * far) / np.sqrt(excess.size))[inside]
    below = log_p[best] - np.min(log_p[inside] - spread)
    return float(log_p[best]), float(below), float(np.max(log_p[inside] + spread) - log_p[best])


def _scale(excess: Array, shape: float) -> tuple[float, float]:
    """The most likely scale of a generalised Pareto law of this shape, and its log-likelihood."""
    if shape == 0:
        scale = float(excess.mean())
        return scale, float(-excess.size * (np.log(scale) + 1))

    def negative(log_scale: float) -> float:
        terms = np.log1p(shape * excess / np.exp(log_scale))
        return float(excess.size * log_scale + (1 / shape + 1) * terms.sum())

    middle = float(np.log(excess.mean()))
    found = minimize_scalar(negative, bounds=(middle - 3, middle + 1), method="bounded")
    return float(np.exp(found.x)), -float(found.fun)


def _log_survival(far: float, scale: float, shape: float) -> float:
    return -far / scale if shape == 0 else float(-np.log1p(shape * far / scale) / shape)


def _short(log_p: float) -> str:
    return f"{np.exp(log_p):.2g}" if log_p > -660 else f"1e{log_p / np.log(10):.0f}"
