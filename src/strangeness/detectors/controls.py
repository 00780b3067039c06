"""Controls that every detector is shown beside: one feature alone, and the sum of all features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.nn import Standardiser

_CITATION = Citation(
    key="Finke2021",
    authors="T. Finke, M. Kraemer, A. Morandini, A. Mueck and I. Oleksiyuk",
    title="Autoencoders for unsupervised anomaly detection in high energy physics",
    year=2021,
    where="JHEP 06, 161, arXiv:2104.09051",
)


class LinearScorer(Scorer):
    """A fixed weighted sum of the standardised features."""

    standardiser: Standardiser
    direction: Float[Any, " d"]

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.direction.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return jnp.sum(self.standardiser(x) * self.direction, axis=1)


@dataclass
class SumOfFeatures(Detector):
    """The sum of the standardised features: what a detector must beat to have learnt anything."""

    card: ClassVar[MethodCard] = MethodCard(
        name="sum-of-features",
        summary="control: the sum of the standardised features",
        citation=_CITATION,
        family="classical",
        maturity="stable",
        weights="positive",
    )
    stores: ClassVar = (LinearScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> LinearScorer:
        batch, x = self.training_events(source)
        return LinearScorer(Standardiser.of(x, batch.weight), np.ones(x.shape[1], float_dtype()))


@dataclass
class OneFeature(Detector):
    """One feature alone, such as the jet mass; higher = stranger.

    Attributes:
        index: which feature, in the representation's order.
    """

    index: int = 0

    card: ClassVar[MethodCard] = MethodCard(
        name="one-feature",
        summary="control: one feature alone, such as the jet mass",
        citation=_CITATION,
        family="classical",
        maturity="stable",
        weights="positive",
    )
    stores: ClassVar = (LinearScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> LinearScorer:
        batch, x = self.training_events(source)
        if not 0 <= self.index < x.shape[1]:
            raise InputError(
                f"'index' of one-feature is {self.index} for {x.shape[1]} features",
                "Give 0 to the last feature's number.",
            )
        direction = np.zeros(x.shape[1], float_dtype())
        direction[self.index] = 1.0
        return LinearScorer(Standardiser.of(x, batch.weight), direction)
