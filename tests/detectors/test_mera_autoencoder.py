"""It reaches the error of principal components where locality costs nothing, and knows chains from rows."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA as SklearnPCA

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.mera_autoencoder import MeraAutoencoder
from strangeness.nn import parameter_count
from strangeness.tensor_networks.isometries import defect

LONG = Training(epochs=60, batch_size=64, learning_rate=1e-2, weight_decay=0.0, patience=80)


def _fit(x: NDArray[Any], **settings: Any) -> Any:
    return MeraAutoencoder(**settings).fit_scorer(ArraySource(make_batch(x)), key=jax.random.key(0))


def _error_of_components(x: NDArray[Any], latent: int) -> NDArray[Any]:
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    rival = SklearnPCA(n_components=latent).fit(standard)
    return ((standard - rival.inverse_transform(rival.transform(standard))) ** 2).mean(axis=1)


def test_wide_bonds_reach_the_error_of_principal_components(rng: np.random.Generator) -> None:
    x = rng.normal(size=(800, 2)) @ rng.normal(size=(2, 4)) + 0.3 * rng.normal(size=(800, 4))
    best = _error_of_components(x, 2)
    scorer = _fit(x, bond=4, latent=2, training=LONG)
    score = scorer(make_batch(x))
    # Nothing linear is below the optimum; Adam at this learning rate hovers within 6 % above it.
    assert best.mean() * (1.0 - 1e-5) < score.mean() < 1.06 * best.mean()
    assert np.corrcoef(score, best)[0, 1] > 0.98
    assert defect(scorer) < 1e-6


def test_disentanglers_help_across_the_blocks(rng: np.random.Generator) -> None:
    # Sites 1 and 2 share one factor, 0 and 3 another, both with correlation r. Of each block one number is
    # kept: without disentanglers that is one of the two sites, with them the first factor whole and a site.
    factors = rng.normal(size=(600, 2))
    x = factors[:, [1, 0, 0, 1]] + 0.3 * rng.normal(size=(600, 4))
    r = float(np.corrcoef(x[:, 1], x[:, 2])[0][1])
    mera, tree = (
        _fit(x, bond=1, latent=2, disentanglers=kind, training=LONG)(make_batch(x)).mean()
        for kind in ("trained", "identity")
    )
    assert tree == pytest.approx(0.5, abs=0.02)
    assert mera == pytest.approx((4 - (1 + r) - 1) / 4, abs=0.02)


def test_it_has_the_counted_parameters(rng: np.random.Generator) -> None:
    scorer = _fit(rng.normal(size=(50, 96)), bond=8, latent=4, channels=3, training=Training(epochs=0))
    layers = scorer.network.layers
    mixing = 15 * 6 * 6 + 7 * 12 * 12 + 3 * 16 * 16 + 16 * 16
    joining = 16 * 6 * 6 + 8 * 12 * 8 + 4 * 16 * 8 + 2 * 16 * 8 + 16 * 4
    assert len(layers) == 5
    assert parameter_count(scorer) == mixing + joining


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"bond": 0}, "'bond'"), ({"latent": 0}, "'latent'"), ({"disentanglers": "trainde"}, "trained")],
)
def test_settings_that_make_no_network_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        _fit(np.eye(20), **settings)


def test_one_feature_cannot_be_narrowed() -> None:
    with pytest.raises(InputError, match=r"given 1 feature\(s\)"):
        _fit(np.arange(20.0)[:, None])
