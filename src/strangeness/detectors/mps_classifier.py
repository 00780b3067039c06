"""Classification without labels by a matrix-product state: data against reference, scored by its logit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import DATA, Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training
from strangeness.core.weights import balanced
from strangeness.tensor_networks.classifier import ChainClassifier, chain_classifier
from strangeness.tensor_networks.feature_maps import (
    FourierMap,
    LearnedMap,
    PolynomialMap,
    SpinMap,
    feature_map,
)
from strangeness.tensor_networks.scaling import UnitScaling
from strangeness.tensor_networks.sweeps import Sweeps
from strangeness.tensor_networks.training import CLASSIFIER, fit_chain


class ChainClassifierScorer(Scorer):
    """Logit of "data" against "reference" of the ranks of an event's features."""

    scaling: UnitScaling
    classifier: ChainClassifier

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.scaling.knots.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return self.classifier.logit(self.scaling(x))


@dataclass
class MPSClassifier(Detector):
    """A matrix-product state with a label (arXiv:1605.05775; for jets arXiv:2106.08334), linear in features.

    Trained on data against reference without labels, as ``cwola``; in the reference-curve mode of the chain
    the sample label is the truth. Data and reference get the same total weight. Features are brought to
    [0, 1] by the distribution of the training events, without clipping: beyond the quantiles the ends of the
    range are approached exponentially.

    Attributes:
        bond: largest bond dimension; above the exact rank of the chain the rest is not used.
        components: of the feature map.
        feature_map: "spin", "fourier", "polynomial" or "learned".
        scheme: "sgd", "dmrg" (two-site sweeps, bonds that adapt) or "joint" (both in turns).
        training: settings of the gradients.
        sweeps: settings of the sweeps.
    """

    bond: int = 8
    components: int = 2
    feature_map: str = "spin"
    scheme: Literal["sgd", "dmrg", "joint"] = "sgd"
    training: Training = field(default_factory=lambda: Training(learning_rate=5e-3))
    sweeps: Sweeps = field(default_factory=Sweeps)

    card: ClassVar[MethodCard] = MethodCard(
        name="mps-classifier",
        summary="matrix-product state trained on data against reference, without labels",
        citation=Citation(
            key="Araz2021",
            authors="J. Y. Araz and M. Spannowsky",
            title="Quantum-inspired event reconstruction with tensor networks: matrix product states",
            year=2021,
            where="JHEP 08, 112, arXiv:2106.08334",
        ),
        family="tensor network",
        needs=("reference", "data"),
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (
        ChainClassifierScorer,
        UnitScaling,
        ChainClassifier,
        SpinMap,
        FourierMap,
        PolynomialMap,
        LearnedMap,
    )

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> ChainClassifierScorer:
        batch, x = self.training_events(source)
        label, weight = (batch.sample == DATA).astype(np.int32), balanced(batch, self.card.name)
        scaling = UnitScaling.of(x, weight)
        d = x.shape[1]
        first, second, loop = jax.random.split(key, 3)
        map = feature_map(self.feature_map, self.components, sites=d, key=first)
        model = chain_classifier(map, d, self.bond, key=second)
        fitted = fit_chain(
            model,
            CLASSIFIER,
            scaling.on_host(x),
            label,
            batch.id,
            weight,
            self.scheme,
            self.training,
            self.sweeps,
            bond=self.bond,
            key=loop,
            name=self.card.name,
        )
        return ChainClassifierScorer(scaling, fitted.model)
