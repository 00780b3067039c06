"""Extrapolated p-values against closed forms, a Gaussian process and a million pseudo-experiments."""

from functools import cache
from typing import Literal

import numpy as np
import pytest
from scipy import optimize, stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.gross_vitells import (
    Extrapolation,
    Upcrossings,
    _excursions,
    _pareto,
    _scale,
    extrapolated_tail,
    upcrossings,
)
from strangeness.search.shape_scan import ShapeScan, ShapeToys
from strangeness.search.significance import GlobalP, global_p
from strangeness.search.template import FixedExpectation
from tests.search.spectra import falling

EDGES = np.geomspace(2700, 4400, 26)


@cache
def gaussian_process(n: int, seed: int) -> np.ndarray:
    """Stationary process (120, n) over 12 correlation lengths, whose upcrossings Rice's formula counts."""
    x = np.linspace(0, 12, 120)
    covariance = np.exp(-0.5 * (x[:, None] - x) ** 2) + 1e-10 * np.eye(x.size)
    return np.linalg.cholesky(covariance) @ np.random.default_rng(seed).standard_normal((x.size, n))


def test_upcrossings_are_those_of_rice() -> None:
    found = upcrossings(gaussian_process(4000, 0), 1.0)
    assert found.mean == pytest.approx(12 / (2 * np.pi) * np.exp(-0.5), abs=4 * found.error)
    assert found.error == pytest.approx(np.sqrt(found.mean / 4000), rel=0.3)
    assert found.total == pytest.approx(found.mean * 4000)


@pytest.mark.parametrize("z", [2.2, 2.8, 3.4])
def test_few_toys_give_the_global_p_of_many(z: float) -> None:
    found = upcrossings(gaussian_process(200, 1), 1.0)
    tested = np.mean(gaussian_process(20_000, 2).max(axis=0) >= z)
    value = found.extrapolated(z)
    assert found.invalid(z) == ""
    # four standard errors of both, and 3 % for excursions that come in clusters at p = 0.3
    error = np.hypot((value.interval[1] - value.interval[0]) / 2, np.sqrt(tested / 20_000))
    assert value.p == pytest.approx(tested, abs=4 * error + 0.03 * tested)
    assert value.z == pytest.approx(stats.norm.isf(value.p))


def test_agrees_with_pseudo_experiments_of_a_shape_scan() -> None:
    scan = ShapeScan(tuple(EDGES), relative_width=0.06)
    toys = ShapeToys(scan, scan.fit(falling(3e4, EDGES)).background)
    roots = toys.roots(np.random.default_rng(3), 1500)
    found = upcrossings(roots[:, :300], 1.0)
    largest = roots[:, 300:].max(axis=0)
    for z in (1.9, 2.5, 3.0):
        tested, value = np.mean(largest >= z), found.extrapolated(z)
        error = np.hypot((value.interval[1] - value.interval[0]) / 2, np.sqrt(max(tested, 1e-3) / 1200))
        # masses half a width apart miss the top of an excursion: 10 % less than the continuous scan
        assert value.p == pytest.approx(tested, abs=4 * error + 0.1 * value.p)


def test_validity_is_stated() -> None:
    found = upcrossings(gaussian_process(200, 4), 1.0)
    assert "clearly above" in found.invalid(1.2) and "too large" in found.invalid(1.7)
    rare = upcrossings(gaussian_process(3, 5), 3.5)
    assert "only" in rare.invalid(5.0) and rare.error > 0
    with pytest.raises(InputError, match="needs no extrapolation"):
        found.extrapolated(0.5)
    far = found.extrapolated(45.0)
    assert far.p == 0.0 and far.log_p < -1000 and 44 < far.z < 45
    for roots, level in ((np.zeros(3), 1.0), (np.full((3, 3), np.inf), 1.0), (np.zeros((3, 3)), 0.0)):
        with pytest.raises(InputError):
            upcrossings(roots, level)


@pytest.fixture(scope="module")
def million() -> np.ndarray:
    """A million pseudo-experiments of a small hunt."""
    edges = np.geomspace(2700, 4000, 7)
    hunt = BumpHunt(
        edges=tuple(edges),
        background=FixedExpectation(tuple(falling(3000, edges))),
        alpha=None,
        widths=(1, 2),
        n_pseudo=1_000_000,
    )
    null = hunt.null(np.round(falling(3000, edges)))
    return hunt.pseudo_statistics(null, np.random.default_rng(6))


