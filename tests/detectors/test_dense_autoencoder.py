"""A linear network reaches the error of principal components, its analytic optimum; sizes and settings."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA as SklearnPCA

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.nn import parameter_count

LONG = Training(epochs=100, batch_size=64, learning_rate=1e-2, weight_decay=0.0, patience=100)


@pytest.fixture(scope="module")
def linear_toy() -> NDArray[np.float64]:
    rng = np.random.default_rng(5)
    return rng.normal(size=(1500, 2)) @ rng.normal(size=(2, 4)) + 0.3 * rng.normal(size=(1500, 4))


def _fit(x: NDArray[Any], **settings: Any) -> Any:
    return DenseAutoencoder(**settings).fit_scorer(ArraySource(make_batch(x)), key=jax.random.key(0))


def test_without_activation_it_reaches_the_error_of_principal_components(linear_toy: NDArray[Any]) -> None:
    standard = (linear_toy - linear_toy.mean(axis=0)) / linear_toy.std(axis=0)
    rival = SklearnPCA(n_components=2).fit(standard)
    best = (standard - rival.inverse_transform(rival.transform(standard))) ** 2
    scorer = _fit(linear_toy, hidden=8, latent=2, activation="identity", training=LONG)
    score = scorer(make_batch(linear_toy))
    # Nothing linear is below the optimum; Adam at this learning rate hovers within 6 % above it.
    assert best.mean() * (1.0 - 1e-5) < score.mean() < 1.06 * best.mean()
    assert np.corrcoef(score, best.mean(axis=1))[0, 1] > 0.98


def test_the_middle_is_narrower_than_the_events(linear_toy: NDArray[Any]) -> None:
    scorer = _fit(linear_toy[:100, :2], hidden=4, latent=9, training=Training(epochs=1))
    layers = [(2, 4), (4, 1), (1, 4), (4, 2)]
    assert [layer.weight.shape for layer in scorer.network.layers] == layers
    assert parameter_count(scorer) == sum(a * b + b for a, b in layers)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"hidden": 0}, "'hidden'"), ({"latent": 0}, "'latent'"), ({"activation": "rellu"}, "relu")],
)
def test_settings_that_make_no_network_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        _fit(np.eye(20), **settings)


def test_one_feature_cannot_be_narrowed() -> None:
    with pytest.raises(InputError, match=r"given 1 feature\(s\)"):
        _fit(np.arange(20.0)[:, None])
