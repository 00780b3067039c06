"""Variational autoencoder: reconstruction error, and how far the latent posterior is from its prior."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training, train
from strangeness.nn import Network, Standardiser, dense_network

_LOG_VARIANCE = 10.0  # the encoder's logarithm of the variance is kept within plus and minus this


class VariationalModel(eqx.Module):
    """Encoder to mean and log variance of a Gaussian posterior, decoder, and the weight of the KL term."""

    encoder: Network
    decoder: Network
    beta: float = eqx.field(static=True)

    def posterior(self, x: Float[Array, "n d"]) -> tuple[Array, Array]:
        """Mean and log variance (n, latent) of the posterior of each row."""
        mean, log_variance = jnp.split(self.encoder(x), 2, axis=1)
        return mean, _LOG_VARIANCE * jnp.tanh(log_variance / _LOG_VARIANCE)

    def loss(self, x: Array, latent: Array, posterior: tuple[Array, Array]) -> Array:
        """Mean squared error of the reconstruction from ``latent`` plus beta times KL over d, shape (n,)."""
        error = jnp.mean((self.decoder(latent) - x) ** 2, axis=1)
        return error + self.beta * kl_to_prior(*posterior) / x.shape[1]


def kl_to_prior(mean: Array, log_variance: Array) -> Array:
    """KL divergence (n,) of N(mean, diag variance) from N(0, 1) (arXiv:1312.6114, appendix B)."""
    return 0.5 * jnp.sum(jnp.exp(log_variance) + mean**2 - 1.0 - log_variance, axis=1)


def sampled_loss(model: VariationalModel, x: Array, key: PRNGKeyArray) -> Array:
    """The loss (n,) at one draw from each posterior (reparametrised, arXiv:1312.6114, eq. 10)."""
    mean, log_variance = model.posterior(x)
    draw = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape, mean.dtype)
    return model.loss(x, draw, (mean, log_variance))


class VariationalAutoencoderScorer(Scorer):
    """The loss with the posterior's mean in place of a draw, so that an event has one score."""

    standardiser: Standardiser
    model: VariationalModel

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.standardiser.mean.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        z = self.standardiser(x)
        posterior = self.model.posterior(z)
        return self.model.loss(z, posterior[0], posterior)


@dataclass
class VariationalAutoencoder(Detector):
    """A dense autoencoder with a Gaussian latent posterior (arXiv:1312.6114; for jets arXiv:2007.01850).

    Loss and score are the mean over the d standardised features of the squared error plus beta / d times the
    KL divergence of the posterior from a unit Gaussian. Training draws from the posterior; the score takes
    its mean, so it is no random number.

    Attributes:
        hidden: width of the layer on either side of the middle.
        latent: dimension of the posterior.
        beta: weight of the KL divergence; 0 leaves the reconstruction alone.
        activation: name of the function between layers.
        training: settings of the training loop.
    """

    hidden: int = 32
    latent: int = 2
    beta: float = 0.1
    activation: str = "silu"
    training: Training = field(default_factory=Training)

    card: ClassVar[MethodCard] = MethodCard(
        name="variational-autoencoder",
        summary="reconstruction error plus distance of the latent posterior from its prior",
        citation=Citation(
            key="Cheng2020",
            authors="T. Cheng, J.-F. Arguin, J. Leissner-Martin, J. Pilette and T. Golling",
            title="Variational autoencoders for anomalous jet tagging",
            year=2020,
            where="Phys. Rev. D 107, 016002 (2023), arXiv:2007.01850",
        ),
        family="classical",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (VariationalAutoencoderScorer, VariationalModel)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> VariationalAutoencoderScorer:
        for name in ("hidden", "latent"):
            if getattr(self, name) < 1:
                what = f"'{name}' of {self.card.name} is {getattr(self, name)}"
                raise InputError(what, "Give 1 or more.")
        if not self.beta >= 0:
            raise InputError(f"'beta' of {self.card.name} is {self.beta}", "Give 0 or more.")
        batch, x = self.training_events(source)
        standardiser = Standardiser.of(x, batch.weight)
        down, up, loop = jax.random.split(key, 3)
        d = x.shape[1]
        model = VariationalModel(
            encoder=dense_network((d, self.hidden, 2 * self.latent), key=down, activation=self.activation),
            decoder=dense_network((self.latent, self.hidden, d), key=up, activation=self.activation),
            beta=float(self.beta),
        )
        rows, label = jnp.asarray(standardiser(x)), self.card.name
        fitted = train(
            model, sampled_loss, rows, batch.id, batch.weight, self.training, key=loop, label=label
        )
        return VariationalAutoencoderScorer(standardiser, fitted.model)
