"""Principal components: what a linear subspace fitted to the reference cannot reconstruct."""

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


class PCAScorer(Scorer):
    """Squared distance of the standardised event to the principal subspace."""

    standardiser: Standardiser
    components: Float[Any, "d k"]

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.components.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        z = self.standardiser(x)
        return jnp.sum((z - z @ self.components @ self.components.T) ** 2, axis=1)


@dataclass
class PCA(Detector):
    """Reconstruction error of principal components: the linear autoencoder.

    Attributes:
        explained: share of the standardised variance that the kept components reach, in (0, 1); at least one
            direction is always left out, or nothing could be strange.
    """

    explained: float = 0.9

    card: ClassVar[MethodCard] = MethodCard(
        name="pca",
        summary="squared residual outside the reference's principal subspace",
        citation=Citation(
            key="JacksonMudholkar1979",
            authors="J. E. Jackson and G. S. Mudholkar",
            title="Control procedures for residuals associated with principal component analysis",
            year=1979,
            where="Technometrics 21, 341-349",
        ),
        family="classical",
        maturity="stable",
        weights="positive",
    )
    stores: ClassVar = (PCAScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> PCAScorer:
        if not 0 < self.explained < 1:
            raise InputError(f"'explained' of pca is {self.explained}", "Give a share between 0 and 1.")
        batch, x = self.training_events(source)
        standardiser = Standardiser.of(x, batch.weight)
        values, vectors = standardiser.principal_axes(x, batch.weight)
        share = np.cumsum(values[::-1]) / max(np.sum(values), np.finfo(float).tiny)
        keep = min(int(np.searchsorted(share, self.explained)) + 1, x.shape[1] - 1)
        return PCAScorer(standardiser, vectors[:, ::-1][:, :keep].astype(float_dtype()))
