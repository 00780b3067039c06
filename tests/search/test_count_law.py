"""The law of a count with systematics and with weights, against integrals and pseudo-experiments."""

import numpy as np
import pytest
from scipy import integrate, special, stats

from strangeness.core.errors import InputError
from strangeness.search.count_law import (
    _beta_grid,
    _law,
    _moved,
    _pmf,
    _tail,
    count_law,
    effective_law,
)
from strangeness.search.counting import CountingExperiment
from strangeness.search.systematics import Systematic, factor_law
from strangeness.search.weights import effective_number, effective_weight, refuse_spectrum, skew_ratio
from strangeness.stats.selection import SelectionLaw

EDGES = np.array([1000.0, 3000, 5000])
LAW = SelectionLaw(EDGES, np.array([50.0, 20.0]), np.array([950.0, 380.0]), 0.05)


@pytest.mark.parametrize(("observed", "up", "down"), [(75, 0.2, -0.15), (50, 0.1, 0.05), (120, 0.3, -0.2)])
def test_one_systematic_is_the_integral_over_its_nuisance(observed: int, up: float, down: float) -> None:
    found = count_law(observed, np.array([1000, 0]), LAW, (Systematic("scale", (up,), (down,)),))

    def tail(z: float) -> float:
        mean = 0.05 * (1 + up) ** z if z > 0 else 0.05 * (1 + down) ** -z
        return stats.betabinom.sf(observed - 1, 1000, 50, 50 * (1 / mean - 1)) * stats.norm.pdf(z)

    whole = sum(integrate.quad(tail, *side, epsabs=1e-13)[0] for side in ((-9, 0), (0, 9)))
    # the grid makes the variance of the factor too large by 0.05 %
    assert found.at_least == pytest.approx(whole, rel=5e-3)
    assert found.above < found.at_least and found.spread > np.sqrt(47.5)


def test_several_bins_and_systematics_are_the_average_over_draws() -> None:
    events, shape = np.array([400, 300]), Systematic("shape", (0.3, 0.0), (-0.2, 0.0))
    found = count_law(45, events, LAW, (shape, Systematic("scale", (0.1,), (-0.1,))))
    rng = np.random.default_rng(5)
    z = rng.standard_normal((2, 200_000))
    both = np.where(z[1] > 0, 1.1 ** z[1], 0.9 ** -z[1])
    # the shape moves the region by its share of the background, 20 of 35 events
    both *= np.where(z[0] > 0, (1 + 0.3 * 20 / 35) ** z[0], (1 - 0.2 * 20 / 35) ** -z[0])
    mean = 0.05 * both
    theta = [rng.beta(a, a * (1 / mean - 1)) for a in (50.0, 20.0)]
    counts = rng.binomial(400, theta[0]) + rng.binomial(300, theta[1])
    chance = float(np.mean(counts >= 45))
    # 200,000 draws: five standard errors
    assert found.at_least == pytest.approx(chance, abs=5 * np.sqrt(chance / counts.size))
    assert found.mean == pytest.approx(counts.mean(), abs=5 * counts.std() / np.sqrt(counts.size))
    assert found.spread == pytest.approx(counts.std(), rel=0.02)


def test_without_systematics_the_ends_agree() -> None:
    plain = count_law(9, np.array([50, 0]), LAW)
    tiny = count_law(9, np.array([50, 0]), LAW, (Systematic("none", (1e-9,), (-1e-9,)),))
    for name in ("at_least", "above", "smallest", "mean", "spread"):
        assert getattr(tiny, name) == pytest.approx(getattr(plain, name), rel=1e-6)


def _run(rng: np.random.Generator, systematics: tuple[Systematic, ...], truth: Systematic) -> float:
    n_cal, n, alpha = 400, 300, 0.2
    value, mass = factor_law([truth])
    theta = np.clip(
        rng.beta(alpha * (n_cal + 1), (1 - alpha) * (n_cal + 1)) * rng.choice(value, p=mass), 0, 1
    )
    law = SelectionLaw(
        np.array([0.0, 1.0]), np.array([alpha * (n_cal + 1)]), np.array([(1 - alpha) * (n_cal + 1)]), alpha
    )
    p = np.where(np.arange(n) < rng.binomial(n, theta), 0.0, 1.0)
    run = CountingExperiment(alpha, (0, 1)).run(
        p, np.full(n, 0.5), selection_law=law, rng=rng, systematics=systematics
    )
    assert any("scale" in note for note in run.assumptions) is bool(systematics)
    return run.global_p_randomised


