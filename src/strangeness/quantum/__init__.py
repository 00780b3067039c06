"""The mathematics of layered circuits: states, gradients, noise; knows no detector and no file."""

from strangeness.quantum.circuit import TRAINED, Angle, Circuit, Layer, Rotation
from strangeness.quantum.embeddings import EMBEDDINGS, embedded, patch_circuit
from strangeness.quantum.engines import ENGINES, expectation, fidelity, initial_parameters, readings, state
from strangeness.quantum.entanglers import TOPOLOGIES, Entangler, entangler
from strangeness.quantum.readout import PauliStrings, Trash
from strangeness.quantum.references import LearnedProduct, Reference

__all__ = [
    "EMBEDDINGS",
    "ENGINES",
    "TOPOLOGIES",
    "TRAINED",
    "Angle",
    "Circuit",
    "Entangler",
    "Layer",
    "LearnedProduct",
    "PauliStrings",
    "Reference",
    "Rotation",
    "Trash",
    "embedded",
    "entangler",
    "expectation",
    "fidelity",
    "initial_parameters",
    "patch_circuit",
    "readings",
    "state",
]
