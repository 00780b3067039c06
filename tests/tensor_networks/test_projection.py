"""The projection against dense operators, its norm, its filling sites and a thousand features."""

import equinox as eqx
import jax
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.projection import Projection, projection, sphere_loss

values = eqx.filter_jit(
    lambda model, x: (model.log_length(x), model.log_frobenius(), sphere_loss(model, x, None))
)


def _dense(model: Projection) -> np.ndarray:
    """The operator (out legs, in legs) of a few groups of two sites."""
    result = np.eye(model.opened.shape[1])[:1].reshape(1, 1, -1)
    for closed, opened in zip(np.asarray(model.closed), np.asarray(model.opened), strict=True):
        for core in closed:
            result = np.einsum("oil,ldr->oidr", result, core).reshape(len(result), -1, core.shape[2])
        step = np.einsum("oil,ldpr->opidr", result, opened)
        result = step.reshape(step.shape[0] * step.shape[1], -1, opened.shape[3])
    return result[:, :, 0]


@pytest.mark.parametrize("sites", [4, 5])
@pytest.mark.usefixtures("x64")
def test_lengths_and_norm_are_those_of_the_dense_operator(sites: int, rng: np.random.Generator) -> None:
    model = projection(SpinMap(3), sites, 3, key=jax.random.key(0), noise=1.0)
    x, dense = rng.random((6, sites)), _dense(model)
    length, frobenius, loss = values(model, x)
    assert float(frobenius) == pytest.approx(np.log(np.sum(dense**2)), abs=1e-11)
    vectors = np.asarray(model.map(x))
    filled = np.zeros((6, len(model.closed) * 2, 3))
    filled[:, :sites], filled[:, sites:, 0] = vectors, 1.0
    for event in range(6):
        product = np.ones(1)
        for vector in filled[event]:
            product = np.kron(product, vector)
        assert float(length[event]) == pytest.approx(np.log(np.sum((dense @ product) ** 2)), abs=1e-11)
    penalty = 0.1 * max(float(frobenius), 0.0)
    np.testing.assert_allclose(loss, (length - 1) ** 2 + penalty, rtol=1e-10)


def test_a_thousand_features_are_finite_in_32_bits(rng: np.random.Generator) -> None:
    model = projection(SpinMap(2), 1000, 3, key=jax.random.key(1), noise=1.0)
    length, frobenius, _ = values(model, rng.random((4, 1000)).astype(np.float32))
    assert np.all(np.isfinite(length)) and np.isfinite(frobenius)


@pytest.mark.parametrize("settings", [{"bond": 0}, {"out": 0}, {"spacing": 0}, {"penalty": -1.0}])
def test_projections_that_cannot_be(settings: dict) -> None:
    given = {"bond": 2, **settings}
    with pytest.raises(InputError, match="a projection of 3 sites"):
        projection(SpinMap(), 3, given.pop("bond"), key=jax.random.key(0), **given)
