"""Dense autoencoder: what a small network trained to reproduce the reference cannot reproduce."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training, train
from strangeness.nn import Network, Standardiser, dense_network


class DenseAutoencoderScorer(Scorer):
    """Mean squared reconstruction error of the standardised features."""

    standardiser: Standardiser
    network: Network

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.standardiser.mean.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return reconstruction_error(self.network, self.standardiser(x), keys)


def reconstruction_error(network: Network, x: Any, key: Any) -> Any:
    """Mean squared difference (n,) between rows (n, d) and their reconstruction."""
    return jnp.mean((network(x) - x) ** 2, axis=1)


@dataclass
class DenseAutoencoder(Detector):
    """An autoencoder of dense layers with a narrow middle (arXiv:1808.08979, arXiv:1808.08992).

    Attributes:
        hidden: width of the layer on either side of the middle.
        latent: width of the middle; at most one less than the features.
        activation: name of the function between layers; "identity" makes it a trained linear projection.
        training: settings of the training loop.
    """

    hidden: int = 32
    latent: int = 2
    activation: str = "silu"
    training: Training = field(default_factory=Training)

    card: ClassVar[MethodCard] = MethodCard(
        name="dense-autoencoder",
        summary="reconstruction error of a small dense autoencoder",
        citation=Citation(
            key="Heimel2019",
            authors="T. Heimel, G. Kasieczka, T. Plehn and J. M. Thompson",
            title="QCD or What?",
            year=2019,
            where="SciPost Phys. 6, 030, arXiv:1808.08979",
        ),
        family="classical",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (DenseAutoencoderScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> DenseAutoencoderScorer:
        for name in ("hidden", "latent"):
            if getattr(self, name) < 1:
                raise InputError(f"'{name}' of dense-autoencoder is {getattr(self, name)}", "Give 1 or more.")
        batch, x = self.training_events(source)
        if x.shape[1] < 2:
            raise InputError(
                "dense-autoencoder was given 1 feature(s)", "Give at least 2, or nothing is narrow."
            )
        standardiser = Standardiser.of(x, batch.weight)
        d, latent = x.shape[1], min(self.latent, x.shape[1] - 1)
        init, loop = jax.random.split(key)
        network = dense_network(
            (d, self.hidden, latent, self.hidden, d), key=init, activation=self.activation
        )
        rows = jnp.asarray(standardiser(x))
        fitted = train(
            network,
            reconstruction_error,
            rows,
            batch.id,
            batch.weight,
            self.training,
            key=loop,
            label=self.card.name,
        )
        return DenseAutoencoderScorer(standardiser, fitted.model)
