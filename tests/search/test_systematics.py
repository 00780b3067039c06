"""Systematic variations against closed forms, numerical integrals and pseudo-experiments."""

from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.null import Efficiency, FixedNull, TemplateNull, null_of
from strangeness.search.significance import global_p
from strangeness.search.systematics import (
    Systematic,
    _on_grid,
    checked,
    factor_law,
    factors,
    names,
    systematic_from_counts,
)
from strangeness.search.template import FixedExpectation, TemplateBackground
from tests.search.spectra import EDGES, falling

BINS = EDGES.size - 1
SCALE = Systematic("jet energy scale", (0.1,), (-0.05,))


def test_factors_are_piecewise_exponential() -> None:
    item = Systematic("scale", (0.2, -0.1), (-0.3, 0.4))
    z = np.random.default_rng(3).standard_normal(1000)
    drawn = factors([item], 2, np.random.default_rng(3), 1000)
    up, down = np.array([[1.2], [0.9]]), np.array([[0.7], [1.4]])
    assert drawn == pytest.approx(np.where(z >= 0, up**z, down ** (-z)))


def test_law_of_a_lognormal_factor() -> None:
    # (1 + up) (1 + down) = 1 makes the factor lognormal; two of them add their variances
    pair = [Systematic("a", (0.1,), (1 / 1.1 - 1,)), Systematic("b", (0.3,), (1 / 1.3 - 1,))]
    value, mass = factor_law(pair)
    sigma = np.hypot(np.log(1.1), np.log(1.3))
    for at in (-2.0, 0.0, 1.0, 4.0):
        below = mass[np.log(value) <= (at + 1e-9) * sigma].sum()
        # a cell of the grid is a twentieth of sigma
        assert below == pytest.approx(stats.norm.cdf(at), abs=0.4 / 20)
    assert mass @ value == pytest.approx(np.exp(sigma**2 / 2), rel=1e-4)
    assert mass @ np.log(value) ** 2 == pytest.approx(sigma**2, rel=1e-3)
    assert factor_law([])[0].tolist() == [1.0]


def test_law_of_an_asymmetric_factor_is_its_integral() -> None:
    value, mass = factor_law([SCALE, Systematic("one-sided", (0.02,), (0.03,))])
    z = np.random.default_rng(0).standard_normal((2, 400_000))
    drawn = np.where(z[0] > 0, 1.1 ** z[0], 0.95 ** -z[0]) * np.where(z[1] > 0, 1.02 ** z[1], 1.03 ** -z[1])
    # 400,000 draws: five standard errors of the mean
    assert mass @ value == pytest.approx(drawn.mean(), abs=5 * drawn.std() / np.sqrt(drawn.size))
    assert mass @ value**2 == pytest.approx((drawn**2).mean(), abs=5 * (drawn**2).std() / np.sqrt(drawn.size))


def test_counts_of_shifted_copies() -> None:
    item = systematic_from_counts("scale", [100, 50], [110, 40], [95, 50])
    assert item.up == pytest.approx((0.1, -0.2)) and item.down == pytest.approx((-0.05, 0.0))
    mirrored = systematic_from_counts("scale", [100, 50], [110, 40])
    assert mirrored.down == pytest.approx((1 / 1.1 - 1, 0.25))
    totals = (np.array([1000, 500]), np.array([1100, 500]), np.array([950, 250]))
    efficiency = systematic_from_counts("scale", [100, 50], [110, 40], [95, 50], totals=totals)
    assert efficiency.up == pytest.approx((0.0, -0.2)) and efficiency.down == pytest.approx((0.0, 1.0))
    smooth = systematic_from_counts("scale", [10, 0, 20], [12, 0, 20], [9, 0, 20], smoothing=1)
    assert smooth.up == pytest.approx((0.2, 2 / 30, 0.0))


def test_sum_of_bins_weights_them_by_their_background() -> None:
    item = Systematic("scale", (0.1, 0.3), (-0.1, 0.0)).over([3.0, 1.0])
    assert item.up == pytest.approx((0.15,)) and item.down == pytest.approx((-0.075,))


def test_toys_are_poisson_counts_of_the_varied_mean() -> None:
    source = Efficiency(
        np.array([50.0]), np.array([1000.0, 2000.0]), None, (Systematic("s", (0.2,), (-0.2,)),)
    )
    counts = source.draw(np.random.default_rng(1), 200_000)[0]

    def mean_of(power: int) -> float:
        high = integrate.quad(lambda z: 1.2 ** (power * z) * stats.norm.pdf(z), 0, 12)[0]
        low = integrate.quad(lambda z: 0.8 ** (power * z) * stats.norm.pdf(z), 0, 12)[0]
        return 50.0**power * (high + low)

    variance = mean_of(1) + mean_of(2) - mean_of(1) ** 2
    # 200,000 draws: five standard errors; that of the variance allows for a kurtosis of 4
    assert counts.mean() == pytest.approx(mean_of(1), abs=5 * np.sqrt(variance / counts.size))
    assert counts.var() == pytest.approx(variance, rel=5 * np.sqrt(3 / counts.size))


