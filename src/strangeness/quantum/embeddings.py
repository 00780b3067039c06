"""Whole circuits by the name of their embedding: how often, where and beside what an event is uploaded."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from strangeness.core.errors import InputError, nearest
from strangeness.quantum.circuit import Circuit, Encoder, Layer
from strangeness.quantum.encoders import (
    SPAN,
    angle_encoder,
    dealt,
    general_encoder,
    patches,
    then,
    trained_encoder,
    uploading_encoder,
)
from strangeness.quantum.entanglers import Entangler, entangler
from strangeness.quantum.readout import PauliStrings, Trash


def _angle(features: int, qubits: int, layers: int) -> list[Encoder]:
    _one_feature_a_qubit("angle", features, qubits)
    return [then(angle_encoder(range(features)), trained_encoder(qubits)), *_trained(qubits, layers - 1)]


def _reupload(features: int, qubits: int, layers: int) -> list[Encoder]:
    return [general_encoder(dealt(features, qubits), trained=True)] * layers


def _parallel(features: int, qubits: int, layers: int) -> list[Encoder]:
    if qubits % features:
        raise InputError(
            f"a parallel embedding of {features} features on {qubits} qubits",
            f"Give a multiple of {features} qubits: one for each feature and copy.",
        )
    copies = angle_encoder([q % features for q in range(qubits)])
    return [then(copies, trained_encoder(qubits)), *_trained(qubits, layers - 1)]


def _alternate(features: int, qubits: int, layers: int) -> list[Encoder]:
    _one_feature_a_qubit("alternate", features, qubits)
    uploads = [angle_encoder(range(features), axis) for axis in "XY"]
    return [then(uploads[index % 2], trained_encoder(qubits)) for index in range(layers)]


def _fixed(features: int, qubits: int, layers: int) -> list[Encoder]:
    return [general_encoder(dealt(features, qubits), trained=False)] * layers


def _amplitude(features: int, qubits: int, layers: int) -> list[Encoder]:
    return _trained(qubits, layers)


def _trained(qubits: int, layers: int) -> list[Encoder]:
    return [trained_encoder(qubits)] * layers


def _one_feature_a_qubit(name: str, features: int, qubits: int) -> None:
    if features != qubits:
        raise InputError(
            f"the {name} embedding of {features} features on {qubits} qubits",
            f"Give {features} qubits, or take the embedding 'reupload'.",
        )


EMBEDDINGS: dict[str, Callable[[int, int, int], list[Encoder]]] = {
    "angle": _angle,
    "reupload": _reupload,
    "parallel": _parallel,
    "alternate": _alternate,
    "fixed": _fixed,
    "amplitude": _amplitude,
}
"""Name -> the encoder of each layer for (features, qubits, layers).

* angle: RX(x) once, one feature a qubit, then trained rotations;
* reupload: in every layer all features by b + w x, weights and biases trained (arXiv:1907.02085);
* fixed: as reupload with weights 1 and biases 0, for kernels: nothing is trained;
* parallel: as angle, with every feature on several qubits at once;
* alternate: RX(x) and RY(x) in turn, before the trained rotations of every layer;
* amplitude: the features are the amplitudes of the first state.

The names parallel and alternate are those of arXiv:2409.04519, whose abstract defines neither; they are read
here as said.
"""


def embedded(
    embedding: str,
    features: int,
    qubits: int,
    layers: int,
    readout: Trash | PauliStrings,
    *,
    topology: str = "ring",
    gate: str = "CNOT",
) -> Circuit:
    """A circuit with an embedding by name and the same entangler in every layer.

    Args:
        embedding: a name in ``EMBEDDINGS``.
        features: of an event.
        qubits: of the circuit.
        layers: 1 or more.
        readout: trash qubits or Pauli strings.
        topology: a name in ``entanglers.TOPOLOGIES``.
        gate: a name in ``entanglers.GATES``.

    Raises:
        InputError: for an unknown name, or numbers that do not fit together.
    """
    if embedding not in EMBEDDINGS:
        raise InputError(f"unknown embedding {embedding!r}", nearest(embedding, EMBEDDINGS))
    if layers < 1 or qubits < 1:
        raise InputError(f"a circuit of {layers} layers and {qubits} qubits", "Give 1 or more of each.")
    encoders = EMBEDDINGS[embedding](features, qubits, layers)
    amplitudes = embedding == "amplitude"
    return _circuit(encoders, entangler(topology, qubits, gate), features, readout, amplitudes)


def patch_circuit(
    shape: tuple[int, int],
    size: tuple[int, int],
    layers: int,
    readout: Trash | PauliStrings,
    *,
    topology: str = "ring",
    gate: str = "CNOT",
) -> Circuit:
    """Re-uploading of an image, one patch a qubit, all of its pixels in every layer by b + w x.

    Twelve by twelve pixels in patches of 4 x 4 and five layers make 9 qubits and 144 * 2 * 5 = 1440
    parameters (with a gate that has none).

    Args:
        shape: height and width of the image; pixels are the features, row by row.
        size: height and width of a patch.
        layers: uploads, 1 or more.
        readout: trash qubits or Pauli strings.
        topology: a name in ``entanglers.TOPOLOGIES``.
        gate: a name in ``entanglers.GATES``.

    Raises:
        InputError: when the patches do not tile the image, or a name is unknown.
    """
    if layers < 1:
        raise InputError(f"a circuit of {layers} layers", "Give 1 or more.")
    groups = patches(shape, size)
    encoders = [uploading_encoder(groups)] * layers
    return _circuit(encoders, entangler(topology, len(groups), gate), shape[0] * shape[1], readout, False)


def _circuit(
    encoders: Sequence[Encoder],
    between: Entangler,
    features: int,
    readout: Trash | PauliStrings,
    amplitudes: bool,
) -> Circuit:
    layers = tuple(Layer(encoder, between) for encoder in encoders)
    span = None if amplitudes else SPAN
    return Circuit(len(encoders[0]), features, layers, readout, amplitudes, span)
