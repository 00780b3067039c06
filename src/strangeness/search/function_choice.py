"""Which dijet function, and from which mass on: decided on a reference, before the data are looked at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, fdtrc

from strangeness.core.errors import InputError
from strangeness.search.background import BackgroundFit, DijetFunction, checked_edges
from strangeness.stats.poisson_fit import deviance, newton

Array = NDArray[np.float64]
Parameters = Literal[3, 4, 5]
_FAMILY: tuple[Parameters, ...] = (3, 4, 5)
_MANY = 20.0  # expected counts in every bin for which the deviance is close to its chi-squared law
_TOYS = 999


@dataclass(frozen=True)
class Goodness:
    """Whether a function describes a spectrum.

    Attributes:
        n_parameters: of the dijet function, the normalisation included.
        lower_edge: first edge of the spectrum in GeV.
        deviance, dof: of the fit.
        p: chance of a deviance as large if the function is right.
        method: "chi-squared", or "pseudo-experiments" where a bin expects few events.
    """

    n_parameters: int
    lower_edge: float
    deviance: float
    dof: int
    p: float
    method: str


@dataclass(frozen=True)
class Step:
    """One more parameter: the statistic of its test and its p-value under the smaller function."""

    smaller: int
    larger: int
    statistic: float
    p: float


@dataclass(frozen=True)
class FunctionChoice:
    """The chosen function with the table it was chosen by.

    Attributes:
        function: the choice.
        goodness: fits of 3, 4 and 5 parameters.
        steps: the tests of 3 against 4 and of 4 against 5 parameters.
        test: "F" or "likelihood ratio".
        level: below which p a parameter is added.
        fit_level: below which p a function is said not to describe the spectrum.
    """

    function: DijetFunction
    goodness: tuple[Goodness, ...]
    steps: tuple[Step, ...]
    test: str
    level: float
    fit_level: float

    def text(self) -> str:
        """The choice in one sentence."""
        chosen = next(row for row in self.goodness if row.n_parameters == self.function.n_parameters)
        steps = ", ".join(f"{s.smaller} to {s.larger}: p = {s.p:.2g}" for s in self.steps)
        return (
            f"A dijet function with {self.function.n_parameters} parameters was chosen on the reference by "
            f"the {self.test} test ({steps}; goodness of fit p = {chosen.p:.2g})."
        )


@dataclass(frozen=True)
class EdgeScan:
    """Lower edges that were tried, and the lowest from which the function describes the spectrum.

    Attributes:
        edge: the lowest lower edge in GeV with p >= level.
        table: the fit from each lower edge on, in the order of the edges.
        level: the smallest p-value that counts as a description.
    """

    edge: float
    table: tuple[Goodness, ...]
    level: float


def choose_function(
    counts: ArrayLike,
    edges: ArrayLike,
    level: float = 0.05,
    *,
    test: Literal["F", "likelihood ratio"] = "F",
    fit_level: float = 0.01,
    sqrt_s: float = 13000.0,
    seed: int = 0,
) -> FunctionChoice:
    """The smallest dijet function that a reference histogram does not ask to extend, and that describes it.

    One parameter is added while the test of the next one has p < ``level``, and further while the function
    fails its goodness of fit and a larger one is left. The F-test (Fisher; used for dijet functions in
    arXiv:1911.03947) compares the fall of the deviance with the deviance that is left; the likelihood ratio
    compares it with chi-squared of one degree of freedom (Wilks).

    Args:
        counts: (bins,) of the reference; the choice must not see the data.
        edges: (bins + 1,) in GeV.
        level: of each test of one more parameter.
        test: "F" or "likelihood ratio".
        fit_level: of the goodness of fit.
        sqrt_s: centre-of-mass energy in GeV.
        seed: of the pseudo-experiments of the goodness of fit, so that the choice can be made again.

    Raises:
        InputError: when no function describes the histogram, for levels outside (0, 1), an unknown test, or
            a histogram that cannot be fitted.
    """
    _checked_levels(level, fit_level)
    if test not in ("F", "likelihood ratio"):
        raise InputError(f"test = '{test}'", "Choose 'F' or 'likelihood ratio'.")
    functions = [DijetFunction(n, sqrt_s) for n in _FAMILY]
    goodness = tuple(goodness_of_fit(counts, edges, function, seed=seed) for function in functions)
    steps = tuple(_step(a, b, test) for a, b in itertools.pairwise(goodness))
    at = 0
    while at < len(steps) and (steps[at].p < level or goodness[at].p < fit_level):
        at += 1
    if goodness[at].p < fit_level:
        raise _refused(goodness[at])
    return FunctionChoice(functions[at], goodness, steps, test, level, fit_level)


def lowest_edge(
    counts: ArrayLike,
    edges: ArrayLike,
    function: DijetFunction | None = None,
    level: float = 0.05,
    *,
    seed: int = 0,
) -> EdgeScan:
    """The lowest lower edge from which a function describes a reference histogram with p >= ``level``.

    Args:
        counts: (bins,) of the reference; the choice must not see the data.
        edges: (bins + 1,) in GeV.
        function: DijetFunction() when None.
        level: the smallest p-value that counts as a description.
        seed: of the pseudo-experiments of the goodness of fit.

    Returns:
        Every edge that leaves enough bins, and the choice.

    Raises:
        InputError: when the function fits from no edge on.
    """
    _checked_levels(level, level)
    chosen, values = function or DijetFunction(), np.asarray(counts, np.float64)
    borders = checked_edges(edges)
    table = []
    for first in range(max(borders.size - 2 - chosen.n_parameters, 1)):
        if np.count_nonzero(values[first:]) <= chosen.n_parameters:
            break
        table.append(goodness_of_fit(values[first:], borders[first:], chosen, seed=seed))
    passed = [row.lower_edge for row in table if row.p >= level]
    if not passed:
        raise InputError(
            f"a spectrum that {chosen.n_parameters} parameters describe from no lower edge on",
            "Use more parameters or a TemplateBackground.",
        )
    return EdgeScan(passed[0], tuple(table), level)


def goodness_of_fit(
    counts: ArrayLike, edges: ArrayLike, function: DijetFunction, *, seed: int = 0
) -> Goodness:
    """The deviance of a fit to a spectrum (bins,) and its p-value.

    With 20 expected events or more in every bin the deviance is compared with chi-squared; else with that of
    999 refitted pseudo-experiments, p = (k + 1) / 1000.

    Raises:
        InputError: for a histogram that cannot be fitted, or whose fit does not converge.
    """
    values, borders = np.asarray(counts, np.float64), checked_edges(edges)
    if values.shape != (borders.size - 1,) or not np.all(np.isfinite(values)) or np.any(values < 0):
        raise InputError(f"a histogram of shape {values.shape}", f"Give {borders.size - 1} counts >= 0.")
    fit = function.fit(values, borders)
    if not fit.converged:
        raise InputError("a background fit that did not converge", "Use fewer parameters or another range.")
    many = bool(fit.expected.min() >= _MANY)
    p = float(chdtrc(fit.dof, fit.deviance)) if many else _toy_p(fit, function, np.random.default_rng(seed))
    method = "chi-squared" if many else "pseudo-experiments"
    return Goodness(function.n_parameters, float(borders[0]), fit.deviance, fit.dof, p, method)


def _toy_p(fit: BackgroundFit, function: DijetFunction, rng: np.random.Generator) -> float:
    design = function.prepared(fit.expected, fit.edges)
    counts = rng.poisson(fit.expected[:, None], (fit.expected.size, _TOYS)).astype(np.float64)
    mu, _, converged = newton(counts, design, design.internal(fit.params)[:, None])
    # a toy that could not be fitted counts as worse than the data, which keeps p from being too small
    worse = ~converged | (deviance(counts.T, mu.T) >= fit.deviance)
    return (int(np.count_nonzero(worse)) + 1) / (_TOYS + 1)


def _step(smaller: Goodness, larger: Goodness, test: str) -> Step:
    gain = max(smaller.deviance - larger.deviance, 0.0)
    if test == "likelihood ratio":
        return Step(smaller.n_parameters, larger.n_parameters, gain, float(chdtrc(1, gain)))
    left = max(larger.deviance, 1e-300)
    ratio = gain / (left / larger.dof)
    return Step(smaller.n_parameters, larger.n_parameters, ratio, float(fdtrc(1, larger.dof, ratio)))


def _refused(best: Goodness) -> InputError:
    return InputError(
        f"a reference that even {best.n_parameters} parameters do not describe from {best.lower_edge:g} GeV "
        f"(deviance {best.deviance:.1f} for {best.dof} degrees of freedom, p = {best.p:.2g})",
        "Raise the lower edge; lowest_edge(counts, edges) finds one.",
    )


def _checked_levels(level: float, fit_level: float) -> None:
    if not (0 < level < 1 and 0 < fit_level < 1):
        raise InputError(f"levels {level} and {fit_level}", "Give levels between 0 and 1.")
