"""KL against quadrature, a linear toy whose optimum is known, and a score that is no random number."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.variational_autoencoder import VariationalAutoencoder, kl_to_prior

LONG = Training(epochs=100, batch_size=64, learning_rate=1e-2, weight_decay=0.0, patience=100)


def _fit(x: Any, **settings: Any) -> Any:
    return VariationalAutoencoder(**settings).fit_scorer(ArraySource(make_batch(x)), key=jax.random.key(0))


@pytest.mark.parametrize(("mean", "sigma"), [(0.0, 1.0), (1.5, 0.3), (-0.7, 2.0)])
def test_the_divergence_is_that_of_quadrature(mean: float, sigma: float, x64: None) -> None:
    q, prior = norm(mean, sigma), norm()
    by_hand, _ = quad(
        lambda z: q.pdf(z) * (q.logpdf(z) - prior.logpdf(z)),
        mean - 12 * sigma,
        mean + 12 * sigma,
        points=[mean],
    )
    two = jnp.array([[mean, 0.0]]), jnp.array([[2 * np.log(sigma), 0.0]])
    assert float(kl_to_prior(*two)[0]) == pytest.approx(by_hand, abs=1e-8)


def test_without_beta_a_linear_one_reaches_the_principal_subspace() -> None:
    """The noise of the draws costs nothing then: the posterior may shrink, and the optimum is that of PCA."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(1500, 2)) @ rng.normal(size=(2, 4)) + 0.3 * rng.normal(size=(1500, 4))
    standard = (x - x.mean(axis=0)) / x.std(axis=0)
    best = np.sort(np.linalg.eigvalsh(np.cov(standard.T, bias=True)))[:2].sum() / 4
    score = _fit(x, hidden=8, beta=0.0, activation="identity", training=LONG)(make_batch(x))
    # Nothing linear is below the optimum; Adam at this rate hovers, with draws, within 15 % above it.
    assert best * (1 - 1e-5) < score.mean() < 1.15 * best


def test_a_large_beta_collapses_the_posterior_onto_the_prior() -> None:
    """Then the decoder sees nothing: the best answer is the mean, whose error is 1 a standardised feature."""
    x = np.random.default_rng(6).normal(size=(1500, 4))
    scorer = _fit(x, beta=100.0, training=replace(LONG, epochs=30))
    mean, log_variance = scorer.model.posterior(scorer.standardiser(x))
    assert float(jnp.mean(kl_to_prior(mean, log_variance))) < 0.01
    standard = np.asarray(scorer.standardiser(x))
    rebuilt = scorer.model.decoder(mean)
    # 1,500 events fix a mean to 1 / sqrt(1500) = 0.03
    assert np.abs(np.asarray(rebuilt)).mean() < 0.15
    assert np.mean((np.asarray(rebuilt) - standard) ** 2) == pytest.approx(1.0, abs=0.05)


def test_the_score_is_error_at_the_mean_plus_beta_kl() -> None:
    x = np.random.default_rng(7).normal(size=(60, 3))
    scorer = _fit(x, beta=0.5, training=Training(epochs=1))
    z = scorer.standardiser(x)
    mean, log_variance = scorer.model.posterior(z)
    kl = 0.5 * np.sum(np.exp(log_variance) + np.square(mean) - 1 - log_variance, axis=1)
    error = np.mean((np.asarray(scorer.model.decoder(mean)) - np.asarray(z)) ** 2, axis=1)
    np.testing.assert_allclose(scorer(make_batch(x)), error + 0.5 * kl / 3, rtol=2e-5)
    one, two = (scorer(make_batch(x), key=jax.random.key(seed)) for seed in (1, 2))
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"hidden": 0}, "'hidden'"), ({"latent": 0}, "'latent'"), ({"beta": -1.0}, "'beta'")],
)
def test_settings_that_make_no_network_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        _fit(np.eye(20), **settings)