@pytest.mark.parametrize("p", [1e-3, 1e-4, 1e-5])
def test_tail_of_few_is_the_tail_of_a_million(million: np.ndarray, p: float) -> None:
    t = float(np.quantile(million, 1 - p))
    true = np.mean(million >= t)
    parts = [million[i * 5000 : (i + 1) * 5000] for i in range(30)]
    runs = [extrapolated_tail(t, part) for part in parts]
    covered = sum(run.interval[0] <= true <= run.interval[1] for run in runs)
    # 68 % of 30 within four binomial standard deviations; no bias above 40 % and two errors of the million
    assert covered >= 0.6827 * 30 - 4 * np.sqrt(30 * 0.6827 * 0.3173)
    bias = np.median([run.log_p for run in runs]) - np.log(true)
    assert abs(bias) < np.log(1.4) + 2 / np.sqrt(1e6 * p)
    pareto = [extrapolated_tail(t, part, law="Pareto") for part in parts[:10]]
    # the Pareto tail errs to larger p
    assert sum(true <= run.interval[1] for run in pareto) >= 7


def test_what_is_printed_names_what_was_tested_and_assumed(million: np.ndarray) -> None:
    few = million[:5000]
    value = extrapolated_tail(25.0, few)
    text = value.text(global_p(25.0, few, np.random.default_rng(0)))
    assert (
        text.startswith("p < 0.0002 (tested); extrapolated ")
        and "under the assumption that the top 2 %" in text
    )
    assert value.z > 5 and value.interval[0] < value.p < value.interval[1]
    tested = global_p(float(np.quantile(few, 0.99)), few, np.random.default_rng(0))
    assert value.text(tested).startswith("p = 0.0")


@pytest.mark.parametrize(
    ("observed", "pseudo", "options", "words"),
    [
        (9.0, np.ones(100), {}, "Make at least 2500"),
        (9.0, np.arange(5000.0), {}, "needs no extrapolation"),
        (9.0, np.ones(5000), {"share": 0.5}, "share"),
        (9.0, np.ones(5000), {}, "nearly all tie"),
        (9.0, np.ones(5000), {"law": "normal"}, "law = 'normal'"),
    ],
)
def test_unusable_tails_are_named(observed, pseudo, options, words: str) -> None:
    with pytest.raises(InputError, match=words):
        extrapolated_tail(observed, pseudo, **options)


def test_upcrossings_are_counted_pair_by_pair() -> None:
    roots = np.array([[0.0, 1.0, 2.0, 0.5], [1.0, 0.0, 0.5, 0.9], [0.9, 1.0, 3.0, 0.9], [2.0, 1.0, 0.0, 0.9]])
    found = upcrossings(roots, 1.0)
    # a root at the level has crossed it: two, one, one and none
    assert (found.total, found.mean, found.n_pseudo, found.level) == (4, 1.0, 4, 1.0)
    # deviation of (2, 1, 1, 0) is sqrt(2 / 3), below the Poisson one of a mean of one
    assert found.error == pytest.approx(1 / 2)
    wide = upcrossings(np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]))
    assert wide.mean == 1.5 and wide.error == pytest.approx(np.std([3, 0], ddof=1) / np.sqrt(2))
    none = upcrossings(np.zeros((2, 8)))
    assert none.mean == 0 and none.error == pytest.approx(np.sqrt(1 / 8) / np.sqrt(8))


@pytest.mark.parametrize("root", [1.1, 2.0, 4.0])
def test_the_bound_of_gross_and_vitells(root: float) -> None:
    found = Upcrossings(1.0, 0.4, 0.1, 40, 100).extrapolated(root)

    def p(n: float) -> float:
        return 1 - np.exp(-(stats.norm.sf(root) + n * np.exp(-(root**2 - 1) / 2)))

    assert found.p == pytest.approx(p(0.4)) and found.interval == pytest.approx((p(0.3), p(0.5)))
    assert found.log_p == pytest.approx(np.log(p(0.4))) and "Gross and Vitells" in found.assumption
    # a mean below its error leaves the local p-value
    few = Upcrossings(1.0, 0.1, 0.2, 2, 100).extrapolated(root)
    assert few.interval[0] == pytest.approx(1 - np.exp(-stats.norm.sf(root)))