def test_type_one_error_with_a_nuisance_that_varies() -> None:
    rng, scale = np.random.default_rng(11), Systematic("scale", (0.4,), (1 / 1.4 - 1,))
    p = np.array([_run(rng, (scale,), scale) for _ in range(100)])
    # 100 experiments: Kolmogorov-Smirnov at 1e-3; ignored, the nuisance makes claims of its own
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    ignored = np.array([_run(rng, (), scale) for _ in range(100)])
    assert np.mean(ignored <= 0.05) > 0.15


def test_weights_of_one_value_change_nothing() -> None:
    rng = np.random.default_rng(0)
    p, mass = rng.random(400), rng.uniform(1000, 5000, 400)
    search = CountingExperiment(0.05, (1000, 5000))
    plain = search.run(p, mass, selection_law=LAW, rng=np.random.default_rng(1))
    assert (
        search.run(p, mass, selection_law=LAW, rng=np.random.default_rng(1), weight=np.full(400, 3.0))
        == plain
    )
    whole = effective_law(30.0, np.array([400.0, 0.0]), LAW)
    assert whole.at_least == pytest.approx(stats.betabinom.sf(29, 400, 50, 950), rel=1e-9)
    assert whole.spread == pytest.approx(stats.betabinom.std(400, 50, 950))


def test_type_one_error_with_spread_weights() -> None:
    rng, p = np.random.default_rng(2), []
    for _ in range(200):
        theta = rng.beta(50, 950)
        values = np.where(rng.random(1000) < theta, 0.0, 1.0)
        run = CountingExperiment(0.05, (1000, 3000)).run(
            values, np.full(1000, 2000.0), selection_law=LAW, rng=rng, weight=rng.exponential(size=1000)
        )
        p.append(run.global_p_randomised)
    rates = [float(np.mean(np.array(p) <= level)) for level in (0.05, 0.5)]
    # 200 experiments, four standard errors
    assert rates[0] == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 200))
    assert rates[1] == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 200))
    assert any("effective numbers" in note for note in run.assumptions)


def test_effective_numbers() -> None:
    weight = np.array([1.0, 1.0, 2.0])
    assert effective_number(weight) == pytest.approx(16 / 6) and effective_weight(weight) == pytest.approx(
        1.5
    )
    assert skew_ratio(np.full(5, 7.0)) == pytest.approx(1.0)
    # exponential weights: 6 x 1 / 2^2
    assert skew_ratio(np.random.default_rng(0).exponential(size=400_000)) == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (np.r_[-1.0, np.ones(999)], "negative weights"),
        (np.zeros(1000), "add up to nothing"),
        (np.ones(3), "shape"),
        (np.r_[1000.0, np.ones(999)], "effective background events"),
        (np.r_[np.full(10, 40.0), np.ones(3990)], "as skewed"),
    ],
)
def test_bad_weights_are_named(weight: np.ndarray, words: str) -> None:
    events = max(1000, weight.size)
    with pytest.raises(InputError, match=words):
        CountingExperiment(0.05, (1000, 3000)).run(
            np.full(events, 0.5),
            np.full(events, 2000.0),
            selection_law=LAW,
            rng=np.random.default_rng(0),
            weight=weight,
        )


def test_weighted_spectra_need_filled_bins_and_one_scale() -> None:
    rng, edges = np.random.default_rng(4), np.arange(1.0, 6.0)
    mass = np.repeat([1.5, 2.5, 3.5, 4.5], 40)
    refuse_spectrum(mass, rng.uniform(0.5, 1.5, 160), edges)
    refuse_spectrum(mass[:1], np.ones(1), edges)
    with pytest.raises(InputError, match="effective events between 4 and 5 GeV"):
        refuse_spectrum(mass[:-36], rng.uniform(0.5, 1.5, 124), edges)
    with pytest.raises(InputError, match=r"changes .*-fold along"):
        refuse_spectrum(mass, mass**2, edges)
    heavy = np.where(np.arange(1600) % 100 == 0, 30.0, 1.0)
    with pytest.raises(InputError, match="as skewed"):
        refuse_spectrum(np.repeat(mass, 10), heavy, edges)


def exact(observed: int, n: list[int], a: list[float], b: list[float]) -> tuple[float, float, float]:
    """P(N >= k), P(N > k) and P(N = all) of a sum of Beta-binomial counts."""
    pmf = np.ones(1)
    for events, first, second in zip(n, a, b, strict=True):
        pmf = np.convolve(pmf, stats.betabinom.pmf(np.arange(events + 1), events, first, second))
    return float(pmf[observed:].sum()), float(pmf[observed + 1 :].sum()), float(pmf[-1])


