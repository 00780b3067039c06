"""Against scikit-learn's residuals, and the rule for how many directions are kept."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA as SklearnPCA

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.pca import PCA, PCAScorer

SPREAD = np.array([5.0, 3.0, 1.0, 0.5, 0.2])


def _fit(x: NDArray[Any], explained: float = 0.9, weight: NDArray[Any] | None = None) -> PCAScorer:
    return PCA(explained).fit_scorer(ArraySource(make_batch(x, weight=weight)), key=jax.random.key(0))


@pytest.fixture
def mixed(rng: np.random.Generator) -> NDArray[np.float64]:
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    return (rng.normal(size=(500, 5)) * SPREAD) @ turn + 10.0


@pytest.mark.parametrize("explained", [0.5, 0.8, 0.95])
def test_equals_the_residual_of_scikit_learn(
    mixed: NDArray[np.float64], rng: np.random.Generator, x64: None, explained: float
) -> None:
    at = mixed[:20] + rng.normal(size=(20, 5))
    standard, there = ((rows - mixed.mean(axis=0)) / mixed.std(axis=0) for rows in (mixed, at))
    rival = SklearnPCA(n_components=explained).fit(standard)
    residual = np.sum((there - rival.inverse_transform(rival.transform(there))) ** 2, axis=1)
    scorer = _fit(mixed, explained)
    assert scorer.components.shape == (5, rival.n_components_)
    np.testing.assert_allclose(scorer(make_batch(at, name="at")), residual, rtol=1e-8, atol=1e-12)


def test_one_direction_is_always_left_out(mixed: NDArray[np.float64]) -> None:
    assert _fit(mixed, 1.0 - 1e-12).components.shape == (5, 4)
    assert _fit(mixed[:, :1]).components.shape == (1, 0)


def test_a_single_feature_scores_its_squared_distance(mixed: NDArray[np.float64], x64: None) -> None:
    column = mixed[:, :1]
    expected = ((column[:, 0] - column.mean()) / column.std()) ** 2
    np.testing.assert_allclose(_fit(column)(make_batch(column)), expected, rtol=1e-9)


def test_constant_features_are_kept_harmless() -> None:
    scorer = _fit(np.ones((10, 3)))
    np.testing.assert_allclose(scorer(make_batch(np.array([[1.0, 1.0, 1.0], [1.0, 1.0, 4.0]]))).min(), 0.0)


def test_whole_weights_are_repeated_events(
    mixed: NDArray[np.float64], rng: np.random.Generator, x64: None
) -> None:
    times = rng.integers(0, 4, len(mixed))
    first, second = _fit(mixed, weight=times.astype(float)), _fit(np.repeat(mixed, times, axis=0))
    at = make_batch(mixed[:30], name="at")
    np.testing.assert_allclose(first(at), second(at), rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize("explained", [0.0, 1.0, -1.0, float("nan")])
def test_a_share_outside_its_range_is_refused(explained: float) -> None:
    with pytest.raises(InputError, match="'explained' of pca is"):
        _fit(np.eye(3), explained)
