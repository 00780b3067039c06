"""MERA autoencoder: which chains of sites a local, multiscale projection fitted to the reference loses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Batch, Source
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
    shape: tuple[int, ...] = eqx.field(static=True)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return tuple(self.shape)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        flat = jnp.asarray(x).reshape(x.shape[0], -1)
        return reconstruction_error(self.network, self.standardiser(flat), keys)


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

    The rows (n, features) hold the sites one behind the other; arrays (n, sites, channels), such as point
    clouds, may be fitted and scored too. Zeros fill up the sites to a power of two.

    Attributes:
        bond: most numbers that a site keeps between the lowest level and the top.
        latent: numbers that pass the top; at most one less than the features, and two bonds.
        channels: consecutive features that make a site; for arrays with three axes their last axis instead.
        disentanglers: "trained" (they begin as identities) or "identity".
        training: settings of the training loop.
    """

    bond: int = 8
    latent: int = 2
    channels: int = 1
    disentanglers: str = "trained"
    training: Training = field(default_factory=lambda: Training(weight_decay=0.0))

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
        flat = _Flat(source)
        batch, x = self.training_events(flat)
        if x.shape[1] < 2:
            raise InputError(
                "mera-autoencoder was given 1 feature(s)", "Give at least 2, or nothing is narrow."
            )
        shape = flat.shape or (x.shape[1],)
        standardiser = Standardiser.of(x, batch.weight)
        init, loop = jax.random.split(key)
        network = mera_network(
            x.shape[1],
            shape[1] if len(shape) == 2 else self.channels,
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
        return MeraAutoencoderScorer(standardiser, fitted.model, shape)


class _Flat:
    """A source whose rows (n, sites, channels) are laid out one behind the other; others stay as they are."""

    def __init__(self, source: Source) -> None:
        self.source, self.shape = source, ()

    def __iter__(self) -> Iterator[Batch]:
        for batch in self.source:
            x = np.asarray(batch.x)
            if x.ndim == 3:
                self.shape: tuple[int, ...] = x.shape[1:]
                batch = batch.with_x(x.reshape(len(x), -1))
            yield batch
