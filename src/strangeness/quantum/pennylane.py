"""The bridge to PennyLane: any circuit as a tape, on any device. The package is loaded inside functions."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from strangeness.core.errors import InputError, MissingDependency
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.gates import Gate, gates_of
from strangeness.quantum.readout import PauliStrings
from strangeness.quantum.reference_simulation import density_of
from strangeness.quantum.references import LearnedProduct

_NAMES = {"RZZ": "IsingZZ", "H": "Hadamard", "State": "StatePrep"}
"""Our names of gates that PennyLane calls otherwise."""
_PACKAGES = {"lightning": "pennylane-lightning", "qiskit": "pennylane-qiskit", "cirq": "pennylane-cirq"}


def pennylane() -> Any:
    """The module.

    Raises:
        MissingDependency: when it is not installed.
    """
    try:
        import pennylane as qml
    except ImportError as error:
        raise MissingDependency("pennylane", "quantum") from error
    return qml


def device_called(name: str, qubits: int, **options: Any) -> Any:
    """A PennyLane device by its name, such as "default.qubit" or "lightning.qubit".

    Raises:
        InputError: for an unknown name, or a device whose own package is not installed, with the command.
        MissingDependency: when PennyLane is not installed.
    """
    qml = pennylane()
    try:
        return qml.device(name, wires=qubits, **options)
    except (qml.exceptions.DeviceError, ImportError, AttributeError) as error:
        package = _PACKAGES.get(name.partition(".")[0])
        install = f"pip install {package}" if package else "pip install of the package that provides it"
        raise InputError(
            f"unknown engine or device '{name}'",
            f"Take 'auto', 'kernel', 'jax', 'numpy' or a PennyLane device; if it is missing: {install}.",
        ) from error


def queue(gate: Gate) -> Any:
    """The PennyLane operator of a gate, put on the tape that is being recorded."""
    qml = pennylane()
    operator, wires = getattr(qml, _NAMES.get(gate.name, gate.name)), list(gate.qubits)
    if gate.name == "State":
        return operator(np.asarray(gate.angles, np.complex128), wires=wires)
    return operator(*gate.angles, wires=wires)


def measurements(circuit: Circuit, parameters: Any) -> list[Any]:
    """What is read, as PennyLane measurements."""
    qml, readout = pennylane(), circuit.readout
    if isinstance(readout, PauliStrings):
        return [qml.expval(qml.pauli.string_to_pauli_word(text)) for text in readout.strings]
    wires = list(readout.qubits)
    zeros = np.zeros(len(wires), int)
    if isinstance(readout.state, LearnedProduct):
        angles = parameters[len(parameters) - readout.parameters :]
        for index, wire in enumerate(wires):
            qml.RZ(-angles[2 * index + 1], wires=wire)
            qml.RY(-angles[2 * index], wires=wire)
        return [qml.expval(qml.Projector(zeros, wires=wires))]
    sigma = density_of(readout.state, parameters)
    if abs(sigma[0, 0] - 1.0) < 1e-12:
        return [qml.expval(qml.Projector(zeros, wires=wires))]
    return [qml.expval(qml.Hermitian(sigma, wires=wires))]


def tape(circuit: Circuit, parameters: Any, x: Any) -> Any:
    """The ``QuantumScript`` of one event (d,): gates and measurements."""
    qml = pennylane()
    with qml.queuing.AnnotatedQueue() as recorded:
        _program(circuit, parameters, x)
    return qml.tape.QuantumScript.from_queue(recorded)


def qnode(
    circuit: Circuit,
    device: str = "default.qubit",
    *,
    diff_method: str = "best",
    shots: int | None = None,
    **options: Any,
) -> Any:
    """The circuit as a QNode: a function of parameters (p,) and one event (d,) that returns what is read.

    Args:
        circuit: any circuit.
        device: name of a PennyLane device.
        diff_method: "adjoint", "parameter-shift", "backprop" or what else the device allows.
        shots: None for exact values.
        options: of the device.

    Raises:
        InputError: for an unknown or missing device.
        MissingDependency: when PennyLane is not installed.
    """
    qml = pennylane()
    made = device_called(device, circuit.qubits, **options)

    def program(parameters: Any, x: Any) -> Any:
        return tuple(_program(circuit, parameters, x))

    return qml.QNode(program, made, diff_method=diff_method, shots=shots)


def readings(circuit: Circuit, parameters: Any, x: Any, *, device: str) -> Any:
    """What is read of events (B, d) on a device, one after the other: (B, k)."""
    node = qnode(circuit, device)
    return np.array([[float(value) for value in node(parameters, event)] for event in np.asarray(x)])


def _program(circuit: Circuit, parameters: Any, x: Any) -> list[Any]:
    reduce(lambda _, gate: queue(gate), gates_of(circuit, parameters, x), None)
    return measurements(circuit, parameters)
