"""Quantum autoencoder of features: how far the trash qubits are from the state that training gave them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.estimators import Detector
from strangeness.core.train import SETTINGS_DEFAULT, Training
from strangeness.quantum.autoencoder import STORED, FidelityScorer, fitted
from strangeness.quantum.noise import Noise
from strangeness.quantum.recipe import Recipe
from strangeness.quantum.scaling import AngleScaling


@dataclass
class QuantumAutoencoder(Detector):
    """A layered circuit trained to bring its trash qubits to a reference state (arXiv:2112.04958).

    Features are first mapped to angles in [0, pi] by a scaling that is fitted on the training events
    (``quantum.scaling``). Two controls are settings: ``entangler = "none"`` takes the entanglement away, and
    ``frozen = "trash"`` leaves the rotations of the trash qubits as they were drawn.

    Attributes:
        qubits: of the circuit; None chooses by the embedding: one a feature for "angle" and "alternate", two
            for "parallel", enough for "amplitude", and 2 to 4 for "reupload", which deals the features.
        trash: number of trash qubits, the last ones; None for half of the qubits.
        layers: of the circuit.
        embedding: "reupload", "angle", "parallel", "alternate" or "amplitude" (``quantum.embeddings``).
        entangler: "ring", "linear", "all-to-all", "star", "brick-wall" or "none".
        gate: "CNOT", "CZ", "RZZ" or "CRX"; the last two are trained.
        reference: of the trash qubits: "zero", "product" (random), "entangled", "learned", or "mixed".
        scaling: "logistic", "range" or "none" (features are angles in [-pi, pi] already).
        guard: whether the trained weights of each feature are kept at root mean square 1 (``quantum.guard``).
        frozen: parameters that are not trained: "" none, "trash" those of trash qubits, "all".
        shots: of a measurement for each score; None for the exact value.
        depolarising: probability of X, Y or Z behind a gate when scoring (``quantum.noise``).
        damping: probability that a 1 decays to 0 behind a gate when scoring.
        flips: probability that a measured bit is read wrongly when scoring; for the reference "zero".
        engine: "auto", "kernel", "jax", or a device of PennyLane such as "lightning.qubit", which then trains
            and scores (``quantum.engines``).
        training: settings of the training loop; its weight decay is not used.
    """

    qubits: int | None = None
    trash: int | None = None
    layers: int = 2
    embedding: str = "reupload"
    entangler: str = "ring"
    gate: str = "CNOT"
    reference: str = "zero"
    scaling: str = "logistic"
    guard: bool = True
    frozen: str = ""
    shots: int | None = None
    depolarising: float = 0.0
    damping: float = 0.0
    flips: float = 0.0
    engine: str = "auto"
    training: Training = field(
        default_factory=lambda: Training(epochs=30, learning_rate=3e-2, weight_decay=0.0, patience=5, chunk=4)
    )

    card: ClassVar[MethodCard] = MethodCard(
        name="quantum-autoencoder",
        summary="infidelity of the trash qubits of a trained circuit",
        citation=Citation(
            key="Ngairangbam2021",
            authors="V. S. Ngairangbam, M. Spannowsky and M. Takeuchi",
            title="Anomaly detection in high-energy physics using a quantum autoencoder",
            year=2021,
            where="Phys. Rev. D 105, 095004 (2022), arXiv:2112.04958",
        ),
        family="quantum",
        weights="positive",
        sklearn_failures={"check_parameters_default_constructible": SETTINGS_DEFAULT},
    )
    stores: ClassVar = STORED

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> FidelityScorer:
        """The trained scorer.

        Raises:
            InputError: for names that are unknown, qubits that do not suit the features, trash qubits that
                are not fewer than the qubits, 0 shots, noise that is no probability, density matrices that do
                not fit the memory, or features outside the embedding's range.
        """
        batch, x = self.training_events(source)
        draw, run = jax.random.split(key)
        recipe = self.recipe(x.shape[1], seed=int(jax.random.bits(draw, dtype=np.uint32)))
        scaling = AngleScaling.of(x, batch.weight, self.scaling)
        return fitted(
            recipe,
            scaling,
            batch,
            x,
            self.training,
            key=run,
            label=self.card.name,
            guard=self.guard,
            frozen=self.frozen,
            engine=self.engine,
            shots=self.shots,
            noise=Noise(self.depolarising, self.damping, self.flips),
        )

    def recipe(self, features: int, *, seed: int = 0) -> Recipe:
        """The circuit for so many features; the seed draws a random reference."""
        usual = {
            "angle": features,
            "alternate": features,
            "parallel": 2 * features,
            "amplitude": max((features - 1).bit_length(), 2),
        }
        qubits = self.qubits or usual.get(self.embedding, min(max(features, 2), 4))
        trash = max(qubits // 2, 1) if self.trash is None else self.trash
        return Recipe(
            self.embedding,
            features,
            qubits,
            self.layers,
            trash,
            self.entangler,
            self.gate,
            self.reference,
            seed if self.reference == "product" else 0,
        )
