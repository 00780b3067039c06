"""Nearest neighbours: the mean distance to the closest reference events, never counting the event itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import Float, PRNGKeyArray, UInt32

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.identity import as_uint64, uniform
from strangeness.nn import Standardiser


class NearestNeighboursScorer(Scorer):
    """Mean distance to the k nearest reference events with another identity; a host function (k-d tree)."""

    traceable: ClassVar[bool] = False

    standardiser: Standardiser
    reference: Float[Any, "m d"]
    reference_id: UInt32[Any, "m 2"]
    k: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if not 1 <= self.k < len(self.reference):
            raise InputError(f"{self.k} neighbours among {len(self.reference)} events", "Fit it again.")

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.reference.shape[1],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        from scipy.spatial import KDTree

        z = np.asarray(self.standardiser(np.asarray(x, np.float64)))
        distance, index = KDTree(np.asarray(self.reference)).query(z, k=min(self.k + 1, len(self.reference)))
        own = as_uint64(np.asarray(self.reference_id))[index] == as_uint64(np.asarray(id))[:, None]
        distance = np.sort(np.where(own, np.inf, distance), axis=1)[:, : self.k]
        return np.mean(distance, axis=1, where=np.isfinite(distance))


@dataclass
class NearestNeighbours(Detector):
    """Mean Euclidean distance, in standardised features, to the ``k`` nearest reference events.

    Attributes:
        k: neighbours.
        max_reference: reference events kept, chosen by identity.
    """

    k: int = 10
    max_reference: int = 20_000

    card: ClassVar[MethodCard] = MethodCard(
        name="nearest-neighbours",
        summary="mean distance to the k nearest reference events",
        citation=Citation(
            key="AngiulliPizzuti2002",
            authors="F. Angiulli and C. Pizzuti",
            title="Fast outlier detection in high dimensional spaces",
            year=2002,
            where="PKDD 2002, LNCS 2431, 15-27, doi:10.1007/3-540-45681-3_2",
        ),
        family="classical",
        maturity="stable",
    )
    stores: ClassVar = (NearestNeighboursScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> NearestNeighboursScorer:
        if self.max_reference < 2:
            raise InputError(
                f"'max_reference' of nearest-neighbours is {self.max_reference}", "Give 2 or more."
            )
        if self.k < 1:
            raise InputError(f"'k' of nearest-neighbours is {self.k}", "Give 1 or more.")
        batch, x = self.training_events(source)
        kept = np.sort(np.argsort(uniform(batch.id, "neighbours"), kind="stable")[: self.max_reference])
        standardiser = Standardiser.of(x[kept])
        z = np.asarray(standardiser(x[kept]), np.float64)
        return NearestNeighboursScorer(standardiser, z, batch.id[kept], min(self.k, len(kept) - 1))