def test_beyond_doubles_the_logarithm_goes_on() -> None:
    found = Upcrossings(1.0, 0.4, 0.1, 40, 100)
    assert found.extrapolated(40.0).log_p == pytest.approx(np.log(0.4) - 0.5 * (1600 - 1))
    # around 1e-300 (z = 37) both forms agree
    for z in (36.9, 37.0, 37.1, 37.2):
        assert found.extrapolated(z).log_p == pytest.approx(np.log(0.4) - 0.5 * (z**2 - 1), abs=0.03)
    none = Upcrossings(1.0, 0.0, 0.1, 0, 100)
    assert none.extrapolated(40.0).log_p == pytest.approx(np.log(1e-12) - 0.5 * (1600 - 1))


def test_why_an_extrapolation_is_not_used() -> None:
    def reason(total: int, root: float, mean: float = 0.4) -> str:
        return Upcrossings(1.0, mean, 0.1, total, 100).invalid(root)

    assert (
        reason(9, 3.0) == "only 9 upcrossings in 100 pseudo-experiments: make more" and reason(10, 3.0) == ""
    )
    assert "1.50 is not clearly above the level 1" in reason(40, 1.5) and reason(40, 1.51) == ""
    # p = 1 - exp(-x) reaches 0.3 where the excursions reach 0.3567
    at = 2.0
    mean = (-np.log(0.7) - stats.norm.sf(at)) / np.exp(-1.5)
    assert reason(40, at, mean * 0.999) == "" and "p = 0.30 is too large" in reason(40, at, mean * 1.001)
    for root in (0.9, 1.0, np.nan):
        with pytest.raises(InputError, match="at or below the level"):
            Upcrossings(1.0, 0.4, 0.1, 40, 100).extrapolated(root)


@pytest.mark.parametrize("shape", [(1, 5), (5, 1), (5,), (0, 0), (2, 2, 2)])
def test_roots_need_two_of_each(shape: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="two of each"):
        upcrossings(np.zeros(shape))
    assert upcrossings(np.zeros((2, 2)), 0.01).total == 0
    for level in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="level"):
            upcrossings(np.zeros((3, 3)), level)


def test_excursions_are_the_most_likely_slope() -> None:
    rng = np.random.default_rng(8)
    tail = 4 + rng.exponential(0.8, 60)
    observed, threshold = 15.0, 4.0
    log_p, below, above = _excursions(tail, threshold, observed)

    def cost(a: float) -> float:
        # density of sqrt(t / u) exp(-a (t - u)): that times (a - 1 / (2 t))
        return -float(
            np.sum(0.5 * np.log(tail / threshold) - a * (tail - threshold) + np.log(a - 0.5 / tail))
        )

    a = optimize.minimize_scalar(
        cost, bounds=(0.5 / tail.min() + 1e-6, 5), method="bounded", options={"xatol": 1e-10}
    ).x
    assert log_p == pytest.approx(0.5 * np.log(15 / 4) - a * 11, rel=1e-6)
    h = 1e-3
    curvature = (cost(a + h) - 2 * cost(a) + cost(a - h)) / h**2
    assert below == above == pytest.approx(11 / np.sqrt(curvature), rel=1e-3)


def test_pareto_is_the_most_likely_shape_and_its_profile() -> None:
    excess = stats.genpareto(0.2, scale=1.3).rvs(80, random_state=9)
    tail, threshold, observed = 3 + excess, 3.0, 20.0
    log_p, below, above = _pareto(tail, threshold, observed)
    shapes, values, log_ps, errors = np.arange(61) / 100, [], [], []
    scales = np.exp(np.linspace(-1.0, 1.0, 1001)) * excess.mean()
    for shape in shapes:
        z = excess / scales[:, None]
        density = np.exp(-z) if shape == 0 else (1 + shape * z) ** (-1 / shape - 1)
        likelihood = np.log(density / scales[:, None]).sum(axis=1)
        scale = float(scales[np.argmax(likelihood)])
        values.append(float(likelihood.max()))
        log_ps.append(float(stats.genpareto.logsf(17.0, shape, scale=scale)))
        errors.append(17.0 / (scale + shape * 17.0) / np.sqrt(80))
        # the grid of scales has steps of 2e-3
        assert _scale(excess, float(shape)) == (
            pytest.approx(scale, rel=3e-3),
            pytest.approx(values[-1], abs=1e-4),
        )
    best = int(np.argmax(values))
    assert 0 < best < 60 and log_p == pytest.approx(log_ps[best], abs=0.01)
    inside = [i for i in range(61) if values[i] > values[best] - 0.5]
    assert below == pytest.approx(log_p - min(log_ps[i] - errors[i] for i in inside), abs=0.01)
    assert above == pytest.approx(max(log_ps[i] + errors[i] for i in inside) - log_p, abs=0.01)


