"""A convolutional autoencoder of images, as one Module."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError
from strangeness.nn.convolution import Convolution, DenseLast, PReLU, average_pool, in_slices, upsample

_SLICE = 16  # events at a time: what lies between the layers of 40x40 images stays in a cache


class ImageAutoencoder(eqx.Module):
    """Convolutions, pooling, convolutions, dense layers to a narrow middle, and all of it back.

    Every layer but the last is followed by a PReLU.
    """

    encoder: tuple[Convolution, ...]
    dense: tuple[DenseLast, ...]
    decoder: tuple[Convolution, ...]
    slopes: tuple[PReLU, ...]

    @eqx.filter_jit  # one compilation also where the caller takes gradients by hand
    def __call__(self, x: Float[Array, "n h w c"]) -> Float[Array, "n h w c"]:
        """The reconstruction of images."""
        down, middle = len(self.encoder), len(self.encoder) + len(self.dense)
        y = in_slices(partial(self._encoded, self.slopes[:down]), x, _SLICE).T
        for layer, slope in zip(self.dense, self.slopes[down:middle], strict=True):
            y = slope(layer(y))
        shape = (x.shape[1] // 2, x.shape[2] // 2)
        return in_slices(partial(self._decoded, self.slopes[middle:], shape), y.T, _SLICE)

    def _encoded(self, slopes: tuple[PReLU, ...], x: Array) -> Array:
        """Images (n, h, w, c) to flat features (n, flat)."""
        y = x.transpose(3, 1, 2, 0)
        for index, (layer, slope) in enumerate(zip(self.encoder, slopes, strict=True)):
            y = slope(layer(average_pool(y) if index == 2 else y))
        return y.reshape(-1, len(x)).T

    def _decoded(self, slopes: tuple[PReLU, ...], shape: tuple[int, int], x: Array) -> Array:
        """Flat features (n, flat) to images (n, h, w, c)."""
        y = x.T.reshape(-1, *shape, len(x))
        for index, (layer, slope) in enumerate(zip(self.decoder[:-1], slopes, strict=True)):
            y = slope(layer(upsample(y) if index == 2 else y))
        return self.decoder[-1](y).transpose(3, 1, 2, 0)


def image_autoencoder(
    shape: tuple[int, int, int],
    channels: tuple[int, int],
    hidden: int,
    latent: int,
    *,
    key: PRNGKeyArray,
) -> ImageAutoencoder:
    """A new autoencoder, He-initialised.

    Args:
        shape: height, width and channels of the images.
        channels: of the convolutions before and behind the pooling.
        hidden: width of the dense layer on either side of the middle.
        latent: width of the middle.
        key: draws the weights.

    Raises:
        InputError: for an odd height or width, or a size below 1.
    """
    height, width, colours = shape
    if height % 2 or width % 2:
        raise InputError(
            f"images of {height} x {width} pixels cannot be halved", "Give an even height and width."
        )
    if min(*channels, hidden, latent) < 1:
        raise InputError(f"a layer of size {min(*channels, hidden, latent)}", "Sizes are 1 or more.")
    # Drawn on the host: XLA compiles a generator for every shape, which takes longer than a short training.
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    wide, narrow = channels
    flat = height * width // 4 * narrow
    down, middle = (colours, wide, wide, narrow, narrow), (flat, hidden, latent, hidden, flat)
    up = (narrow, narrow, wide, wide, colours)
    return ImageAutoencoder(
        encoder=tuple(Convolution.new(rng, a, b) for a, b in pairwise(down)),
        dense=tuple(DenseLast.new(rng, a, b) for a, b in pairwise(middle)),
        decoder=tuple(Convolution.new(rng, a, b) for a, b in pairwise(up)),
        slopes=tuple(PReLU.new(size) for size in _outputs(down, middle, up)),
    )


def _outputs(*chains: tuple[int, ...]) -> list[Any]:
    """The sizes behind each layer but the last."""
    return [size for chain in chains for size in chain[1:]][:-1]
