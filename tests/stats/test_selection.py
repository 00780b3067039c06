"""The law of an efficiency against cuts on calibrations that were really drawn."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.stats.multiple import holm
from strangeness.stats.selection import SelectionLaw, order_statistic_law


def test_deterministic_cut_has_the_beta_law_of_an_order_statistic() -> None:
    n, alpha, rng = 59, 0.05, np.random.default_rng(0)
    a, b = order_statistic_law(n, alpha, randomised=False)
    assert (a, b) == (3.0, 57.0)
    # scores uniform, higher = stranger: p_raw <= alpha means above the third largest
    efficiency = 1 - np.sort(rng.random((4000, n)), axis=1)[:, -3]
    assert stats.kstest(efficiency, stats.beta(a, b).cdf).pvalue > 1e-3


def test_randomised_cut_has_mean_alpha_and_the_right_variance() -> None:
    n, alpha, rng = 50, 0.07, np.random.default_rng(1)
    a, b = order_statistic_law(n, alpha, randomised=True)
    ordered = np.sort(rng.random((40_000, n)), axis=1)[:, ::-1]
    cut = alpha * (n + 1)
    k, share = int(cut), cut - int(cut)
    efficiency = (1 - share) * (1 - ordered[:, k - 1]) + share * (1 - ordered[:, k])
    assert a / (a + b) == pytest.approx(alpha)
    # 40,000 draws: mean to 0.5 % of its size at 5 sigma / 200, variance to 4 %
    assert efficiency.mean() == pytest.approx(alpha, rel=0.015)
    assert efficiency.var() == pytest.approx(a * b / (a + b) ** 2 / (a + b + 1), rel=0.04)


def test_whole_cut_gives_the_same_law_for_both_forms() -> None:
    assert order_statistic_law(99, 0.05, True) == pytest.approx(order_statistic_law(99, 0.05, False))


def test_too_few_calibration_events_are_counted_out() -> None:
    with pytest.raises(InputError, match="at least 99 calibration events"):
        order_statistic_law(98, 0.01, False)
    assert order_statistic_law(99, 0.01, False) == (1.0, 99.0)
    for alpha in (0.0, 1.0, -0.1, float("nan")):
        with pytest.raises(InputError):
            order_statistic_law(98, alpha, True)


def law() -> SelectionLaw:
    return SelectionLaw(np.array([1.0, 2.0, 4.0]), np.array([5.0, 10.0]), np.array([95.0, 190.0]), 0.05)


def test_overlap_splits_straddling_bins_by_length() -> None:
    edges = np.array([0.5, 1.5, 2.5, 5.0])
    np.testing.assert_allclose(law().overlap(edges), [[1, 0], [0.5, 0.5], [0, 1]])
    assert law().overlap(np.geomspace(0.2, 9, 30)).sum(axis=1) == pytest.approx(np.ones(29))


def test_draws_are_relative_to_the_mean() -> None:
    draws = law().draw(np.random.default_rng(2), 20_000)
    assert draws.mean(axis=1) == pytest.approx([1, 1], abs=0.02)
    assert draws[0].std() == pytest.approx(stats.beta(5, 95).std() / 0.05, rel=0.03)
    np.testing.assert_allclose(law().smallest_p, [1 / 100, 1 / 200])
    assert law().bin_of(np.array([0.0, 1.9, 2.0, 9.0])).tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("edges", [[1.0, 2.0], [2.0, 1.0, 3.0], [1.0, 1.0, 2.0]])
def test_broken_law_is_refused(edges: list[float]) -> None:
    with pytest.raises(InputError):
        SelectionLaw(np.array(edges), np.array([1.0, 2.0]), np.array([1.0, 2.0]), 0.1)
    with pytest.raises(InputError):
        SelectionLaw(np.array([1.0, 2.0]), np.array([0.0]), np.array([2.0]), 0.1)


def test_holm_steps_down() -> None:
    # by hand: 0.001 <= 0.05/4, 0.014 <= 0.05/3, 0.03 > 0.05/2 stops
    assert holm([0.03, 0.001, 0.04, 0.014], 0.05).tolist() == [False, True, False, True]
    assert not holm([0.02, 0.9, 0.9], 0.05).any()
