"""The classifier against dense states, its limits, and what it takes."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.classifier import FLOOR, chain_classifier, cross_entropy, log_shares
from strangeness.tensor_networks.feature_maps import PolynomialMap, SpinMap


@pytest.mark.parametrize("sites", [1, 4])
@pytest.mark.usefixtures("x64")
def test_shares_are_those_of_dense_states(sites: int, rng: np.random.Generator) -> None:
    model = chain_classifier(PolynomialMap(3), sites, 4, key=jax.random.key(0), labels=3, noise=2.0)
    x = rng.random((5, sites))
    vectors, middle = np.asarray(model.map(x)), sites // 2
    f = np.empty((5, 3))
    for event, label in np.ndindex(5, 3):
        cores = [*model.left, model.centre[:, :, label], *model.right]
        v = np.eye(4)[0]
        for core, vector in zip(cores, vectors[event], strict=True):
            v = np.einsum("l,p,lpr->r", v, vector, core)
        f[event, label] = v[0]
    share = f**2 / np.sum(f**2, axis=1, keepdims=True)
    got = eqx.filter_jit(lambda m, x: m.log_probabilities(x))(model, x)
    np.testing.assert_allclose(np.exp(got) * (1 + FLOOR) - FLOOR / 3, share, atol=1e-11)
    assert model.sites == sites and model.left.shape[0] == middle


def test_shares_of_vanishing_amplitudes_are_finite() -> None:
    log = log_shares(jnp.array([[0.0, 0.0], [1.0, 0.0], [1e-30, 1e-30]]))
    np.testing.assert_allclose(log[0], np.log(0.5), rtol=1e-6)
    np.testing.assert_allclose(log[1], np.log([1.0, FLOOR / 2]), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(log[2], np.log(0.5), rtol=1e-6)


def test_a_thousand_sites_give_finite_losses_and_gradients(rng: np.random.Generator) -> None:
    model = chain_classifier(SpinMap(), 1000, 4, key=jax.random.key(1))
    rows = jnp.asarray(rng.random((8, 1000)), jnp.float32), jnp.asarray(np.arange(8) % 2, jnp.int32)
    value, gradient = eqx.filter_jit(
        eqx.filter_value_and_grad(lambda m: jnp.mean(cross_entropy(m, rows, None)))
    )(model)
    assert np.isfinite(value) and all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(gradient))
    assert np.any(gradient.left[0] != 0) and np.any(gradient.right[-1] != 0)


def test_the_logit_is_the_difference_of_the_logarithms(rng: np.random.Generator) -> None:
    model = chain_classifier(SpinMap(), 4, 3, key=jax.random.key(2), noise=1.0)
    x = rng.random((6, 4))
    log, logit = eqx.filter_jit(lambda m, x: (m.log_probabilities(x), m.logit(x)))(model, x)
    np.testing.assert_allclose(logit, log[:, 1] - log[:, 0], atol=1e-6)


@pytest.mark.parametrize(("sites", "bond", "labels"), [(0, 2, 2), (3, 0, 2), (3, 2, 1)])
def test_classifiers_that_cannot_be(sites: int, bond: int, labels: int) -> None:
    with pytest.raises(InputError, match=f"{sites} sites, bond {bond} and {labels} labels"):
        chain_classifier(SpinMap(), sites, bond, key=jax.random.key(0), labels=labels)
