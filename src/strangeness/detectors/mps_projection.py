"""Projection by a tensor network: how far from a sphere an operator puts an event unlike its training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import jax
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training, train
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.projection import Projection, projection, sphere_loss
from strangeness.tensor_networks.scaling import UnitScaling


class ProjectionScorer(Scorer):
    """(ln ||P features||^2 - 1)^2 of the ranks of an event's features."""

    scaling: UnitScaling
    projection: Projection

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.scaling.knots.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return self.projection.distance(self.scaling(x))


@dataclass
class MPSProjection(Detector):
    """One-class detection by a matrix-product operator (arXiv:2006.02516), linear in the features.

    The operator maps the product vector of an event to a space with fewer legs. Normal events are brought to
    one length; the penalty on the Frobenius norm keeps the operator small on all that they do not span.
    Features are brought to [0, 1] by the distribution of the training events, without clipping: beyond the
    quantiles the ends of the range are approached exponentially.

    Attributes:
        bond: bond dimension.
        components: of the spin feature map.
        out: dimension of an output leg.
        spacing: sites an output leg; the chain is filled up to a multiple of it with constant sites.
        penalty: weight of the Frobenius norm.
        training: settings of the training loop.
    """

    bond: int = 6
    components: int = 4
    out: int = 2
    spacing: int = 2
    penalty: float = 0.1
    training: Training = field(default_factory=lambda: Training(learning_rate=5e-3))

    card: ClassVar[MethodCard] = MethodCard(
        name="mps-projection",
        summary="distance from a sphere onto which a matrix-product operator maps normal events",
        citation=Citation(
            key="Wang2020",
            authors="J. Wang, C. Roberts, G. Vidal and S. Leichenauer",
            title="Anomaly detection with tensor networks",
            year=2020,
            where="arXiv:2006.02516",
        ),
        family="tensor network",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (ProjectionScorer, UnitScaling, Projection, SpinMap)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> ProjectionScorer:
        batch, x = self.training_events(source)
        scaling = UnitScaling.of(x, batch.weight)
        init, loop = jax.random.split(key)
        model = projection(
            SpinMap(self.components),
            x.shape[1],
            self.bond,
            key=init,
            out=self.out,
            spacing=self.spacing,
            penalty=self.penalty,
        )
        rows, label = scaling.on_host(x), self.card.name
        fitted = train(model, sphere_loss, rows, batch.id, batch.weight, self.training, key=loop, label=label)
        return ProjectionScorer(scaling, fitted.model)