def _type_one(fixed: bool, nuisance: Systematic, systematics: tuple[Systematic, ...], n: int = 120) -> float:
    rng, mean, p = np.random.default_rng(7), falling(1500), []
    known = null_of(FixedExpectation(tuple(mean)), EDGES, mean, (2,), None, systematics)
    for _ in range(n):
        counts = rng.poisson(mean * factors([nuisance], BINS, rng, 1)[:, 0]).astype(float)
        if fixed:
            null, t = known, float(known.table.scan(counts).t[0])  # type: ignore[attr-defined]
        else:
            reference = TemplateBackground(tuple(rng.poisson(2 * mean)), 2.0)
            null = null_of(reference, EDGES, counts, (2,), None, systematics)
            t = float(null.observed().t[0])
        p.append(global_p(t, null.pseudo(rng, 99), rng).randomised)
    return float(np.mean(np.array(p) <= 0.05))


@pytest.mark.parametrize("fixed", [True, False])
def test_type_one_error_with_a_nuisance_that_varies(fixed: bool) -> None:
    shape = np.linspace(-0.05, 0.4, BINS)
    nuisance = Systematic("scale", tuple(shape + 0.2), tuple(1 / (1.2 + shape) - 1))
    # 120 data sets: four standard errors of 5 %; ignored, the same nuisance makes claims of its own
    held = _type_one(fixed, nuisance, (nuisance,))
    assert held == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 120))
    assert _type_one(fixed, nuisance, ()) > 0.15


def test_every_background_names_its_systematics() -> None:
    counts = np.random.default_rng(0).poisson(falling(4000)).astype(float)
    for background in (
        DijetFunction(),
        FixedExpectation(tuple(falling(4000))),
        TemplateBackground(tuple(np.round(falling(4000)).astype(int))),
    ):
        null = null_of(background, EDGES, counts, (2, 3), None, (SCALE,))
        assert any("jet energy scale" in note for note in null.assumptions)
        assert np.isfinite(null.pseudo(np.random.default_rng(1), 50)).all()
        assert not any("jet energy" in n for n in null_of(background, EDGES, counts, (2,), None).assumptions)


