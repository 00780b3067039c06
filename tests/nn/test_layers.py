"""Layers against NumPy, activations by name, scaling, and what counts as a parameter."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import expit

from strangeness.core.errors import InputError
from strangeness.nn import Dense, Network, Standardiser, dense_network, parameter_count

BY_HAND = {
    "identity": lambda x: x,
    "relu": lambda x: np.maximum(x, 0.0),
    "silu": lambda x: x * expit(x),
    "tanh": np.tanh,
}


@pytest.mark.parametrize("activation", BY_HAND)
def test_a_network_equals_numpy(activation: str, rng: np.random.Generator, x64: None) -> None:
    w1, b1, w2, b2 = (rng.normal(size=size) for size in ((3, 4), 4, (4, 2), 2))
    network = Network(
        (Dense(jnp.asarray(w1), jnp.asarray(b1)), Dense(jnp.asarray(w2), jnp.asarray(b2))), activation
    )
    x = rng.normal(size=(5, 3))
    expected = BY_HAND[activation](x @ w1 + b1) @ w2 + b2
    np.testing.assert_allclose(network(jnp.asarray(x)), expected, rtol=1e-12)


def test_initial_weights_have_the_variance_of_he() -> None:
    network = dense_network((200, 300, 1), key=jax.random.key(0))
    weight = np.asarray(network.layers[0].weight)
    # 60,000 draws fix the variance 2 / 200 to 0.6 %; four times that is allowed.
    assert weight.var() == pytest.approx(2.0 / 200.0, rel=0.024)
    assert not np.any(network.layers[0].bias)
    assert weight.dtype == np.float32


def test_the_key_decides_the_weights() -> None:
    first, again, other = (dense_network((4, 3, 1), key=jax.random.key(seed)) for seed in (1, 1, 2))
    assert eqx.tree_equal(first, again)
    assert not np.allclose(first.layers[0].weight, other.layers[0].weight)
    assert not np.allclose(first.layers[0].weight[:3, :1], first.layers[1].weight)


@pytest.mark.parametrize(("sizes", "named"), [((3, 0, 1), "size 0"), ((3,), "1 size"), ((), "0 sizes")])
def test_sizes_that_make_no_network_are_refused(sizes: tuple[int, ...], named: str) -> None:
    with pytest.raises(InputError, match=named):
        dense_network(sizes, key=jax.random.key(0))


def test_an_unknown_activation_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InputError, match=r"unknown activation 'rellu'.*Did you mean relu"):
        dense_network((2, 1), key=jax.random.key(0), activation="rellu")


def test_scaling_equals_numpy_with_weights(rng: np.random.Generator, x64: None) -> None:
    x, times = rng.normal(size=(50, 2)) * [3.0, 1e-3] + [1e3, 0.0], rng.integers(0, 3, 50)
    repeated = np.repeat(x, times, axis=0)
    fitted = Standardiser.of(x, times.astype(float))
    np.testing.assert_allclose(fitted.mean, repeated.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(fitted.scale, repeated.std(axis=0), rtol=1e-9)


def test_a_constant_feature_is_only_centred() -> None:
    fitted = Standardiser.of(np.array([[1e6, 1.0], [1e6, 3.0]]))
    np.testing.assert_array_equal(fitted(np.array([[1e6 + 2.0, 2.0]])), [[2.0, 0.0]])


def test_parameters_are_counted_without_scaling_and_whole_numbers() -> None:
    network = dense_network((3, 5, 2), key=jax.random.key(0))
    assert parameter_count(network) == 3 * 5 + 5 + 5 * 2 + 2
    standardiser = Standardiser.of(np.eye(3))
    assert parameter_count((standardiser, network, np.arange(7), "text", 1.0)) == parameter_count(network)
