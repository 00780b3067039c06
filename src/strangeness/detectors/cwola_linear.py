"""Classification without labels by Fisher's linear discriminant: the fastest that learns from data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import DATA, Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.core.weights import balanced
from strangeness.nn import Standardiser

_FLOOR = 1e-6  # smallest eigenvalue of the covariance kept, against its largest


class FisherScorer(Scorer):
    """The projection of the standardised features on Fisher's direction."""

    standardiser: Standardiser
    direction: Float[Any, " d"]

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.direction.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return jnp.sum(self.standardiser(x) * self.direction, axis=1)


@dataclass
class CWoLaLinear(Detector):
    """Data against reference by the linear discriminant of Fisher (1936): C^-1 (mean_data - mean_reference).

    C is the covariance within the two samples, which get the same total weight. For Gaussian samples with one
    covariance this is the best score there is; it takes microseconds to fit, so that a whole search can be
    repeated thousands of times (``LabelExchange``).
    """

    card: ClassVar[MethodCard] = MethodCard(
        name="cwola-linear",
        summary="Fisher's linear discriminant of data against reference, without labels",
        citation=Citation(
            key="Fisher1936",
            authors="R. A. Fisher",
            title="The use of multiple measurements in taxonomic problems",
            year=1936,
            where="Annals of Eugenics 7, 179-188",
        ),
        family="classical",
        needs=("reference", "data"),
        weights="positive",
    )
    stores: ClassVar = (FisherScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> FisherScorer:
        batch, x = self.training_events(source)
        weight, label = balanced(batch, self.card.name), batch.sample == DATA
        standardiser = Standardiser.of(x, weight)
        z = np.asarray(standardiser(x), np.float64)
        direction = fisher_direction(z, label, weight)
        return FisherScorer(standardiser, direction.astype(float_dtype()))


def fisher_direction(
    x: NDArray[np.float64], label: NDArray[np.bool_], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """C^-1 (mean of the labelled - mean of the others) (d,) of rows (n, d); directions without spread count
    as little as the floor of the eigenvalues allows."""
    means = [np.average(x[chosen], axis=0, weights=weight[chosen]) for chosen in (~label, label)]
    centred = x - np.where(label[:, None], means[1], means[0])
    covariance = (centred * weight[:, None]).T @ centred / weight.sum()
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values, _FLOOR * max(float(values[-1]), _FLOOR))
    return vectors @ ((vectors.T @ (means[1] - means[0])) / values)
