"""Simulated efficiencies have the law of order statistics, and the joint test is one test."""

import numpy as np
import pytest
from scipy import stats

from strangeness.search.checks.simulated import (
    JointTest,
    calibration_sizes,
    cuts_of,
    efficiencies,
    expected_shares,
    tail,
)
from strangeness.stats.selection import SelectionLaw, order_statistic_law


def law(n: int, alpha: float, randomised: bool) -> SelectionLaw:
    a, b = order_statistic_law(n, alpha, randomised)
    return SelectionLaw(np.array([0.0, 1.0]), np.r_[a], np.r_[b], alpha, np.r_[n])


def test_cuts_are_looser_and_never_above_a_half() -> None:
    assert cuts_of(0.01) == pytest.approx([0.01, 0.04, 0.16]) and cuts_of(0.2) == pytest.approx([0.2])


@pytest.mark.parametrize("randomised", [True, False])
def test_efficiencies_are_beta(randomised: bool) -> None:
    # alpha (n + 1) = 5 and 20 are whole, so that both laws are exactly Beta
    one = law(99, 0.05, randomised)
    drawn = efficiencies(one, np.r_[0.05, 0.2], np.random.default_rng(0), 4000)
    assert stats.kstest(drawn[0, 0], stats.beta(5, 95).cdf).pvalue > 1e-3
    assert stats.kstest(drawn[1, 0], stats.beta(20, 80).cdf).pvalue > 1e-3
    assert np.all(drawn[1] >= drawn[0])


def test_efficiencies_between_steps() -> None:
    one = law(49, 0.05, True)  # alpha (n + 1) = 2.5
    drawn = efficiencies(one, np.r_[0.05], np.random.default_rng(1), 40_000)[0, 0]
    spread = one.a * one.b / (one.a + one.b) ** 2 / (one.a + one.b + 1)
    # mean and variance of 40,000 draws: 1 % and 2 %
    assert drawn.mean() == pytest.approx(0.05, rel=0.02) and drawn.var() == pytest.approx(spread[0], rel=0.05)
    two = law(49, 0.05, False)
    assert expected_shares(two, np.r_[0.05])[0, 0] == pytest.approx(2 / 50)


def test_joint_p_values_are_uniform() -> None:
    rng = np.random.default_rng(2)
    null = np.stack([rng.chisquare(5, 500), rng.chisquare(1, 500) ** 2, np.zeros(500)])
    test = JointTest(null)
    fresh = np.stack([rng.chisquare(5, 400), rng.chisquare(1, 400) ** 2, np.zeros(400)])
    p = np.array([test.p(column)[0] for column in fresh.T])
    assert stats.kstest(p, "uniform", alternative="greater").pvalue > 1e-3
    assert test.p(np.r_[1e6, 0.0, 0.0]) == (1 / 501, pytest.approx(test.p(np.r_[1e6, 0, 0])[1]), 0)
    assert JointTest(np.zeros((2, 5))).p(np.zeros(2)) == (1.0, 0.0, 0)
    assert tail(2.0, np.r_[1.0, 2.0, 3.0]) == 0.75


def test_none_of_the_looser_cuts_is_above_a_half() -> None:
    assert cuts_of(0.125).tolist() == [0.125, 0.5] and cuts_of(0.126).tolist() == [0.126]
    assert cuts_of(1 / 32).tolist() == [1 / 32, 1 / 8, 1 / 2] and cuts_of(0.7).tolist() == [0.7]


def test_calibration_sizes_are_the_fewer_of_both() -> None:
    def sizes(a: float, b: float, n: int | None) -> int:
        known = None if n is None else np.r_[n]
        return int(calibration_sizes(SelectionLaw(np.array([0.0, 1]), np.r_[a], np.r_[b], 0.1, known))[0])

    assert sizes(5.0, 45.0, None) == 49 == sizes(5.0, 45.0, 60) and sizes(5.0, 45.0, 30) == 30
    assert sizes(0.1, 0.9, 60) == 1 == sizes(5.0, 45.0, 1) and sizes(0.3, 2.7, 60) == 2


