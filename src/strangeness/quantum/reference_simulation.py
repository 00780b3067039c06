"""A simulation to be read rather than to be fast: NumPy, complex128, one event, one gate at a time."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.gates import Gate, gates_of
from strangeness.quantum.readout import PauliStrings, Trash
from strangeness.quantum.references import LearnedProduct, Reference

Complex = NDArray[Any]
X, Z = np.array([[0, 1], [1, 0]]), np.diag([1, -1])
Y = np.array([[0, -1j], [1j, 0]])
PAULI: dict[str, Complex] = {"I": np.eye(2), "X": X, "Y": Y, "Z": Z}


def turned(pauli: Any, angle: float) -> Complex:
    """exp(-i angle P / 2) of a matrix P with P^2 = 1."""
    return np.cos(angle / 2) * np.eye(len(pauli)) - 1j * np.sin(angle / 2) * pauli


def controlled(unitary: Any) -> Complex:
    """The gate that acts where the qubit before its own is 1."""
    size = len(unitary)
    return np.block([[np.eye(size), np.zeros((size, size))], [np.zeros((size, size)), unitary]])


_SWAP = np.eye(4)[[0, 2, 1, 3]]
_FIXED: dict[str, Complex] = {
    "H": (X + Z) / np.sqrt(2),
    "CNOT": controlled(X),
    "CZ": controlled(Z),
    "CSWAP": controlled(_SWAP),
}
_TURNED = {"RX": X, "RY": Y, "RZ": Z, "RZZ": np.kron(Z, Z)}


def matrix(gate: Gate) -> Complex:
    """The unitary (2^k, 2^k) of a gate on k qubits.

    Raises:
        InputError: for a gate that has none.
    """
    if gate.name in _FIXED:
        return _FIXED[gate.name]
    if gate.name in _TURNED:
        return turned(_TURNED[gate.name], gate.angles[0])
    if gate.name == "Rot":
        phi, theta, omega = gate.angles
        return turned(Z, omega) @ turned(Y, theta) @ turned(Z, phi)
    if gate.name == "CRX":
        return controlled(turned(X, gate.angles[0]))
    raise InputError(f"the gate {gate.name!r} has no matrix", "Use one that 'Gate' names.")


def applied(gate: Gate, state: Complex, qubits: int) -> Complex:
    """A state (2^n,) behind a gate."""
    axes, k = list(gate.qubits), len(gate.qubits)
    tensor = np.moveaxis(state.reshape((2,) * qubits), axes, range(k))
    shape = tensor.shape
    flat = tensor.reshape(2**k, -1)
    flat = np.outer(gate.angles, flat[0]) if gate.name == "State" else matrix(gate) @ flat
    return np.moveaxis(flat.reshape(shape), range(k), axes).reshape(-1)


def run(gates: Iterable[Gate], qubits: int) -> Complex:
    """The state (2^n,) that gates make of |0...0>."""
    start = np.eye(1, 2**qubits, dtype=np.complex128)[0]
    return reduce(lambda state, gate: applied(gate, state, qubits), gates, start)


def reduced(state: Complex, kept: tuple[int, ...], qubits: int) -> Complex:
    """The density matrix (2^k, 2^k) of some qubits of a pure state."""
    rows = np.moveaxis(state.reshape((2,) * qubits), kept, range(len(kept))).reshape(2 ** len(kept), -1)
    return rows @ rows.conj().T


def density_of(reference: Reference | LearnedProduct, parameters: Any) -> Complex:
    """sigma (2^t, 2^t) of a reference; a learned one takes the last of the parameters."""
    if isinstance(reference, LearnedProduct):
        angles = np.reshape(parameters[len(parameters) - reference.parameters :], (-1, 2))
        each = [(turned(Z, beta) @ turned(Y, alpha))[:, 0] for alpha, beta in angles]
        state = reduce(np.kron, each)
        return np.outer(state, state.conj())
    probabilities, states = reference.arrays()
    return np.einsum("r,ra,rb->ab", probabilities, states, states.conj())


def states(circuit: Circuit, parameters: Any, x: Any) -> Complex:
    """States (B, 2^n) behind a circuit for parameters (p,) and events (B, d)."""
    return np.array([run(gates_of(circuit, parameters, event), circuit.qubits) for event in x])


def readings(circuit: Circuit, parameters: Any, x: Any) -> NDArray[np.float64]:
    """What is read of events (B, d): (B, 1) fidelities, or (B, k) expectations of Pauli strings."""
    readout = circuit.readout
    found = [_read(readout, state, circuit.qubits, parameters) for state in states(circuit, parameters, x)]
    return np.array(found).reshape(len(x), readout.outputs)


def _read(readout: Trash | PauliStrings, state: Complex, qubits: int, parameters: Any) -> list[float]:
    if isinstance(readout, Trash):
        rho = reduced(state, readout.qubits, qubits)
        return [float(np.trace(rho @ density_of(readout.state, parameters)).real)]
    strings = [reduce(np.kron, [PAULI[letter] for letter in text]) for text in readout.strings]
    return [float(np.vdot(state, string @ state).real) for string in strings]
