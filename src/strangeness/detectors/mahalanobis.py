"""Mahalanobis distance: how far an event lies from the reference's mean in units of its covariance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.nn import Standardiser

_FLOOR = 1e-6  # smallest eigenvalue of the correlation matrix kept, against its largest


class MahalanobisScorer(Scorer):
    """sqrt((x - mean)^T C^-1 (x - mean))."""

    standardiser: Standardiser
    whitening: Float[Any, "d d"]

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.whitening.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return jnp.sqrt(jnp.sum((self.standardiser(x) @ self.whitening) ** 2, axis=1))


@dataclass
class Mahalanobis(Detector):
    """Distance from the mean of the reference under its covariance (Mahalanobis 1936)."""

    card: ClassVar[MethodCard] = MethodCard(
        name="mahalanobis",
        summary="distance from the reference's mean under its covariance",
        citation=Citation(
            key="Mahalanobis1936",
            authors="P. C. Mahalanobis",
            title="On the generalised distance in statistics",
            year=1936,
            where="Proc. Natl. Inst. Sci. India 2, 49-55",
        ),
        family="classical",
        maturity="stable",
        weights="positive",
    )
    stores: ClassVar = (MahalanobisScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> MahalanobisScorer:
        batch, x = self.training_events(source)
        standardiser = Standardiser.of(x, batch.weight)
        values, vectors = standardiser.principal_axes(x, batch.weight)
        whitening = vectors / np.sqrt(np.maximum(values, _FLOOR * max(values[-1], _FLOOR)))
        return MahalanobisScorer(standardiser, whitening.astype(float_dtype()))