def test_no_systematic_leaves_the_draws_as_they_were() -> None:
    expected = falling(500)
    with_none = FixedNull(FixedExpectation(tuple(expected)), EDGES, expected, (2,), None, ())
    drawn = with_none.source.draw(np.random.default_rng(2), 10)
    assert np.array_equal(drawn, np.random.default_rng(2).poisson(expected[:, None], (BINS, 10)))
    assert TemplateNull(TemplateBackground((1,) * BINS), np.ones(BINS), (1,), None).systematics == ()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Systematic(" ", (0.1,), (0.1,)), "without a name"),
        (lambda: Systematic("a", (0.1,), (0.1, 0.2)), "1 values up and 2 down"),
        (lambda: Systematic("a", (-1.0,), (0.1,)), "changes the background by -1"),
        (lambda: Systematic("a", (0.1,), (np.nan,)), r"\(down\)"),
        (lambda: Systematic("a", (0.1,) * 3, (0.1,) * 3).logs(4), "3 bins where the search has 4"),
        (lambda: checked([SCALE, SCALE], 1), "two systematics are called 'jet energy scale'"),
        (lambda: SCALE.over([0.0, 0.0]), "background shares"),
        (
            lambda: systematic_from_counts("s", [5, 0, 3, 0], [5, 1, 3, 1], [5, 1, 3, 1]),
            "nominal event in bin 1, 3",
        ),
        (lambda: systematic_from_counts("s", [5, 1], [5, 0], [5, 1]), "no up event in bin 1"),
        (lambda: systematic_from_counts("s", [5, 1], [5, 1, 1], [5, 1]), "up 3"),
        (lambda: systematic_from_counts("s", [5, -1], [5, 1], [5, 1]), "negative nominal counts"),
        (lambda: systematic_from_counts("s", [[5]], [5], [5]), "shape"),
        (lambda: systematic_from_counts("s", [5], [5], [5], smoothing=-1), "smoothing = -1"),
        (lambda: systematic_from_counts("s", [5], [5], [5], totals=([9], [0], [9])), "no total up event"),
    ],
)
def test_bad_systematics_are_named(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_bounds_of_a_systematic() -> None:
    item = Systematic("s", (-0.999, 0.0), (0.5, 3.0))
    up, down = item.logs(2)
    assert up == pytest.approx(np.log([0.001, 1])) and down == pytest.approx(np.log([1.5, 4]))
    one, other = Systematic("s", (0.5,), (-0.5,)).logs(3)
    assert one == pytest.approx(np.log([1.5] * 3)) and other == pytest.approx(np.log([0.5] * 3))
    for up_side, down_side, words in (
        ((), (), "0 values up and 0 down"),
        ((-1.0,), (0.1,), r"by -1 \(up\)"),
        ((0.1,), (-1.5,), r"by -1\.5 \(down\)"),
        ((0.1, np.inf), (0.1, 0.1), r"by 0\.1 \(up\)"),
        (((0.1,),), ((0.1,),), "1 values up and 1 down"),
    ):
        with pytest.raises(InputError, match=words):
            Systematic("s", up_side, down_side)  # type: ignore[arg-type]


def test_shares_of_a_sum() -> None:
    item = Systematic("s", (0.1, 0.4), (-0.1, -0.2))
    over = item.over([0.0, 2.0])
    assert over.up == pytest.approx((0.4,)) and over.down == pytest.approx((-0.2,)) and over.name == "s"
    for share in ([0.0, 0.0], [-1.0, 3.0], [[1.0, 1.0]], [np.nan, 1.0]):
        with pytest.raises(InputError, match="background shares"):
            item.over(share)


def test_smoothed_counts_are_sums_over_neighbours() -> None:
    nominal, up = np.array([4.0, 1, 0, 0, 7]), np.array([3.0, 2, 1, 0, 9])
    item = systematic_from_counts("s", nominal, up, smoothing=2)

    def around(values: np.ndarray, i: int) -> float:
        return sum(values[j] for j in range(max(i - 2, 0), min(i + 3, 5)))

    expected = [around(up, i) / around(nominal, i) - 1 for i in range(5)]
    assert item.up == pytest.approx(expected)
    assert item.down == pytest.approx([1 / (1 + x) - 1 for x in expected])
    with pytest.raises(InputError, match=r"in bin 3\. Merge"):
        systematic_from_counts("s", nominal + np.eye(5)[2], up)
    many = np.r_[1.0, np.zeros(12)]
    with pytest.raises(InputError, match=r"in bin 1, 2, 3, 4, 5, 6, 7, 8\."):
        systematic_from_counts("s", many, many)
    with pytest.raises(InputError, match="total nominal counts of shape"):
        systematic_from_counts("s", [5], [5], [5], totals=([9, 9], [9], [9]))
    with pytest.raises(InputError, match="up counts of shape"):
        systematic_from_counts("s", [5], [np.nan], [5])


def test_the_law_of_a_factor_is_its_quantiles() -> None:
    value, mass = factor_law([Systematic("s", (0.3,), (-0.4,))])
    assert mass.sum() == pytest.approx(1) and np.all(np.diff(value) > 0)
    # the mean of the logarithm is kept exactly; its cells are a twentieth of the deviation
    up, down = np.log(1.3), np.log(0.6)
    assert mass @ np.log(value) == pytest.approx((up + down) / np.sqrt(2 * np.pi), abs=1e-6)
    second = (up**2 + down**2) / 2
    assert mass @ np.log(value) ** 2 == pytest.approx(second, rel=1e-3)
    step = np.sqrt(second) / 20
    assert np.diff(np.log(value)) == pytest.approx(step)
    for z in (-3.0, -1.0, 0.5, 2.0):
        at = up * z if z > 0 else -down * z
        found = mass[np.log(value) < at - step].sum(), mass[np.log(value) < at + step].sum()
        assert found[0] <= stats.norm.cdf(z) <= found[1]
    # nine deviations are kept
    assert np.log(value[-1]) > 8 * up and np.log(value[0]) < 8 * down
    assert factor_law([Systematic("none", (0.0,), (0.0,))])[1].tolist() == [1.0]
    with pytest.raises(InputError, match="2 bins where the search has 1"):
        factor_law([Systematic("two", (0.1, 0.1), (0.1, 0.1))])


def test_weights_are_shared_between_neighbours() -> None:
    first, mass = _on_grid(np.array([-1.25, 0.5, 2.0, 2.0]), np.array([0.4, 0.2, 0.3, 0.1]))
    # -2: 0.1, -1: 0.3, 0: 0.1, 1: 0.1, 2: 0.4 and one place to spare
    assert first == -2 and mass == pytest.approx([0.1, 0.3, 0.1, 0.1, 0.4, 0.0])


def test_each_nuisance_moves_all_bins_by_one_draw() -> None:
    pair = [Systematic("a", (0.2, -0.1), (-0.3, 0.4)), Systematic("b", (0.5,), (0.1,))]
    drawn, rng = factors(pair, 2, np.random.default_rng(3), 200), np.random.default_rng(3)
    z = rng.standard_normal(200), rng.standard_normal(200)
    one = np.where(z[0] >= 0, np.array([[1.2], [0.9]]) ** z[0], np.array([[0.7], [1.4]]) ** -z[0])
    assert drawn == pytest.approx(one * np.where(z[1] >= 0, 1.5 ** z[1], 1.1 ** -z[1]))
    assert names(pair) == "a, b" and checked(pair, 2) == tuple(pair)
    with pytest.raises(InputError, match="'a'"):
        checked([pair[0], pair[1], pair[0]], 2)
