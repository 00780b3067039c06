"""Training in three ways: the same models, better than chance, the same for the same key."""

import equinox as eqx
import jax
import numpy as np
import pytest
from scipy.stats import norm

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.core.train import Training
from strangeness.stats.metrics import auc
from strangeness.tensor_networks.born import born_machine
from strangeness.tensor_networks.classifier import chain_classifier
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.sweeps import Sweeps
from strangeness.tensor_networks.training import CLASSIFIER, DENSITY, FittedChain, fit_chain

logit = eqx.filter_jit(lambda model, x: model.logit(x))
log_density = eqx.filter_jit(lambda model, x: model.log_density(x))
QUICK, FEW = Training(epochs=12, learning_rate=1e-2, batch_size=128, chunk=4), Sweeps(sweeps=2, rows=800)


def _correlated(n: int, rho: float, rng: np.random.Generator) -> np.ndarray:
    """Four features, uniform each, the first and the third correlated."""
    x = rng.normal(size=(n, 4))
    x[:, 2] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 2]
    return norm.cdf(x)


def _fit(model: object, kind: object, x: np.ndarray, y: np.ndarray, how: str) -> FittedChain:
    return fit_chain(
        model, kind, x, y, identities("toy", len(x)), np.ones(len(x)), how, QUICK, FEW,
        bond=4, key=jax.random.key(1), name="toy",
    )  # fmt: skip


@pytest.mark.parametrize("how", ["sgd", "dmrg", "joint"])
def test_a_classifier_finds_a_correlation(how: str) -> None:
    """Every feature alone is uniform in both classes; the best AUC, from the density ratio, is 0.83."""
    rng = np.random.default_rng(5)
    x = np.concatenate([_correlated(1000, 0.0, rng), _correlated(1000, 0.9, rng)])
    y = np.repeat([0, 1], 1000)
    model = chain_classifier(SpinMap(3), 4, 4, key=jax.random.key(0))
    fitted = _fit(model, CLASSIFIER, x, y, how)
    test = np.concatenate([_correlated(1000, 0.0, rng), _correlated(1000, 0.9, rng)])
    score = np.asarray(logit(fitted.model, test))
    assert auc(score[y == 0], score[y == 1]) > 0.7
    assert len(fitted.bonds) == {"sgd": 0, "dmrg": 2, "joint": 2}[how]


@pytest.mark.parametrize("how", ["sgd", "dmrg", "joint"])
def test_a_density_finds_a_correlation(how: str) -> None:
    """The mean log-density of the truth is -ln(1 - rho^2) / 2 = 0.83; independent features have 0."""
    rng = np.random.default_rng(6)
    x, new = _correlated(2000, 0.9, rng), _correlated(500, 0.9, rng)
    model = born_machine(SpinMap(3, orthonormal=True), 4, 4, key=jax.random.key(0))
    fitted = _fit(model, DENSITY, x, np.zeros(len(x)), how)
    log = np.asarray(log_density(fitted.model, new))
    assert 0.3 < np.mean(log) < 0.83 + 5 * np.std(log) / np.sqrt(500)


@pytest.mark.parametrize("kind", [CLASSIFIER, DENSITY])
def test_a_chain_and_back_is_the_same_model(kind: object, rng: np.random.Generator) -> None:
    x = rng.random((20, 5))
    if kind is CLASSIFIER:
        model = chain_classifier(SpinMap(), 5, 4, key=jax.random.key(0), noise=2.0)
        back = CLASSIFIER.from_chain(model, CLASSIFIER.to_chain(model), 4)
        np.testing.assert_allclose(logit(back, x), logit(model, x), rtol=2e-3, atol=2e-3)
    else:
        model = born_machine(SpinMap(orthonormal=True), 5, 4, key=jax.random.key(0), noise=2.0)
        back = DENSITY.from_chain(model, DENSITY.to_chain(model), 4)
        np.testing.assert_allclose(log_density(back, x), log_density(model, x), rtol=2e-3, atol=2e-3)
        assert back.cores.shape == model.cores.shape


def test_without_epochs_nothing_is_trained(rng: np.random.Generator) -> None:
    model = born_machine(SpinMap(orthonormal=True), 3, 2, key=jax.random.key(0))
    x = rng.random((100, 3))
    for how in ("dmrg", "joint"):
        untrained = fit_chain(
            model, DENSITY, x, np.zeros(100), identities("toy", 100), np.ones(100), how, Training(epochs=0),
            FEW, bond=2, key=jax.random.key(1), name="toy",
        )  # fmt: skip
        assert np.array_equal(untrained.model.cores, model.cores)


def test_an_unknown_way_and_no_holdout() -> None:
    model = born_machine(SpinMap(orthonormal=True), 3, 2, key=jax.random.key(0))
    with pytest.raises(InputError, match=r"unknown training 'dmgr'.*dmrg"):
        _fit(model, DENSITY, np.full((50, 3), 0.5), np.zeros(50), "dmgr")
    with pytest.raises(InputError, match="1 events leave no"):
        _fit(model, DENSITY, np.full((1, 3), 0.5), np.zeros(1), "dmrg")
