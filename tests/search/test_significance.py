"""Global p-values: the +1, ties, intervals."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.significance import global_p


def test_plus_one_and_interval() -> None:
    pseudo = np.arange(1000.0)
    outcome = global_p(990.0, pseudo, np.random.default_rng(0))
    assert (outcome.n_extreme, outcome.p) == (10, 11 / 1001)
    low, high = outcome.interval
    assert low is not None and high is not None
    assert stats.binom.cdf(10, 1000, stats.norm.sf(low)) == pytest.approx(0.15865, abs=1e-4)
    assert stats.binom.sf(9, 1000, stats.norm.sf(high)) == pytest.approx(0.15865, abs=1e-4)
    assert low < outcome.z < high and outcome.z == pytest.approx(stats.norm.isf(11 / 1001))


def test_never_zero_and_finite_at_both_ends() -> None:
    rng = np.random.default_rng(0)
    none, every = global_p(5.0, np.zeros(99), rng), global_p(-1.0, np.zeros(99), rng)
    assert none.p == 0.01 == none.smallest and none.interval[1] is None and none.interval[0] is not None
    assert 0 < none.randomised <= 0.01
    assert every.p == 1.0 and np.isfinite(every.z) and every.interval[0] is None


def test_discrete_statistic_is_super_uniform_raw_and_uniform_randomised() -> None:
    rng = np.random.default_rng(1)
    raw, randomised = np.empty(2000), np.empty(2000)
    for i in range(2000):
        t = rng.integers(0, 4, 40).astype(float)
        outcome = global_p(t[0], t[1:], rng)
        raw[i], randomised[i] = outcome.p, outcome.randomised
    assert stats.kstest(randomised, "uniform").pvalue > 1e-3
    for level in (0.1, 0.3, 0.6, 0.9):
        assert (raw <= level).mean() <= level + 4 * np.sqrt(level * (1 - level) / 2000)


def test_unusable_statistics_are_refused() -> None:
    with pytest.raises(InputError):
        global_p(1.0, np.empty(0), np.random.default_rng(0))
    with pytest.raises(InputError):
        global_p(np.nan, np.zeros(3), np.random.default_rng(0))
