"""Born machine: the density of a matrix-product state, scored by its negative log-likelihood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector, Scorer
from strangeness.core.train import SETTINGS_DEFAULT, Training
from strangeness.tensor_networks.born import BornMachine, born_machine
from strangeness.tensor_networks.feature_maps import (
    FourierMap,
    LearnedMap,
    PolynomialMap,
    SpinMap,
    feature_map,
)
from strangeness.tensor_networks.scaling import UnitScaling
from strangeness.tensor_networks.sweeps import Sweeps
from strangeness.tensor_networks.training import DENSITY, fit_chain


class BornMachineScorer(Scorer):
    """-ln p of the event: of its features' ranks by the state, of each feature by its own distribution."""

    scaling: UnitScaling
    machine: BornMachine

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.scaling.knots.shape[0],)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        marginals = jnp.sum(self.scaling.log_slope(x), axis=1)
        return -self.machine.log_density(self.scaling(x)) - marginals


@dataclass
class BornMachineDetector(Detector):
    """Negative log-likelihood of a matrix-product Born machine (arXiv:1709.01662), linear in the features.

    Features are brought to [0, 1] by the distribution of the training events (quantiles, exponential tails);
    the state models how they hang together, |<state|features>|^2 with an exact norm. The score is -ln of the
    density of the features themselves: outliers are not clipped, since the density of the tails falls on.

    Attributes:
        bond: largest bond dimension; above the exact rank of the chain the rest is not used.
        components: of the feature map.
        feature_map: "spin", "fourier", "polynomial" or "learned", all orthonormal on [0, 1].
        scheme: "sgd", "dmrg" (two-site sweeps, bonds that adapt) or "joint" (both in turns).
        training: settings of the gradients.
        sweeps: settings of the sweeps.
    """

    bond: int = 8
    components: int = 3
    feature_map: str = "spin"
    scheme: Literal["sgd", "dmrg", "joint"] = "sgd"
    training: Training = field(default_factory=lambda: Training(learning_rate=1e-2))
    sweeps: Sweeps = field(default_factory=Sweeps)

    card: ClassVar[MethodCard] = MethodCard(
        name="born-machine",
        summary="negative log-likelihood of a matrix-product state",
        citation=Citation(
            key="Han2018",
            authors="Z.-Y. Han, J. Wang, H. Fan, L. Wang and P. Zhang",
            title="Unsupervised generative modeling using matrix product states",
            year=2018,
            where="Phys. Rev. X 8, 031012, arXiv:1709.01662",
        ),
        family="tensor network",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = (
        BornMachineScorer,
        UnitScaling,
        BornMachine,
        SpinMap,
        FourierMap,
        PolynomialMap,
        LearnedMap,
    )

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> BornMachineScorer:
        batch, x = self.training_events(source)
        scaling = UnitScaling.of(x, batch.weight)
        d = x.shape[1]
        first, second, loop = jax.random.split(key, 3)
        map = feature_map(self.feature_map, self.components, sites=d, key=first, orthonormal=True)
        machine = born_machine(map, d, self.bond, key=second)
        fitted = fit_chain(
            machine,
            DENSITY,
            scaling.on_host(x),
            np.zeros(len(x)),
            batch.id,
            batch.weight,
            self.scheme,
            self.training,
            self.sweeps,
            bond=self.bond,
            key=loop,
            name=self.card.name,
        )
        return BornMachineScorer(scaling, fitted.model)