@pytest.mark.parametrize("law", ["excursions", "Pareto"])
def test_an_extrapolated_tail_joins_the_share_and_its_interval(law: Literal["excursions", "Pareto"]) -> None:
    values = np.random.default_rng(10).exponential(size=1000)
    found = extrapolated_tail(12.0, values, 0.1, law)
    threshold = np.quantile(values, 0.9)
    tail = values[values > threshold]
    log_p, below, above = (_excursions if law == "excursions" else _pareto)(tail, threshold, 12.0)
    assert tail.size == 100 and found.log_p == pytest.approx(log_p + np.log(0.1))
    assert found.p == pytest.approx(np.exp(found.log_p))
    # Clopper-Pearson by the Beta law, at 68.27 %
    low, high = stats.beta.ppf(0.15865, 100, 901), stats.beta.ppf(0.84135, 101, 900)
    assert found.interval == pytest.approx(
        (
            found.p * np.exp(-np.hypot(below, np.log(0.1 / low))),
            found.p * np.exp(np.hypot(above, np.log(high / 0.1))),
        ),
        rel=1e-6,
    )
    assert "the top 10 % of the pseudo-experiments (100)" in found.assumption
    assert ("sqrt(t)" in found.assumption) is (law == "excursions")
    just = extrapolated_tail(float(threshold) * 1.0001, values, 0.1, law)
    assert just.interval[1] <= 1 and just.p == pytest.approx(0.1, rel=0.01)


def test_shares_and_sizes_of_a_tail() -> None:
    values = np.random.default_rng(11).exponential(size=200)
    assert extrapolated_tail(9.0, values, 0.25).p > 0
    for share, n, words in (
        (0.2501, 200, "share = 0.2501"),
        (0.0, 200, "share = 0.0"),
        (-0.1, 200, "share = -0.1"),
        (0.25, 199, "Make at least 200,"),
        (0.02, 200, "Make at least 2500,"),
    ):
        with pytest.raises(InputError, match=words):
            extrapolated_tail(9.0, values[:n], share)
    for pseudo in (np.r_[values, np.nan], np.stack([values, values])):
        with pytest.raises(InputError, match="finite statistic"):
            extrapolated_tail(9.0, pseudo, 0.25)
    with pytest.raises(InputError, match="needs no extrapolation"):
        extrapolated_tail(float(np.quantile(values, 0.75)), values, 0.25)
    # 25 above the threshold are enough, 24 are not
    tied = np.r_[np.full(975, 1.0), 2 + np.arange(25.0)]
    assert extrapolated_tail(60.0, tied, 0.05).p > 0
    with pytest.raises(InputError, match="nearly all tie"):
        extrapolated_tail(60.0, np.r_[1.0, tied[:-1]], 0.05)
    # a threshold of zero, as of scans without an excess
    with pytest.raises(InputError, match="nearly all tie"):
        extrapolated_tail(60.0, np.r_[np.zeros(950), 2 + np.arange(50.0)] * (np.arange(1000) > 965), 0.05)


@pytest.mark.parametrize(("log_p", "said"), [(-659.0, "6.3e-287"), (-661.0, "1e-287"), (-2303.0, "1e-1000")])
def test_small_values_are_printed(log_p: float, said: str) -> None:
    value = Extrapolation(0.0, log_p, (0.0, 0.0), "x")
    assert f"extrapolated {said} (" in value.text(GlobalP(9, 0, 0.1, 0.05, 1.3, (1.0, None)))
    tested = value.text(GlobalP(9, 1, 0.2, 0.05, 0.8, (1.0, None)))
    assert tested.startswith("p = 0.2 (tested)")
    assert value.text(GlobalP(9, 0, 0.1, 0.05, 1.3, (1.0, None))).startswith("p < 0.1 (tested)")
    assert value.z == pytest.approx(np.sqrt(-2 * (log_p + np.log(np.sqrt(-4 * np.pi * log_p)))), rel=1e-4)
