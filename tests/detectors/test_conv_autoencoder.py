"""The score against a plain reconstruction, counted parameters, what is refused, and what training does."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.conv_autoencoder import ConvAutoencoder, ConvAutoencoderScorer
from strangeness.nn import image_autoencoder, parameter_count

SMALL: dict[str, Any] = {"channels": (4, 3), "hidden": 9, "latent": 4}
SHORT = Training(epochs=2, batch_size=32, chunk=1)


def _images(n: int, size: tuple[int, ...] = (12, 12, 1), seed: int = 1) -> Any:
    return np.random.default_rng(seed).random((n, *size)).astype(np.float32)


def _fit(x: Any, **settings: Any) -> Any:
    method = ConvAutoencoder(**{**SMALL, "training": SHORT, **settings})
    return method.fit_scorer(ArraySource(make_batch(x)), key=jax.random.key(0))


def _drawn(x: Any, loss: str) -> Any:
    """A scorer whose parameters, the zeros too, are drawn instead of trained: less to compile."""
    scorer = _fit(x, loss=loss, training=Training(epochs=0, chunk=1))
    rng = np.random.default_rng(3)
    drawn = jax.tree.map(lambda a: a + 0.1 * rng.standard_normal(a.shape).astype(a.dtype), scorer.network)
    return eqx.tree_at(lambda one: one.network, scorer, drawn)


def _plain(network: Any, x: Any) -> Any:
    """The network by JAX's own convolutions, events first; returns the reconstruction."""
    slopes = iter([np.asarray(one.slope) for one in network.slopes])
    axes = ("NHWC", "HWIO", "NHWC")

    def act(y: Any) -> Any:
        slope = next(slopes, 1.0)
        return jnp.where(y >= 0, y, slope * y)

    def conv(y: Any, layer: Any) -> Any:
        return act(
            jax.lax.conv_general_dilated(y, layer.kernel, (1, 1), "SAME", dimension_numbers=axes) + layer.bias
        )

    first, second, third, fourth = network.encoder
    y = conv(conv(jnp.asarray(x), first), second)
    n, h, w, c = y.shape
    y = y.reshape(n, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))
    y = conv(conv(y, third), fourth)
    shape = y.shape
    y = y.transpose(0, 3, 1, 2).reshape(n, -1)
    for layer in network.dense:
        y = act(y @ layer.weight.T + layer.bias)
    y = y.reshape(n, shape[3], shape[1], shape[2]).transpose(0, 2, 3, 1)
    first, second, third, fourth = network.decoder
    y = conv(conv(y, first), second)
    y = jnp.repeat(jnp.repeat(y, 2, axis=1), 2, axis=2)
    return conv(conv(y, third), fourth)


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_the_score_is_the_loss_of_a_plain_reconstruction(loss: str) -> None:
    x = _images(70, (8, 6, 2))
    scorer = _drawn(x, loss)
    rebuilt = np.asarray(_plain(scorer.network, x), np.float64)
    if loss == "mse":
        expected = np.mean((rebuilt - x) ** 2, axis=(1, 2, 3))
    else:
        p = 1 / (1 + np.exp(-rebuilt))
        expected = -np.mean(x * np.log(p) + (1 - x) * np.log(1 - p), axis=(1, 2, 3))
    np.testing.assert_allclose(scorer(make_batch(x)), expected, rtol=2e-5)  # 32-bit sums of 96 pixels


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_the_mean_of_the_errors_of_the_pixels_is_the_score(loss: str) -> None:
    x = _images(20)
    scorer = _drawn(x, loss)
    errors = np.asarray(scorer.pixel_errors(x))
    assert errors.shape == x.shape
    np.testing.assert_allclose(errors.mean(axis=(1, 2, 3)), scorer(make_batch(x)), rtol=1e-5)


def test_parameters_of_the_published_and_of_the_small_network() -> None:
    default = ConvAutoencoder()
    sizes = default.channels, default.hidden, default.latent
    key = jax.random.key(0)
    assert parameter_count(image_autoencoder((40, 40, 1), *sizes, key=key)) == 902_465
    assert parameter_count(image_autoencoder((12, 12, 1), *SMALL.values(), key=key)) == 3_065


def test_training_lowers_the_error_of_what_it_saw_and_less_that_of_others() -> None:
    rng = np.random.default_rng(2)
    rows = np.arange(12)
    stripes = np.broadcast_to(
        np.sin(rows / 2 + rng.random((300, 1, 1)) * 6)[..., None], (300, 12, 12, 1)
    ).copy()
    turned = stripes.transpose(0, 2, 1, 3)
    long = Training(epochs=25, batch_size=32, learning_rate=3e-3, chunk=1)
    before, after = (_fit(stripes, training=one) for one in (Training(epochs=0, chunk=1), long))
    seen, other = (after(make_batch(x.astype(np.float32))).mean() for x in (stripes, turned))
    assert seen < 0.2 * before(make_batch(stripes)).mean()
    assert other > 3 * seen


@pytest.mark.parametrize(
    ("size", "settings", "named"),
    [
        ((11, 12, 1), {}, "11 x 12"),
        ((12, 12, 1), {"latent": 0}, "size 0"),
        ((12, 12, 1), {"loss": "mae"}, "'mae'"),
    ],
)
def test_what_makes_no_network_is_refused(
    size: tuple[int, ...], settings: dict[str, Any], named: str
) -> None:
    with pytest.raises(InputError, match=named):
        _fit(_images(40, size), **settings)


def test_cross_entropy_wants_pixels_between_zero_and_one() -> None:
    with pytest.raises(InputError, match=r"pixels from 0\.\d+ to 2"):
        _fit(2.0 * _images(40) + 1e-3, loss="bce")


def test_a_stored_scorer_with_an_unknown_loss_is_refused() -> None:
    network = image_autoencoder((4, 4, 1), (1, 1), 2, 1, key=jax.random.key(0))
    with pytest.raises(InputError, match="'other'"):
        ConvAutoencoderScorer(network, "other", (4, 4, 1))
