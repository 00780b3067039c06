"""Laws of dependent p-values against SciPy and against calibrations that were really drawn."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.stats.dependence import (
    beta_binomial_pmf,
    count_pmf,
    ks_band,
    ks_distance,
    ks_null,
    ks_score,
    shared_p_values,
)


def test_beta_binomial_equals_scipy() -> None:
    np.testing.assert_allclose(
        beta_binomial_pmf(50, 3.0, 80.5), stats.betabinom.pmf(np.arange(51), 50, 3.0, 80.5), rtol=1e-10
    )


def test_spread_of_shared_counts_is_the_known_one() -> None:
    # n_cal = n_test = 2000 at 5 %: standard deviation 14, where a binomial has 9.7
    pmf = beta_binomial_pmf(2000, 100.0, 1901.0)
    k = np.arange(2001)
    assert np.sqrt(pmf @ k**2 - (pmf @ k) ** 2) == pytest.approx(13.78, abs=0.05)


def test_total_over_bins_is_the_law_of_a_sum() -> None:
    a, b = [2.0, 5.0], [30.0, 60.0]
    direct = np.zeros(31)
    for i in range(11):
        for j in range(21):
            direct[i + j] += stats.betabinom.pmf(i, 10, a[0], b[0]) * stats.betabinom.pmf(j, 20, a[1], b[1])
    np.testing.assert_allclose(count_pmf([10, 20], a, b), direct, rtol=1e-9)


def test_distance_equals_scipy() -> None:
    p = np.random.default_rng(1).random(137)
    assert ks_distance(p) == pytest.approx(stats.kstest(p, "uniform").statistic, rel=1e-12)


def test_simulated_p_values_have_the_law_of_real_calibrations() -> None:
    rng = np.random.default_rng(2)
    real = np.empty(2000)
    for i in range(2000):
        cal, test = rng.normal(size=40), rng.normal(size=60)
        rank = (cal[None] > test[:, None]).sum(1)
        real[i] = ks_distance((rank + rng.random(60)) / 41)
    # two samples of 2000 distances: Kolmogorov-Smirnov at 1e-3
    assert stats.ks_2samp(real, ks_null(40, 60, 2000, rng)).pvalue > 1e-3


def test_band_is_wider_than_the_naive_one() -> None:
    rng = np.random.default_rng(3)
    band = ks_band(2000, 2000, 0.95, 600, rng)
    # asymptotically 1.358 sqrt(2 / n); 600 simulations give the quantile to about 5 %
    assert band == pytest.approx(1.358 * np.sqrt(2 / 2000), rel=0.1)
    assert (ks_null(2000, 2000, 600, rng) > stats.kstwo(2000).isf(0.05)).mean() > 0.2


def test_score_is_minus_two_log_p() -> None:
    distance = 1.2 * np.sqrt(1 / 500 + 1 / 300)
    assert ks_score(distance, 500, 300) == pytest.approx(-2 * np.log(stats.kstwobign.sf(1.2)))


def test_p_values_are_sorted_inside_the_unit_interval() -> None:
    p = shared_p_values(5, 100, np.random.default_rng(4))
    assert np.all(np.diff(p) >= 0) and p[0] > 0 and p[-1] < 1
    with pytest.raises(InputError):
        ks_null(0, 3, 3, np.random.default_rng(0))
