"""One-class scores of a quantum kernel: how little a state has in common with those of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.core.identity import uniform
from strangeness.quantum.engines import state
from strangeness.quantum.kernel_observable import (
    leverage_observable,
    mean_observable,
    vector_machine_observable,
)
from strangeness.quantum.recipe import Recipe
from strangeness.quantum.scaling import AngleScaling

_BLOCK = 256
CRITERIA = ("svm", "mean", "mahalanobis")


class QuantumKernelScorer(Scorer):
    """The expectation of a Hermitian observable in the state of an event."""

    scaling: AngleScaling
    recipe: Recipe
    real: Float[Any, "z z"]
    imaginary: Float[Any, "z z"]

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.recipe.features,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        circuit = self.recipe.circuit
        psi = state(circuit, np.zeros(circuit.parameters, float_dtype()), self.scaling(jnp.asarray(x)))
        re, im = jnp.real(psi), jnp.imag(psi)
        symmetric = jnp.sum((re @ self.real) * re + (im @ self.real) * im, axis=1)
        return symmetric + 2.0 * jnp.sum((im @ self.imaginary) * re, axis=1)


def _states(recipe: Recipe, angles: NDArray[Any]) -> NDArray[Any]:
    """States (n, z) of angles (n, d), in blocks of one size: one program serves every number of rows."""
    circuit, padded = recipe.circuit, np.resize(angles, (-(-len(angles) // _BLOCK) * _BLOCK, angles.shape[1]))
    none = np.zeros(circuit.parameters)
    blocks = [state(circuit, none, padded[i : i + _BLOCK]) for i in range(0, len(padded), _BLOCK)]
    return np.concatenate([np.asarray(block, np.complex128) for block in blocks])[: len(angles)]


@dataclass
class QuantumKernel(Detector):
    """One-class scores of the kernel |<psi(x)|psi(y)>|^2 of a fixed feature map (arXiv:2301.10780).

    Features are mapped to angles in [0, pi / layers] by a scaling that is fitted on the training events, and
    uploaded as they are in every layer. All scores are expectations of one observable, so no training event
    is kept. ``entangler = "none"`` leaves a product of kernels of single qubits: the control without
    entanglement.

    Attributes:
        qubits: of the feature map; None for one a feature, 2 to 6. More features are dealt to the qubits.
        layers: uploads; with one layer the entangler has no effect on the kernel.
        entangler: "ring", "linear", "all-to-all", "star", "brick-wall" or "none".
        gate: "CNOT" or "CZ".
        criterion: "svm", one-class support vector machine; "mean", one less the mean kernel; "mahalanobis",
            the squared distance under the mean state.
        nu: of the support vector machine: most training events outside.
        ridge: added to the mean state for "mahalanobis".
        scaling: "logistic", "range" or "none" (features are angles already).
        max_reference: training events of the support vector machine, chosen by identity.
    """

    qubits: int | None = None
    layers: int = 2
    entangler: str = "ring"
    gate: str = "CNOT"
    criterion: str = "svm"
    nu: float = 0.1
    ridge: float = 1e-2
    scaling: str = "logistic"
    max_reference: int = 1000

    card: ClassVar[MethodCard] = MethodCard(
        name="quantum-kernel",
        summary="one-class score of the overlaps of states with those of the reference",
        citation=Citation(
            key="Wozniak2023",
            authors="V. Belis, K. A. Wozniak, E. Puljak, P. Barkoutsos, G. Dissertori and others",
            title="Quantum anomaly detection in the latent space of proton collision events at the LHC",
            year=2023,
            where="Commun. Phys. 7, 334 (2024), arXiv:2301.10780",
        ),
        family="quantum",
        weights="positive",
    )
    stores: ClassVar = (QuantumKernelScorer, Recipe, AngleScaling)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> QuantumKernelScorer:
        """The scorer.

        Raises:
            InputError: for names that are unknown, a gate with trained angles, or numbers out of range.
        """
        if self.criterion not in CRITERIA:
            raise InputError(
                f"'criterion' of {self.card.name} is {self.criterion!r}", nearest(self.criterion, CRITERIA)
            )
        if self.max_reference < 2:
            raise InputError(
                f"'max_reference' of {self.card.name} is {self.max_reference}", "Give 2 or more."
            )
        batch, x = self.training_events(source)
        recipe = self.recipe(x.shape[1])
        scaling = AngleScaling.of(x, batch.weight, self.scaling, width=np.pi / self.layers)
        kept = batch.weight > 0
        if self.criterion == "svm":
            kept &= uniform(batch.id, "quantum kernel") <= self._cut(batch.id[kept])
        states = _states(recipe, scaling(x[kept].astype(float_dtype()), np))
        observable = self._observable(states, batch.weight[kept])
        real, imaginary = (np.asarray(part(observable), float_dtype()) for part in (np.real, np.imag))
        return QuantumKernelScorer(scaling, recipe, real, imaginary)

    def recipe(self, features: int) -> Recipe:
        """The feature map for so many features."""
        qubits = self.qubits or min(max(features, 2), 6)
        recipe = Recipe("fixed", features, qubits, self.layers, 1, self.entangler, self.gate)
        if recipe.circuit.parameters:
            raise InputError(
                f"'gate' of {self.card.name} is {self.gate!r}, whose angles are trained", "Give CNOT or CZ."
            )
        return recipe

    def _cut(self, id: NDArray[np.uint32]) -> float:
        """The value of the hash up to which events are kept."""
        values = np.sort(uniform(id, "quantum kernel"))
        return float(values[min(self.max_reference, len(values)) - 1])

    def _observable(self, states: NDArray[Any], weight: NDArray[Any]) -> NDArray[Any]:
        if self.criterion == "mean":
            return mean_observable(states, weight)
        if self.criterion == "mahalanobis":
            return leverage_observable(states, weight, self.ridge)
        return vector_machine_observable(states, weight, self.nu)