@pytest.mark.parametrize("observed", [0, 1, 5, 12, 15])
def test_every_number_of_the_plain_law(observed: int) -> None:
    events = np.array([10, 0, 5])
    law = SelectionLaw(np.arange(4.0), np.array([2.0, 9, 4]), np.array([7.0, 3, 1]), 0.3)
    found = count_law(observed, events, law)
    at_least, above, smallest = exact(observed, [10, 5], [2.0, 4.0], [7.0, 1.0])
    assert (found.at_least, found.above, found.smallest) == pytest.approx((at_least, above, smallest))
    laws = stats.betabinom(10, 2, 7), stats.betabinom(5, 4, 1)
    assert found.mean == pytest.approx(sum(one.mean() for one in laws))
    assert found.spread == pytest.approx(np.sqrt(sum(one.var() for one in laws)))


@pytest.mark.parametrize("observed", [0, 3, 8, 11])
def test_every_number_of_the_law_with_a_systematic(monkeypatch: pytest.MonkeyPatch, observed: int) -> None:
    item = Systematic("scale", (0.5,), (-0.3,))
    value, weight = np.array([0.5, 1.0, 1.7, 3.0]), np.array([0.2, 0.5, 0.2, 0.1])
    monkeypatch.setattr("strangeness.search.count_law.factor_law", lambda items: (value, weight))
    events = np.array([7, 4])
    law = SelectionLaw(np.arange(3.0), np.array([2.0, 4]), np.array([7.0, 6]), 0.3)
    found = count_law(observed, events, law, (item,))
    rows = []
    for factor in value:
        means = [min(factor * m, 1 - 1e-9) for m in (2 / 9, 0.4)]
        second = [2 * (1 / means[0] - 1), 4 * (1 / means[1] - 1)]
        laws = stats.betabinom(7, 2, second[0]), stats.betabinom(4, 4, second[1])
        tails = exact(observed, [7, 4], [2.0, 4.0], second)
        rows.append([*tails, sum(one.mean() for one in laws), sum(one.var() for one in laws)])
    at_least, above, smallest, mean, variance = weight @ np.array(rows)
    assert (found.at_least, found.above) == pytest.approx((at_least, above), rel=1e-6, abs=1e-12)
    assert found.smallest == pytest.approx(smallest, rel=1e-6) and found.mean == pytest.approx(mean)
    variance += weight @ (np.array(rows)[:, 3] - mean) ** 2
    assert found.spread == pytest.approx(np.sqrt(variance))


def test_a_far_tail_is_cut_where_nothing_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    law = SelectionLaw(np.arange(2.0), np.array([3000.0]), np.array([297_000.0]), 0.01)
    monkeypatch.setattr("strangeness.search.count_law.factor_law", lambda items: (np.ones(1), np.ones(1)))
    item = (Systematic("none", (1e-9,), (-1e-9,)),)
    for observed in (1000, 1700):
        found = count_law(observed, np.array([100_000]), law, item)
        # SciPy's tail is one minus a sum
        k = np.arange(observed, observed + 3000)
        assert found.at_least == pytest.approx(stats.betabinom.pmf(k, 100_000, 3000, 297_000).sum(), rel=1e-5)


def test_tails_come_from_the_smaller_sum() -> None:
    pmf = np.array([0.125, 0.25, 0.125, 0.5])
    assert [_tail(pmf, k) for k in range(5)] == [1.0, 0.875, 0.625, 0.5, 0.0]
    # a tail far below the rounding of one
    assert _tail(np.array([1 - 1e-20, 1e-20]), 1) == 1e-20


def test_moved_laws_keep_their_first_parameter() -> None:
    a, b = np.array([2.0, 5]), np.array([6.0, 5])
    assert _moved(a, b, 1.0) is b
    moved = _moved(a, b, 1.6)
    assert a / (a + moved) == pytest.approx([0.4, 0.8])
    # a mean of one or more is held a billionth below
    assert 1 - a / (a + _moved(a, b, 2.5)) == pytest.approx([1 - 0.625, 1e-9], rel=1e-5)
    assert 1 - a / (a + _moved(a, b, 2.0)) == pytest.approx([0.5, 1e-9], rel=1e-5)


def test_probabilities_of_a_count_stop_at_the_top() -> None:
    for top in (3, 7, 9):
        k = np.arange(min(7, top) + 1)
        assert _pmf(7, 2.0, 3.0, top) == pytest.approx(stats.betabinom.pmf(k, 7, 2, 3))


