"""Metrics against scikit-learn, brute force and Gaussians whose curves are known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from sklearn.metrics import roc_curve as sklearn_roc

from strangeness.core.errors import InputError
from strangeness.stats.metrics import auc, rejection, roc_curve, seed_band

scores = st.lists(st.integers(-4, 4).map(float), min_size=1, max_size=30)


@given(scores, scores)
def test_auc_counts_pairs_and_ties_at_one_half(background: list[float], signal: list[float]) -> None:
    difference = np.subtract.outer(signal, background)
    assert auc(background, signal) == pytest.approx(np.mean(0.5 * (1 + np.sign(difference))), abs=1e-12)


@given(scores, scores)
def test_swapping_the_classes_mirrors_the_area(background: list[float], signal: list[float]) -> None:
    assert auc(background, signal) + auc(signal, background) == pytest.approx(1.0, abs=1e-12)


def test_curve_and_area_equal_scikit_learn_with_weights(rng: np.random.Generator) -> None:
    background, signal = rng.normal(size=400).round(1), rng.normal(0.7, 1.2, 300).round(1)
    weights = rng.uniform(0.1, 2, 400), rng.uniform(0.1, 2, 300)
    ours = roc_curve(background, signal, *weights)
    label, score = np.repeat([0, 1], [400, 300]), np.concatenate([background, signal])
    weight = np.concatenate(weights)
    fpr, tpr, _ = sklearn_roc(label, score, sample_weight=weight, drop_intermediate=False)
    np.testing.assert_allclose(ours.eps_b, fpr, atol=1e-12)
    np.testing.assert_allclose(ours.eps_s, tpr, atol=1e-12)
    assert ours.auc() == pytest.approx(roc_auc_score(label, score, sample_weight=weight), abs=1e-12)


def test_gaussians_have_their_analytic_curves(rng: np.random.Generator) -> None:
    n, shift = 200_000, 1.5
    curve = roc_curve(rng.normal(size=n), rng.normal(shift, 1, n))
    eps_s = np.array([0.2, 0.3, 0.5, 0.8])
    eps_b = norm.sf(norm.isf(eps_s) + shift)
    # Binomial error of eps_B plus that of the threshold, 4 standard deviations.
    slope = norm.pdf(norm.isf(eps_b)) / norm.pdf(norm.isf(eps_s))
    tolerance = 4 * np.sqrt(eps_b * (1 - eps_b) / n + slope**2 * eps_s * (1 - eps_s) / n)
    assert np.all(np.abs(1 / curve.rejection(eps_s) - eps_b) < tolerance)
    assert np.all(np.abs(curve.sic(eps_s) - eps_s / np.sqrt(eps_b)) < eps_s * tolerance / eps_b**1.5)
    # The error of an AUC is at most sqrt(A (1 - A) / n).
    expected = norm.cdf(shift / np.sqrt(2))
    assert abs(curve.auc() - expected) < 4 * np.sqrt(expected * (1 - expected) / n)


def test_max_sic_is_the_best_cut_with_enough_background(rng: np.random.Generator) -> None:
    background, signal = rng.normal(size=2000), rng.normal(2, 1, 1000)
    curve, best = roc_curve(background, signal), 0.0
    for cut in np.concatenate([background, signal]):
        n_b = np.sum(background >= cut)
        if n_b >= 25:
            best = max(best, np.mean(signal >= cut) / np.sqrt(n_b / 2000))
    assert curve.max_sic() == pytest.approx(best, rel=1e-12)
    assert curve.max_sic(least=1) >= curve.max_sic()


def test_curves_end_where_too_little_background_remains() -> None:
    curve = roc_curve(np.arange(100.0), np.arange(100.0) + 50)
    assert np.isnan(curve.rejection(0.3)) and np.isnan(curve.sic(0.3))
    assert rejection(np.arange(100.0), np.arange(100.0) + 50, 1.0) == pytest.approx(2.0)
    assert curve.rejection(0.8, least=1) == pytest.approx(100 / 30)


def test_a_useless_score_has_the_diagonal() -> None:
    curve = roc_curve(np.zeros(50), np.zeros(70))
    assert curve.auc() == 0.5 and curve.max_sic() == 1.0
    np.testing.assert_allclose(curve.rejection([0.25, 0.5], least=1), [4.0, 2.0])


def test_bands_are_quantiles_over_seeds() -> None:
    median, low, high = seed_band(np.arange(101.0)[:, None] * [1.0, 2.0])
    np.testing.assert_allclose([median, low, high], [[50, 100], [16, 32], [84, 168]])


@pytest.mark.parametrize(
    ("background", "signal", "weight", "message"),
    [
        ([], [1.0], None, "background scores of shape"),
        ([1.0], [[1.0]], None, "signal scores of shape"),
        ([np.nan], [1.0], None, "background score is nan"),
        ([1.0, 2.0], [1.0], [1.0], "weights of shape"),
        ([1.0, 2.0], [1.0], [1.0, -1.0], "weights of shape"),
        ([1.0, 2.0], [1.0], [0.0, 0.0], "sum 0"),
    ],
)
def test_bad_input_is_named(background: list, signal: list, weight: list | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        roc_curve(background, signal, weight)


def test_nothing_to_band_and_too_little_background_are_named() -> None:
    with pytest.raises(InputError, match="no seeds"):
        seed_band([])
    with pytest.raises(InputError, match="3 background events"):
        roc_curve([1.0, 2, 3], [1.0]).max_sic()
