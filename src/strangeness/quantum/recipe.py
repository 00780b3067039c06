"""A circuit by names and numbers, as an artefact can hold it; what cannot be made is refused when read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import lru_cache

import equinox as eqx
import numpy as np

from strangeness.core.errors import InputError, nearest
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.embeddings import embedded, patch_circuit
from strangeness.quantum.readout import Trash, last
from strangeness.quantum.references import (
    LearnedProduct,
    Reference,
    entangled,
    maximally_mixed,
    random_product,
    zero,
)

_MOST_QUBITS = 24

REFERENCES: dict[str, Callable[[int, int], Reference | LearnedProduct]] = {
    "zero": lambda qubits, seed: zero(qubits),
    "product": lambda qubits, seed: random_product(qubits, np.random.default_rng(seed)),
    "entangled": lambda qubits, seed: entangled(qubits),
    "mixed": lambda qubits, seed: maximally_mixed(qubits),
    "learned": lambda qubits, seed: LearnedProduct(qubits),
}
"""Name -> reference of so many qubits, the random product drawn from the seed.

The maximally mixed state has the same fidelity with all others: a control that can learn nothing.
"""


class Recipe(eqx.Module):
    """The settings of a circuit whose last qubits are trash.

    Attributes:
        embedding: a name in ``embeddings.EMBEDDINGS``, or "patches" of an image.
        features: of an event.
        qubits: of the circuit.
        layers: of the circuit.
        trash: number of trash qubits.
        topology: of the entanglers.
        gate: of the entanglers.
        reference: a name in ``REFERENCES``.
        seed: of a random reference.
        image: height and width of an image; (0, 0) for features.
        patch: height and width of a patch; (0, 0) for features.
    """

    embedding: str = eqx.field(static=True)
    features: int = eqx.field(static=True)
    qubits: int = eqx.field(static=True)
    layers: int = eqx.field(static=True)
    trash: int = eqx.field(static=True)
    topology: str = eqx.field(static=True, default="ring")
    gate: str = eqx.field(static=True, default="CNOT")
    reference: str = eqx.field(static=True, default="zero")
    seed: int = eqx.field(static=True, default=0)
    image: tuple[int, int] = eqx.field(static=True, default=(0, 0))
    patch: tuple[int, int] = eqx.field(static=True, default=(0, 0))

    def __check_init__(self) -> None:
        if self.reference not in REFERENCES:
            raise InputError(f"unknown reference {self.reference!r}", nearest(self.reference, REFERENCES))
        if not 1 <= self.qubits <= _MOST_QUBITS:
            raise InputError(f"a circuit of {self.qubits} qubits", f"Give 1 to {_MOST_QUBITS}.")
        if not 0 < self.trash < self.qubits:
            raise InputError(f"{self.trash} trash qubits of {self.qubits} qubits", "Give fewer, 1 or more.")
        if self.circuit.qubits != self.qubits:
            raise InputError(f"{self.circuit.qubits} patches on {self.qubits} qubits", "Give one a qubit.")

    @property
    def circuit(self) -> Circuit:
        """The circuit, made once for equal recipes."""
        return _circuit(*(getattr(self, one.name) for one in fields(self)))


@lru_cache(maxsize=128)
def _circuit(
    embedding: str,
    features: int,
    qubits: int,
    layers: int,
    trash: int,
    topology: str,
    gate: str,
    reference: str,
    seed: int,
    image: tuple[int, int],
    patch: tuple[int, int],
) -> Circuit:
    readout = Trash(last(trash, qubits), REFERENCES[reference](trash, seed))
    if embedding == "patches":
        return patch_circuit(image, patch, layers, readout, topology=topology, gate=gate)
    return embedded(embedding, features, qubits, layers, readout, topology=topology, gate=gate)
