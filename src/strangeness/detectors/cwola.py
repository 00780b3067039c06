"""Classification without labels: a classifier trained on data against reference, scored by its logit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
import numpy as np
import optax
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import DATA, Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training, train
from strangeness.core.weights import balanced
from strangeness.nn import Network, Standardiser, dense_network


class CWoLaScorer(Scorer):
    """Logit of "data" against "reference": a monotone function of the density ratio."""

    standardiser: Standardiser
    network: Network

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.standardiser.mean.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return self.network(self.standardiser(x))[:, 0]


def cross_entropy(network: Network, rows: Any, key: Any) -> Any:
    """Binary cross-entropy (n,) of the rows ``(x, label)``."""
    x, label = rows
    return optax.sigmoid_binary_cross_entropy(network(x)[:, 0], label)


@dataclass
class CWoLa(Detector):
    """Classification without labels (arXiv:1708.02949; as an anomaly search arXiv:1805.02664).

    Data and reference get the same total weight in training. The score has seen the data that it was trained
    on: the chain calibrates and tests it on other events.

    Attributes:
        hidden: widths of the hidden layers.
        training: settings of the training loop.
    """

    hidden: tuple[int, ...] = (32, 32)
    training: Training = field(default_factory=lambda: Training(learning_rate=1e-3))

    card: ClassVar[MethodCard] = MethodCard(
        name="cwola",
        summary="classifier trained on data against reference, without labels",
        citation=Citation(
            key="Metodiev2017",
            authors="E. M. Metodiev, B. Nachman and J. Thaler",
            title="Classification without labels: learning from mixed samples in high energy physics",
            year=2017,
            where="JHEP 10, 174, arXiv:1708.02949",
        ),
        family="classical",
        needs=("reference", "data"),
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (CWoLaScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> CWoLaScorer:
        batch, x = self.training_events(source)
        label, weight = (batch.sample == DATA).astype(np.float64), balanced(batch, self.card.name)
        standardiser = Standardiser.of(x, weight)
        init, loop = jax.random.split(key)
        network = dense_network((x.shape[1], *self.hidden, 1), key=init)
        rows = (np.asarray(standardiser(x)), label)
        fitted = train(
            network, cross_entropy, rows, batch.id, weight, self.training, key=loop, label=self.card.name
        )
        return CWoLaScorer(standardiser, fitted.model)
