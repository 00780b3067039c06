"""Convolutional autoencoder: which images a network trained on the reference cannot reproduce."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import optax
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.core.train import Training, train
from strangeness.nn import ImageAutoencoder, image_autoencoder

PIXELS = {"mse": lambda out, x: (out - x) ** 2, "bce": optax.sigmoid_binary_cross_entropy}
"""Loss -> error of each pixel (n, h, w, c): squared, or the binary cross-entropy of the network's logits."""


def squared_error(network: ImageAutoencoder, x: Any, key: Any) -> Any:
    """Mean squared difference (n,) between images (n, h, w, c) and their reconstruction."""
    return jnp.mean(PIXELS["mse"](network(x), x), axis=(1, 2, 3))


def cross_entropy(network: ImageAutoencoder, x: Any, key: Any) -> Any:
    """Mean binary cross-entropy (n,) between images (n, h, w, c) in [0, 1] and the logits of the network."""
    return jnp.mean(PIXELS["bce"](network(x), x), axis=(1, 2, 3))


LOSSES = {"mse": squared_error, "bce": cross_entropy}


class ConvAutoencoderScorer(Scorer):
    """The loss of an image's reconstruction."""

    network: ImageAutoencoder
    loss: str = eqx.field(static=True)
    shape: tuple[int, int, int] = eqx.field(static=True)

    def __check_init__(self) -> None:
        _known(self.loss)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return tuple(self.shape)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return LOSSES[self.loss](self.network, x, keys)

    def pixel_errors(self, x: Any) -> Any:
        """What each pixel of images (n, h, w, c) adds to the score: their mean is the score."""
        return PIXELS[self.loss](self.network(jnp.asarray(x, float_dtype())), x)


def _known(loss: str) -> None:
    if loss not in LOSSES:
        raise InputError(f"'loss' of conv-autoencoder is {loss!r}", nearest(loss, LOSSES))


@dataclass
class ConvAutoencoder(Detector):
    """An autoencoder of jet images with convolutions, PReLUs and a narrow middle (arXiv:2104.09051).

    The images (n, height, width, channels) have an even height and width. At 40x40x1 the defaults make
    902,465 parameters. For 12x12x1, ``channels = (4, 3)``, ``hidden = 9`` and ``latent = 4`` make 3,065.

    Attributes:
        channels: of the convolutions before and behind the pooling.
        hidden: width of the dense layer on either side of the middle.
        latent: width of the middle.
        loss: "mse", mean squared error as in the paper, or "bce", binary cross-entropy of pixels in [0, 1].
        training: settings of the training loop.
    """

    channels: tuple[int, int] = (10, 5)
    hidden: int = 220
    latent: int = 32
    loss: str = "mse"
    training: Training = field(
        default_factory=lambda: Training(epochs=20, learning_rate=1e-3, patience=4, chunk=1)
    )

    card: ClassVar[MethodCard] = MethodCard(
        name="conv-autoencoder",
        summary="reconstruction error of images by a convolutional autoencoder",
        citation=Citation(
            key="Finke2021",
            authors="T. Finke, M. Kraemer, A. Morandini, A. Mueck and I. Oleksiyuk",
            title="Autoencoders for unsupervised anomaly detection in high energy physics",
            year=2021,
            where="JHEP 06, 161, arXiv:2104.09051",
        ),
        family="classical",
        input_kind="image",
        weights="positive",
        row_limit=1_000_000,
    )
    stores: ClassVar = (ConvAutoencoderScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> ConvAutoencoderScorer:
        """The trained scorer.

        Raises:
            InputError: for an odd height or width, an unknown loss, or pixels outside [0, 1] with "bce".
        """
        _known(self.loss)
        batch, x = self.training_events(source)
        if self.loss == "bce" and (x.min() < 0 or x.max() > 1):
            raise InputError(
                f"conv-autoencoder with 'bce' was given pixels from {x.min():g} to {x.max():g}",
                "Normalise the images to [0, 1] or take loss = 'mse'.",
            )
        init, loop = jax.random.split(key)
        shape = (x.shape[1], x.shape[2], x.shape[3])
        network = image_autoencoder(shape, self.channels, self.hidden, self.latent, key=init)
        fitted = train(
            network,
            LOSSES[self.loss],
            x,
            batch.id,
            batch.weight,
            self.training,
            key=loop,
            label=self.card.name,
        )
        return ConvAutoencoderScorer(fitted.model, self.loss, shape)
