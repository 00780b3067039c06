"""Quantum autoencoder of images: one patch a qubit, all of its pixels uploaded again in every layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import jax
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector
from strangeness.core.train import Training
from strangeness.quantum.autoencoder import STORED, FidelityScorer, fitted
from strangeness.quantum.encoders import patches
from strangeness.quantum.noise import Noise
from strangeness.quantum.recipe import Recipe
from strangeness.quantum.scaling import AngleScaling


@dataclass
class QuantumImageAutoencoder(Detector):
    """The quantum autoencoder on patches of an image with one channel, by data re-uploading.

    With 12 x 12 pixels the defaults make 9 qubits and 144 * 2 * 5 = 1440 parameters; with 40 x 40 pixels,
    which three does not divide, 4 qubits and 16,000. Pixels are scaled to angles in [0, pi] by the brightest
    pixel of the training events; brighter ones count as it.

    Attributes:
        patch: height and width of a patch; patches tile the image, one a qubit. None cuts each side in three,
            or in two where three does not divide it.
        trash: number of trash qubits, the last ones; None for half of the qubits.
        layers: uploads.
        entangler: "ring", "linear", "all-to-all", "star", "brick-wall" or "none".
        gate: "CNOT", "CZ", "RZZ" or "CRX"; the last two are trained.
        reference: of the trash qubits: "zero", "product" (random), "entangled", "learned", or "mixed".
        guard: whether the trained weights of each pixel are kept at root mean square 1 (``quantum.guard``).
        frozen: parameters that are not trained: "" none, "trash" those of trash qubits, "all".
        shots: of a measurement for each score; None for the exact value.
        depolarising: probability of X, Y or Z behind a gate when scoring (``quantum.noise``).
        damping: probability that a 1 decays to 0 behind a gate when scoring.
        flips: probability that a measured bit is read wrongly when scoring; for the reference "zero".
        engine: "auto", "kernel", "jax", or a device of PennyLane such as "lightning.qubit", which then trains
            and scores (``quantum.engines``).
        training: settings of the training loop; its weight decay is not used.
    """

    patch: tuple[int, int] | None = None
    trash: int | None = None
    layers: int = 5
    entangler: str = "ring"
    gate: str = "CNOT"
    reference: str = "zero"
    guard: bool = True
    frozen: str = ""
    shots: int | None = None
    depolarising: float = 0.0
    damping: float = 0.0
    flips: float = 0.0
    engine: str = "auto"
    training: Training = field(
        default_factory=lambda: Training(epochs=20, learning_rate=1e-2, weight_decay=0.0, patience=4, chunk=1)
    )

    card: ClassVar[MethodCard] = MethodCard(
        name="quantum-image-autoencoder",
        summary="infidelity of the trash qubits of a circuit that re-uploads an image",
        citation=Citation(
            key="Ngairangbam2021",
            authors="V. S. Ngairangbam, M. Spannowsky and M. Takeuchi",
            title="Anomaly detection in high-energy physics using a quantum autoencoder",
            year=2021,
            where="Phys. Rev. D 105, 095004 (2022), arXiv:2112.04958",
        ),
        family="quantum",
        input_kind="image",
        weights="positive",
        row_limit=1_000_000,
    )
    stores: ClassVar = STORED

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> FidelityScorer:
        """The trained scorer.

        Raises:
            InputError: for more than one channel, patches that do not tile the image, names that are unknown,
                trash qubits that are not fewer than the qubits, 0 shots, noise that is no probability, or
                density matrices that do not fit the memory.
        """
        batch, x = self.training_events(source)
        height, width, channels = x.shape[1:]
        if channels != 1:
            raise InputError(
                f"{self.card.name} was given images of {channels} channels", "Give one, such as their sum."
            )
        draw, run = jax.random.split(key)
        seed = int(jax.random.bits(draw, dtype=np.uint32)) if self.reference == "product" else 0
        recipe = self.recipe((height, width), seed=seed)
        scaling = AngleScaling.of(x.reshape(len(x), -1), batch.weight, "range", common=True)
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

    def recipe(self, image: tuple[int, int], *, seed: int = 0) -> Recipe:
        """The circuit for images of so many pixels; the seed draws a random reference."""
        tall, wide = self.patch or (_side(image[0]), _side(image[1]))
        patch = (int(tall), int(wide))
        qubits = len(patches(image, patch))
        trash = max(qubits // 2, 1) if self.trash is None else self.trash
        return Recipe(
            "patches",
            image[0] * image[1],
            qubits,
            self.layers,
            trash,
            self.entangler,
            self.gate,
            self.reference,
            seed,
            image,
            patch,
        )


def _side(pixels: int) -> int:
    """The side of a patch when an image is cut in three, two, or not at all."""
    return next(pixels // parts for parts in (3, 2, 1) if pixels % parts == 0)
