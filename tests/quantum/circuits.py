"""Random circuits of every family, small enough that any simulator follows."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from strangeness.quantum import EMBEDDINGS, TOPOLOGIES, Circuit, LearnedProduct, PauliStrings, Trash, embedded
from strangeness.quantum.circuit import AXES, TRAINED, Angle, Layer, Rotation
from strangeness.quantum.entanglers import GATES, entangler
from strangeness.quantum.references import (
    Reference,
    entangled,
    maximally_mixed,
    mixed,
    random_product,
    zero,
)

REFERENCES = ("zero", "product", "entangled", "mixed", "maximally mixed", "learned")
seeds = st.integers(0, 2**32 - 1)


def reference(kind: str, qubits: int, rng: np.random.Generator) -> Reference | LearnedProduct:
    """A reference by its kind."""
    if kind == "mixed":
        return mixed([random_state(qubits, rng) for _ in range(3)], rng.dirichlet(np.ones(3)))
    if kind == "product":
        return random_product(qubits, rng)
    made: dict[str, Any] = {
        "zero": zero,
        "entangled": entangled,
        "maximally mixed": maximally_mixed,
        "learned": LearnedProduct,
    }
    return made[kind](qubits)


def random_state(qubits: int, rng: np.random.Generator) -> NDArray[np.complex128]:
    """A state (2^n,) drawn evenly."""
    state = rng.normal(size=2**qubits) + 1j * rng.normal(size=2**qubits)
    return state / np.linalg.norm(state)


@st.composite
def readouts(draw: Any, qubits: int) -> Trash | PauliStrings:
    """Trash qubits in any order with any reference, or Pauli strings."""
    if draw(st.booleans()):
        letters = st.text("IXYZ", min_size=qubits, max_size=qubits)
        return PauliStrings(tuple(draw(st.lists(letters, min_size=1, max_size=3))))
    trash = draw(st.permutations(range(qubits)))[: draw(st.integers(1, qubits - 1))]
    kind, rng = draw(st.sampled_from(REFERENCES)), np.random.default_rng(draw(seeds))
    return Trash(tuple(trash), reference(kind, len(trash), rng))


@st.composite
def named_circuits(draw: Any) -> Circuit:
    """Circuits of every embedding, topology and entangling gate."""
    qubits = draw(st.integers(2, 4))
    embedding = draw(st.sampled_from(sorted(EMBEDDINGS)))
    features = {"reupload": draw(st.integers(1, 9)), "parallel": 2 - qubits % 2, "amplitude": 2**qubits - 1}
    return embedded(
        embedding,
        features.get(embedding, qubits),
        qubits,
        draw(st.integers(1, 3)),
        draw(readouts(qubits)),
        topology=draw(st.sampled_from(sorted(TOPOLOGIES))),
        gate=draw(st.sampled_from(sorted(GATES))),
    )


@st.composite
def angles(draw: Any, features: int) -> Angle:
    """Angles with and without a feature, trained or not."""
    number = st.one_of(st.just(TRAINED), st.sampled_from([0.0, 1.0, -0.7, np.pi]))
    feature = draw(st.one_of(st.none(), st.integers(0, features - 1)))
    return Angle(feature, draw(number), draw(number))


@st.composite
def free_circuits(draw: Any) -> Circuit:
    """Layers that share nothing: any rotations, another entangler in each."""
    qubits, features = draw(st.integers(2, 3)), 3

    def rotation() -> Rotation:
        axis = draw(st.sampled_from(sorted(AXES)))
        return Rotation(axis, tuple(draw(angles(features)) for _ in range(AXES[axis])))

    def layer() -> Layer:
        encoder = tuple(tuple(rotation() for _ in range(draw(st.integers(0, 2)))) for _ in range(qubits))
        topology, gate = draw(st.sampled_from(sorted(TOPOLOGIES))), draw(st.sampled_from(sorted(GATES)))
        return Layer(encoder, entangler(topology, qubits, gate))

    layers = tuple(layer() for _ in range(draw(st.integers(0, 2))))
    return Circuit(qubits, features, layers, draw(readouts(qubits)))


circuits = st.one_of(named_circuits(), free_circuits())


def drawn(circuit: Circuit, seed: int, events: int = 2) -> tuple[NDArray[Any], NDArray[Any]]:
    """Parameters (p,) and events (B, d) inside the span of every embedding."""
    rng = np.random.default_rng(seed)
    return rng.uniform(-np.pi, np.pi, circuit.parameters), rng.uniform(-3, 3, (events, circuit.features))