@pytest.mark.parametrize("observed", [0.0, 0.4, 11.5, 24.5, 25.5, 26.0])
def test_effective_counts_are_continued_binomials(observed: float) -> None:
    events = np.array([20.0, 5.5])
    law = SelectionLaw(np.arange(3.0), np.array([8.0, 12]), np.array([12.0, 8]), 0.4)
    found = effective_law(observed, events, law)
    n, share = 25.5, events / 25.5
    mean = share @ [0.4, 0.6]
    variance = share**2 @ [0.24 / 21, 0.24 / 21]
    total = mean * (1 - mean) / variance - 1
    a, b = mean * total, (1 - mean) * total

    def tail(k: float) -> float:
        if k <= 0:
            return 1.0
        x = np.linspace(0, 1, 20_001)[1:-1]
        return float(np.trapezoid(stats.beta.cdf(x, k, n - k + 1) * stats.beta.pdf(x, a, b), x))

    assert found.at_least == pytest.approx(tail(min(observed, n)), rel=1e-6)
    assert found.above == pytest.approx(tail(observed + 1) if observed + 1 <= n else 0.0, rel=1e-6)
    assert found.smallest == pytest.approx(tail(n), rel=1e-6) and found.mean == pytest.approx(n * mean)
    # n p (1 - p) (1 + (n - 1) / (a + b + 1)), as of a Beta-binomial count
    exact = n * mean * (1 - mean) * (1 + (n - 1) / (total + 1))
    assert found.spread == pytest.approx(np.sqrt(exact))


def test_effective_counts_with_a_systematic(monkeypatch: pytest.MonkeyPatch) -> None:
    law = SelectionLaw(np.arange(3.0), np.array([8.0, 12]), np.array([12.0, 8]), 0.4)
    events, asked = np.array([20.0, 5.5]), []
    value, weight = np.array([0.6, 1.0, 1.5, 3.0]), np.array([0.3, 0.4, 0.2, 0.1])

    def known(items: list[Systematic]) -> tuple[np.ndarray, np.ndarray]:
        asked.append(items)
        return value, weight

    monkeypatch.setattr("strangeness.search.count_law.factor_law", known)
    shape, scale = Systematic("shape", (0.3, 0.1), (-0.2, -0.3)), Systematic("all", (0.1,), (-0.1,))
    found = effective_law(11.0, events, law, (shape, scale))
    # the shape moves the region by its share of the background: 8 and 3.3 events
    one, other = asked[0]
    assert one.up == pytest.approx((2.73 / 11.3,)) and other is scale
    share = events / 25.5
    mean = float(share @ [0.4, 0.6])
    a = mean * (mean * (1 - mean) / float(share**2 @ [0.24 / 21, 0.24 / 21]) - 1)
    rows, x = [], np.linspace(0, 1, 20_001)[1:-1]
    for factor in value:
        m = min(float(factor) * mean, 1 - 1e-9)
        b = a * (1 / m - 1)
        spread = 25.5 * m * (1 - m) * (1 + 24.5 / (a + b + 1))
        tail = np.trapezoid(stats.beta.cdf(x, 11.0, 15.5) * stats.beta.pdf(x, a, b), x) if m < 0.99 else 1.0
        rows.append([tail, 25.5 * m, spread])
    at_least, middle, variance = weight @ np.array(rows)
    assert found.at_least == pytest.approx(at_least, rel=1e-4) and found.mean == pytest.approx(middle)
    variance += weight @ (np.array(rows)[:, 1] - middle) ** 2
    assert found.spread == pytest.approx(np.sqrt(variance), rel=1e-6)


@pytest.mark.parametrize(("a", "b"), [(0.5, 4.0), (3.0, 3.0), (2000.0, 30.0)])
def test_the_grid_of_the_log_odds_has_the_moments_of_the_beta_law(a: float, b: float) -> None:
    density, theta = _beta_grid(a, b)
    assert density.sum() == pytest.approx(1) and np.all(np.diff(theta) >= 0)
    assert density @ theta == pytest.approx(a / (a + b), rel=1e-8)
    assert density @ theta**2 == pytest.approx(stats.beta.moment(2, a, b), rel=1e-8)
    # 1,601 places at a twentieth of the width, around the middle
    width = np.sqrt(1 / a + 1 / b)
    odds = special.logit(theta[780:821])
    assert theta.size == 1601 and odds == pytest.approx(np.log(a / b) + 0.05 * width * np.arange(-20, 21))


def test_numbers_of_a_law_are_probabilities() -> None:
    law = _law(1 + 1e-12, -1e-18, 1e-5, 3.0, 0.0)
    assert (law.at_least, law.above, law.smallest, law.mean, law.spread) == (1.0, 0.0, 1e-5, 3.0, 1e-150)
    assert _law(0.5, 0.25, 0.1, 3.0, 9.0).spread == 3
