"""The SWAP test as it stands on hardware: an ancilla, the reference in qubits of its own, two Hadamards.

The engines compute the same fidelity without any of these qubits. A printed version of this test without the
Hadamards measures nothing: Z of the ancilla commutes with a controlled swap.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.gates import Gate, gates_of
from strangeness.quantum.readout import Trash
from strangeness.quantum.reference_simulation import density_of, run


class SwapTest(NamedTuple):
    """Gates on the circuit's qubits, then those of the reference, then the ancilla.

    Attributes:
        qubits: number of all of them.
        ancilla: the qubit whose Z is the fidelity, F = <Z> = 2 P(0) - 1.
        gates: in the order in which they act.
    """

    qubits: int
    ancilla: int
    gates: tuple[Gate, ...]


def swap_test(circuit: Circuit, parameters: Any, x: Any) -> SwapTest:
    """The SWAP test of one event (d,): t reference qubits, 2 t for a mixed reference, and one ancilla.

    A mixed reference is one half of a pure state of twice as many qubits.

    Raises:
        InputError: for a circuit without trash qubits.
    """
    readout = circuit.readout
    if not isinstance(readout, Trash):
        raise InputError("a SWAP test of a circuit that reads Pauli strings", "Give it trash qubits.")
    state = purified(density_of(readout.state, parameters))
    first, held = circuit.qubits, len(state).bit_length() - 1
    reference, ancilla = tuple(range(first, first + held)), first + held
    gates = [*gates_of(circuit, parameters, x), Gate("State", reference, tuple(state))]
    gates.append(Gate("H", (ancilla,)))
    gates += [Gate("CSWAP", (ancilla, *pair)) for pair in zip(readout.qubits, reference, strict=False)]
    gates.append(Gate("H", (ancilla,)))
    return SwapTest(ancilla + 1, ancilla, tuple(gates))


def measured(test: SwapTest) -> float:
    """The fidelity that a SWAP test measures, by the reference simulation."""
    probabilities = np.abs(run(test.gates, test.qubits).reshape(-1, 2)) ** 2
    return float(np.sum(probabilities[:, 0]) - np.sum(probabilities[:, 1]))


def purified(sigma: NDArray[Any]) -> NDArray[Any]:
    """Amplitudes of a pure state whose first qubits are in sigma (2^t, 2^t): 2^t of them, or 4^t if mixed."""
    values, vectors = np.linalg.eigh(sigma)
    if values[-1] > 1.0 - 1e-12:
        return vectors[:, -1]
    shares = np.sqrt(np.maximum(values, 0.0))
    state = (vectors * shares).reshape(-1)
    return state / np.linalg.norm(state)
