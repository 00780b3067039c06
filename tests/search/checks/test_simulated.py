"""Simulated efficiencies have the law of order statistics, and the joint test is one test."""

import numpy as np
import pytest
from scipy import stats

from strangeness.search.checks.simulated import JointTest, cuts_of, efficiencies, expected_shares, tail
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