def test_expected_shares_are_whole_steps() -> None:
    one = law(49, 0.05, False)
    levels = np.array([0.05, 0.1, 0.12, 0.139, 0.5])
    # 2, 5, 6, 6 and 25 of 50 steps
    assert expected_shares(one, levels)[:, 0] == pytest.approx(np.array([2, 5, 6, 6, 25]) / 50)
    assert expected_shares(law(49, 0.05, True), levels)[:, 0] == pytest.approx(levels)


def test_efficiencies_are_sums_of_spacings() -> None:
    # order statistics of n = 19 uniforms: mean k / 20, covariance j (20 - k) / (20^2 21)
    levels, size = np.array([0.1, 0.12, 0.55, 1.0]), 60_000
    whole = np.array([2, 2, 11, 20])
    share = np.array([0, 0.4, 0, 0])
    for randomised in (False, True):
        one = law(19, 0.12, randomised)
        drawn = efficiencies(one, levels, np.random.default_rng(3), size)[:, 0]
        part = share if randomised else 0 * share
        assert drawn.mean(axis=1) == pytest.approx((whole + part) / 20, abs=5 * 0.12 / np.sqrt(size))
        covariance = np.cov(drawn)

        def between(j: float, k: float) -> float:
            return min(j, k) * (20 - max(j, k)) / (400 * 21)

        for i in range(3):
            for k in range(3):
                # (1 - s) U_(j) + s U_(j + 1): bilinear in both
                exact = sum(
                    wi * wk * between(whole[i] + di, whole[k] + dk)
                    for di, wi in ((0, 1 - part[i]), (1, part[i]))
                    for dk, wk in ((0, 1 - part[k]), (1, part[k]))
                )
                assert covariance[i, k] == pytest.approx(exact, rel=0.05)
        assert drawn[3] == pytest.approx(1.0, abs=1e-12)


def test_scale_of_the_joint_test_is_the_gamma_tail() -> None:
    # two values each: mean 2 and variance 4 (shape 1, scale 2), mean 3 and variance 3 (shape 3, scale 1)
    null = np.array([[0.0, 4.0], [3 - np.sqrt(3), 3 + np.sqrt(3)], [1.0, 1.0], [-1.0, 1.0], [-5.0, 1.0]])
    test = JointTest(null)
    assert test.used.tolist() == [True, True, False, False, False]
    x = np.array([[0.5, 3.0, 30.0, 0.0], [0.5, 3.0, 30.0, -1.0], *np.zeros((3, 4))])
    expected = [stats.gamma.logsf(np.maximum(x[0], 0), 1, scale=2), stats.gamma.logsf(np.maximum(x[1], 0), 3)]
    assert test.scaled(x) == pytest.approx(-np.array(expected), rel=1e-10, abs=1e-12)
    assert test.largest(x) == pytest.approx(-np.minimum(*expected))
    # where the tail is no double: exp(-x) for shape 1, exp(-x) (x^2 / 2 + x + 1) for shape 3
    far = np.array([[2000.0], [800.0], *np.zeros((3, 1))])
    assert test.scaled(far)[:, 0] == pytest.approx([1000.0, 800 - np.log(800**2 / 2 + 801)], abs=1e-5)
    # around the switch at 1e-200 (x = 460.5 for shape 1) it goes on rising
    near = np.tile(2 * np.linspace(460.0, 461.0, 50), (5, 1))
    assert test.scaled(near)[0] == pytest.approx(near[0] / 2, abs=1e-9)
    p, largest, part = test.p(np.array([0.1, 5.0, 9, 9, 9]))
    assert part == 1 and largest == pytest.approx(-stats.gamma.logsf(5.0, 3)) and p == 1 / 3
    assert test.p(np.array([0.0, 0.0, 0, 0, 0]))[0] == 1.0 and test.p(np.array([2.0, 0, 0, 0, 0]))[2] == 0
    none = JointTest(np.ones((2, 4)))
    assert none.largest(np.ones((2, 3))).tolist() == [0, 0, 0] and none.p(np.full(2, 9.0)) == (1.0, 0.0, 0)


def test_ties_count_as_at_least_as_extreme() -> None:
    assert tail(3.0, np.r_[1.0, 2.0, 3.0]) == 0.5 and tail(3.1, np.r_[1.0, 2.0, 3.0]) == 0.25
    assert tail(0.0, np.r_[1.0, 2.0, 3.0]) == 1.0
