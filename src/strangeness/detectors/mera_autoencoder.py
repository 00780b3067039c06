"""MERA autoencoder: which chains of sites a local, multiscale projection fitted to the reference loses."""

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
from strangeness.nn import Standardiser
from strangeness.tensor_networks.isometries import Stack, project
from strangeness.tensor_networks.mera_network import Coarsening, MeraNetwork, mera_network


class MeraAutoencoderScorer(Scorer):
    """Mean squared reconstruction error of the standardised features."""

    standardiser: Standardiser
    network: MeraNetwork

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.standardiser.mean.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return reconstruction_error(self.network, self.standardiser(x), keys)


def reconstruction_error(network: MeraNetwork, x: Any, key: Any) -> Any:
    """Mean squared difference (n,) between rows (n, d) and their reconstruction."""
    return jnp.mean((network(x) - x) ** 2, axis=1)


@dataclass
class MeraAutoencoder(Detector):
    """Disentanglers and isometries that coarse-grain a chain of sites; decoded by their transposes.

    After arXiv:2604.06541, for events that are chains, such as the constituents of a jet by falling pT: each
    layer turns pairs of neighbours across the blocks by orthogonal matrices, and then keeps of each block of
    two sites as many orthonormal combinations as ``bond`` allows. All matrices stay orthonormal in training
    (Riemannian gradients and the polar retraction). Nothing in it is nonlinear. Without disentanglers
    (``disentanglers = "identity"``) it is a tree.

    The rows (n, features) hold the sites one behind the other, as ``ConstituentChains`` lays them out with
    three channels. Zeros fill up the sites to a power of two.

    Attributes:
        bond: most numbers that a site keeps between the lowest level and the top.
        latent: numbers that pass the top; at most one less than the features, and two bonds.
        channels: consecutive features that make a site.
        disentanglers: "trained" (they begin as identities) or "identity".
        training: settings of the training loop.
    """

    bond: int = 8
    latent: int = 2
    channels: int = 1
    disentanglers: str = "trained"
    training: Training = field(default_factory=lambda: Training(weight_decay=0.0, chunk=4))

    card: ClassVar[MethodCard] = MethodCard(
        name="mera-autoencoder",
        summary="reconstruction error of a multiscale projection with disentanglers",
        citation=Citation(
            key="Gurkanli2026",
            authors="E. Gurkanli and M. Spannowsky",
            title="Quantum-inspired tensor network autoencoders for anomaly detection: a MERA-based approach",
            year=2026,
            where="arXiv:2604.06541",
        ),
        family="tensor network",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (MeraAutoencoderScorer, MeraNetwork, Coarsening, Stack)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> MeraAutoencoderScorer:
        """The trained scorer.

        Raises:
            InputError: for fewer than two features or sites, and for settings that make no network.
        """
        batch, x = self.training_events(source)
        if x.shape[1] < 2:
            raise InputError(
                "mera-autoencoder was given 1 feature(s)", "Give at least 2, or nothing is narrow."
            )
        standardiser = Standardiser.of(x, batch.weight)
        init, loop = jax.random.split(key)
        network = mera_network(
            x.shape[1],
            self.channels,
            self.bond,
            min(self.latent, x.shape[1] - 1),
            mixing=self.disentanglers,
            key=init,
        )
        fitted = train(
            network,
            reconstruction_error,
            jnp.asarray(standardiser(x)),
            batch.id,
            batch.weight,
            self.training,
            key=loop,
            label=self.card.name,
            project=project,
        )
        return MeraAutoencoderScorer(standardiser, fitted.model)
