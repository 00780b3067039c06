"""Tree and MERA classifiers: a tensor network trained on data against reference, without labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import DATA, Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training, train
from strangeness.core.weights import balanced
from strangeness.tensor_networks import mera, tree
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.isometries import Stack, project
from strangeness.tensor_networks.mera import Mera, MeraLayer
from strangeness.tensor_networks.scaling import UnitScaling
from strangeness.tensor_networks.tree import Tree

STRUCTURES = ("tree", "mera")
_MOST_NUMBERS = 2**12
_FLOOR = 1e-6
"""Added to both probabilities, so that the score stays finite where one vanishes."""


class TreeNetworkScorer(Scorer):
    """Logit of "data" against "reference": log of the ratio of two squared amplitudes."""

    scaling: UnitScaling
    network: Tree | Mera

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.scaling.knots.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return logit(self.network, self.scaling(x))


def logit(network: Tree | Mera, u: Float[Any, "n d"]) -> Float[Any, " n"]:
    """log(a_1^2 + e) - log(a_0^2 + e) (n,) of features in [0, 1]; a_0^2 + a_1^2 is scaled to 1."""
    vectors = SpinMap(network.local).vectors(u)
    mixed = isinstance(network, Mera)
    _, amplitudes = mera.contract(network, vectors) if mixed else tree.contract(network, vectors)
    square = amplitudes**2
    return jnp.log(square[:, 1] + _FLOOR) - jnp.log(square[:, 0] + _FLOOR)


def cross_entropy(network: Tree | Mera, rows: Any, key: Any) -> Any:
    """Binary cross-entropy (n,) of the rows ``(features in [0, 1], label)``."""
    u, label = rows
    return optax.sigmoid_binary_cross_entropy(logit(network, u), label)


@dataclass
class TreeNetworkClassifier(Detector):
    """Classification without labels (arXiv:1708.02949) by a tree or MERA of isometries (arXiv:2202.10471).

    Each feature is a site: brought to [0, 1] by the distribution of the training events and there to a spin
    (arXiv:1605.05775). The network makes two amplitudes of the product of the spins; their squares, scaled
    to 1, are the probabilities of reference and data. All tensors stay isometric in training. Data and
    reference get the same total weight. The score has seen the data that it was trained on: the chain
    calibrates and tests it on other events.

    A tree costs as much as it has sites. A MERA is contracted exactly, at local^sites numbers an event, sites
    filled up to a power of two; so it takes at most 4,096 of them.

    Attributes:
        structure: "tree", or "mera": with trained disentanglers between the blocks.
        bond: most dimensions of an edge, two as in a circuit of qubits; an edge has no more than the sites
            below it fill.
        local: components of a spin.
        training: settings of the training loop.
    """

    structure: str = "tree"
    bond: int = 2
    local: int = 2
    training: Training = field(
        default_factory=lambda: Training(
            epochs=30, batch_size=64, learning_rate=3e-2, weight_decay=0.0, chunk=4
        )
    )

    card: ClassVar[MethodCard] = MethodCard(
        name="tree-network-classifier",
        summary="tree or MERA of isometries trained on data against reference",
        citation=Citation(
            key="Araz2022",
            authors="J. Y. Araz and M. Spannowsky",
            title="Classical versus quantum: comparing tensor-network-based quantum circuits on LHC data",
            year=2022,
            where="Phys. Rev. A 106, 062423, arXiv:2202.10471",
        ),
        family="tensor network",
        needs=("reference", "data"),
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (TreeNetworkScorer, UnitScaling, Tree, Mera, MeraLayer, Stack)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> TreeNetworkScorer:
        """The trained scorer.

        Raises:
            InputError: for an unknown structure, sizes that make no network, a single feature, or too many
                features for a MERA.
        """
        if self.structure not in STRUCTURES:
            raise InputError(f"'structure' is {self.structure!r}", nearest(self.structure, STRUCTURES))
        batch, x = self.training_events(source)
        label, weight = (batch.sample == DATA).astype(np.float64), balanced(batch, self.card.name)
        counted = weight > 0
        scaling = UnitScaling.of(x[counted], weight[counted])
        init, loop = jax.random.split(key)
        network = self._network(x, init)
        fitted = train(
            network,
            cross_entropy,
            (scaling.on_host(x), label),
            batch.id,
            weight,
            self.training,
            key=loop,
            label=self.card.name,
            project=project,
        )
        return TreeNetworkScorer(scaling, fitted.model)

    def _network(self, x: NDArray[Any], key: PRNGKeyArray) -> Tree | Mera:
        sites, name = x.shape[1], self.card.name
        if self.local < 2 or sites < 2:
            raise InputError(
                f"{name} was given {sites} feature(s) and spins of {self.local} components", "Give 2 or more."
            )
        if self.structure == "tree":
            return tree.random_tree(sites, self.local, self.bond, outputs=2, key=key)
        numbers = self.local ** (1 << (sites - 1).bit_length())
        if numbers > _MOST_NUMBERS:
            raise InputError(
                f"a MERA of {sites} sites of {self.local} components needs {numbers:,} numbers an event",
                f"At most {_MOST_NUMBERS:,}: give fewer features or take structure = 'tree'.",
            )
        return mera.random_mera(sites, self.local, self.bond, outputs=2, disentanglers="identity", key=key)
