"""Tails against exact sums of decimals, SciPy and the definition of the interval."""

from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.stats.tails import (
    clopper_pearson,
    deviance_term,
    log_p_from_z,
    p_from_z,
    poisson_log_sf,
    z_from_log_p,
    z_from_p,
)


def exact_log_sf(n: int, b: float) -> float:
    """log P(N >= n | b) by adding up terms with 60 digits."""
    getcontext().prec = 60
    mean = Decimal(b)
    term = (-mean).exp()
    for i in range(1, n + 1):
        term = term * mean / i
    total, i = term, n
    while term > total * Decimal("1e-40"):
        i += 1
        term = term * mean / i
        total += term
    return float(total.ln())


@pytest.mark.parametrize(
    ("n", "b"),
    [(1, 1e-3), (30, 1e-12), (30, 0.5), (5, 4.9), (120, 100.0), (400, 100.0), (900, 2.5), (3000, 1000.0)],
)
def test_log_survival_equals_an_exact_sum(n: int, b: float) -> None:
    # doubles carry 1e-16; the exponent costs a factor of its size
    assert poisson_log_sf(n, b) == pytest.approx(exact_log_sf(n, b), rel=3e-13)


def test_log_survival_at_the_ends() -> None:
    assert poisson_log_sf(0, 3.0) == 0.0
    assert poisson_log_sf(0, 0.0) == 0.0
    assert poisson_log_sf(2, 0.0) == -np.inf


def test_log_survival_is_continuous_where_the_method_changes() -> None:
    n = np.arange(600, 1000)
    values = poisson_log_sf(n, np.full(n.size, 100.0))
    assert np.all(np.diff(values, n=2) < 0)  # the Poisson tail is log-concave


@given(st.integers(0, 400), st.floats(0.01, 300))
def test_log_survival_agrees_with_scipy_in_the_bulk(n: int, b: float) -> None:
    tail = stats.poisson.sf(n - 1, b)
    if tail > 1e-200:
        assert float(poisson_log_sf(n, b)) == pytest.approx(np.log(tail), rel=1e-10, abs=1e-12)


def test_significance_and_p_value_are_inverse_far_out() -> None:
    assert z_from_p(stats.norm.sf(5.0)) == pytest.approx(5.0, rel=1e-14)
    assert p_from_z(3.0) == pytest.approx(stats.norm.sf(3.0), rel=1e-14)
    for z in (-2.0, 0.1, 8.0, 100.0):
        assert z_from_log_p(log_p_from_z(z)) == pytest.approx(z, rel=1e-12)
    # Mills' ratio: log p = -z^2/2 - log z - log(2 pi)/2 + log(1 - 1/z^2 + 3/z^4 ...) at z = 100
    expected = -5000 - np.log(100) - 0.5 * np.log(2 * np.pi) + np.log1p(-1e-4 + 3e-8)
    assert log_p_from_z(100.0) == pytest.approx(expected, rel=1e-13)


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (1, 10_000)])
def test_interval_solves_its_defining_equations(k: int, n: int) -> None:
    low, high = clopper_pearson(k, n, 0.9)
    assert low == 0.0 if k == 0 else stats.binom.sf(k - 1, n, low) == pytest.approx(0.05)
    assert high == 1.0 if k == n else stats.binom.cdf(k, n, high) == pytest.approx(0.05)


def test_interval_covers_at_least_its_level() -> None:
    for p in (0.01, 0.1, 0.37, 0.5):
        k = np.arange(21)
        low, high = clopper_pearson(k, 20, 0.6827)
        covered = (low <= p) & (p <= high)
        assert stats.binom.pmf(k, 20, p)[covered].sum() >= 0.6827


@pytest.mark.parametrize("arguments", [(-1, 3), (4, 3), (0, 0), (1, 3, 1.5)])
def test_interval_refuses_impossible_counts(arguments: tuple[float, ...]) -> None:
    with pytest.raises(InputError):
        clopper_pearson(*arguments)


def test_deviance_term_is_the_likelihood_ratio() -> None:
    n, b = 7.0, 4.0
    assert deviance_term(n, b) == pytest.approx(stats.poisson.logpmf(7, 7) - stats.poisson.logpmf(7, 4))
    assert deviance_term(0.0, 2.0) == 2.0
