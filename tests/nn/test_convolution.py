"""Convolutions and their gradients against JAX's own, pooling and up-sampling by hand."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.signal import correlate

from strangeness.core.errors import InputError
from strangeness.nn import Convolution, PReLU, image_autoencoder, parameter_count
from strangeness.nn.convolution import average_pool, convolve, in_slices, upsample


def _plain(x: jax.Array, kernel: jax.Array) -> jax.Array:
    axes = ("CHWN", "HWIO", "CHWN")
    return jax.lax.conv_general_dilated(x, kernel, (1, 1), "SAME", dimension_numbers=axes)


@pytest.mark.parametrize(("height", "width", "inputs", "outputs"), [(6, 4, 1, 3), (5, 7, 3, 2), (2, 2, 2, 1)])
def test_values_and_gradients_are_those_of_jax(
    rng: np.random.Generator, height: int, width: int, inputs: int, outputs: int, x64: None
) -> None:
    x, kernel, slope = (
        jnp.asarray(rng.normal(size=size))
        for size in ((inputs, height, width, 5), (3, 3, inputs, outputs), (outputs, height, width, 5))
    )
    ours, back = jax.vjp(convolve, x, kernel)
    theirs, plain_back = jax.vjp(_plain, x, kernel)
    np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)
    for a, b in zip(back(slope), plain_back(slope), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


def test_one_channel_is_a_cross_correlation(rng: np.random.Generator, x64: None) -> None:
    image, kernel = rng.normal(size=(6, 8)), rng.normal(size=(3, 3))
    layer = Convolution(jnp.asarray(kernel[:, :, None, None]), jnp.array([0.5]))
    ours = layer(jnp.asarray(image[None, :, :, None]))[0, :, :, 0]
    np.testing.assert_allclose(ours, correlate(image, kernel, mode="same") + 0.5, rtol=1e-10)


def test_prelu_has_a_slope_for_each_channel() -> None:
    x = jnp.array([[[-2.0, 3.0]], [[-2.0, 3.0]]])
    np.testing.assert_allclose(PReLU(jnp.array([0.25, 0.5]))(x), [[[-0.5, 3.0]], [[-1.0, 3.0]]])


def test_pooling_averages_and_upsampling_repeats(rng: np.random.Generator) -> None:
    x = jnp.asarray(rng.normal(size=(2, 4, 6, 3)), jnp.float32)
    pooled = average_pool(x)
    np.testing.assert_allclose(pooled[1, 1, 2], x[1, 2:4, 4:6].mean(axis=(0, 1)), rtol=1e-5)
    np.testing.assert_array_equal(upsample(x), np.repeat(np.repeat(x, 2, axis=1), 2, axis=2))
    np.testing.assert_allclose(average_pool(upsample(x)), x, rtol=1e-6)


def test_slices_change_neither_values_nor_gradients(rng: np.random.Generator) -> None:
    x, w = jnp.asarray(rng.normal(size=(24, 3))), jnp.asarray(rng.normal(size=3))
    total = lambda w, size: jnp.sum(jnp.sin(in_slices(lambda part: part @ w, x, size)))  # noqa: E731
    for size in (8, 7, 24):
        np.testing.assert_allclose(total(w, size), total(w, 24), rtol=1e-6)
        np.testing.assert_allclose(jax.grad(total)(w, size), jax.grad(total)(w, 24), rtol=1e-5)


def test_an_autoencoder_keeps_the_shape_and_has_the_counted_weights() -> None:
    network = image_autoencoder((6, 4, 2), (3, 2), 7, 2, key=jax.random.key(0))
    assert network(jnp.zeros((5, 6, 4, 2))).shape == (5, 6, 4, 2)
    kernels = 9 * (2 * 3 + 3 * 3 + 3 * 2 + 2 * 2 + 2 * 2 + 2 * 3 + 3 * 3 + 3 * 2)
    dense = 2 * (12 * 7 + 7 * 2)
    biases, slopes = (
        3 + 3 + 2 + 2 + 7 + 2 + 7 + 12 + 2 + 3 + 3 + 2,
        3 + 3 + 2 + 2 + 7 + 2 + 7 + 12 + 2 + 3 + 3,
    )
    assert parameter_count(network) == kernels + dense + biases + slopes


def test_initial_kernels_have_the_variance_of_he() -> None:
    kernel = np.asarray(Convolution.new(np.random.default_rng(1), 40, 80).kernel)
    # 28,800 draws fix the variance 2 / 360 to 0.8 %; four times that is allowed.
    assert kernel.var() == pytest.approx(2.0 / 360.0, rel=0.034)


@pytest.mark.parametrize(
    ("shape", "sizes", "named"),
    [
        ((5, 4, 1), (2, 2, 3, 1), "5 x 4"),
        ((4, 3, 1), (2, 2, 3, 1), "4 x 3"),
        ((4, 4, 1), (2, 2, 3, 0), "size 0"),
    ],
)
def test_networks_that_cannot_be_built_are_refused(
    shape: tuple[int, int, int], sizes: tuple[int, int, int, int], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        image_autoencoder(shape, sizes[:2], sizes[2], sizes[3], key=jax.random.key(0))
