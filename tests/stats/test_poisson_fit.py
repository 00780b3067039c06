"""Poisson fits against a general minimiser, the score equations and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from strangeness.core.errors import InputError
from strangeness.stats.poisson_fit import deviance, fit

X = np.stack([np.ones(12), np.linspace(-1, 1, 12), np.linspace(-1, 1, 12) ** 2], axis=1)


def pseudo(n: int, mean: float, seed: int = 0) -> np.ndarray:
    expected = mean * np.exp(-1.5 * X[:, 1])
    return np.random.default_rng(seed).poisson(expected, (n, 12))


def test_fit_equals_a_general_minimiser() -> None:
    offset = np.linspace(0, 0.3, 12)
    counts = pseudo(5, 20.0)
    result = fit(counts, X, offset)

    def negative(p: np.ndarray, n: np.ndarray) -> float:
        eta = offset + X @ p
        return float(np.sum(np.exp(eta) - n * eta))

    for row, params in zip(counts, result.params, strict=True):
        best = optimize.minimize(negative, np.array([3.0, 0, 0]), args=(row,), method="BFGS", tol=1e-10)
        # the minimiser finds its place to about the root of its precision
        np.testing.assert_allclose(params, best.x, atol=2e-5)
        assert negative(params, row) <= best.fun + 1e-9
    assert result.converged.all()


def test_constant_model_gives_the_mean() -> None:
    counts = pseudo(50, 3.0)
    result = fit(counts, np.ones((12, 1)))
    np.testing.assert_allclose(result.expected, np.broadcast_to(counts.mean(1)[:, None], (50, 12)), rtol=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.6, 3000.0))
def test_score_equations_hold(seed: int, mean: float) -> None:
    counts = pseudo(20, mean, seed)
    counts[:, 5] += 1
    result = fit(counts, X)
    ok = result.converged
    score = (counts - result.expected)[ok] @ X
    assert np.all(np.abs(score) <= 1e-3 * np.sqrt(counts[ok].sum(1, keepdims=True)))
    assert ok.mean() > 0.9


def test_deviance_follows_chi_square_at_large_counts() -> None:
    result = fit(pseudo(4000, 2000.0), X)
    # 4000 draws: Kolmogorov-Smirnov at 1e-3
    assert stats.kstest(result.deviance, stats.chi2(9).cdf).pvalue > 1e-3
    row, expected = np.array([3.0, 0.0]), np.array([2.0, 1.0])
    assert deviance(row, expected) == pytest.approx(2 * (3 * np.log(1.5) - 1 + 1.0))


def test_chunks_and_order_do_not_matter() -> None:
    counts = pseudo(3000, 5.0)
    counts[:, 0] += 1
    whole, part = fit(counts, X), fit(counts[::-1][:10], X)
    np.testing.assert_allclose(whole.expected[::-1][:10], part.expected, rtol=1e-5)


def test_singular_design_still_fits_the_counts() -> None:
    double = np.concatenate([X, X[:, 1:2]], axis=1)
    counts = pseudo(10, 50.0)
    result = fit(counts, double)
    np.testing.assert_allclose(result.expected, fit(counts, X).expected, rtol=1e-4)


def test_hard_start_is_halved_until_the_likelihood_rises() -> None:
    counts = np.zeros((1, 12))
    counts[0, 11] = 1e6
    result = fit(counts, X[:, :2])
    assert result.expected.sum() == pytest.approx(1e6, rel=1e-3)


@pytest.mark.parametrize(
    ("counts", "design"),
    [
        (np.zeros((1, 12)), X),
        (-np.ones((1, 12)), X),
        (np.ones((1, 11)), X),
        (np.ones((1, 2)), X[:2]),
        (np.full((1, 12), np.nan), X),
    ],
)
def test_unusable_input_is_named(counts: np.ndarray, design: np.ndarray) -> None:
    with pytest.raises(InputError):
        fit(counts, design)
