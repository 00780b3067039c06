"""Density matrices against PennyLane's default.mixed, with the channels put behind the same gates."""

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.quantum import Circuit, PauliStrings, Trash, embedded, fidelity
from strangeness.quantum.gates import gates_of
from strangeness.quantum.noise import Noise, noisy_readings
from strangeness.quantum.pennylane import measurements, pennylane, queue
from strangeness.quantum.references import maximally_mixed, random_product
from tests.quantum.circuits import drawn, free_circuits, seeds

shares = st.sampled_from([0.0, 0.02, 0.3])


def _on_default_mixed(circuit: Circuit, parameters: Any, event: Any, noise: Noise) -> Any:
    """Channels behind the last rotation of a qubit in a layer and behind each entangling gate."""
    qml = pennylane()
    gates = list(gates_of(circuit, parameters, event))
    following = [gate.qubits for gate in gates[1:]] + [()]

    def program() -> Any:
        for gate, then in zip(gates, following, strict=True):
            queue(gate)
            if gate.name == "State" or (len(then) == 1 and then == gate.qubits):
                continue
            for qubit in gate.qubits:
                qml.DepolarizingChannel(noise.depolarising, wires=qubit)
                qml.AmplitudeDamping(noise.damping, wires=qubit)
        if noise.readout:
            for qubit in range(circuit.qubits):
                qml.BitFlip(noise.readout, wires=qubit)
        return tuple(measurements(circuit, parameters))

    return qml.QNode(program, qml.device("default.mixed", wires=circuit.qubits))()


@pytest.mark.usefixtures("x64")
@settings(max_examples=3)
@given(free_circuits(), shares, shares, seeds)
def test_it_agrees_with_default_mixed(circuit: Circuit, p: float, gamma: float, seed: int) -> None:
    noise = Noise(depolarising=p, damping=gamma)
    # Without an entangler the rotations of two layers are neighbours in the list of gates.
    assume(circuit.layers and all(layer.entangler.pairs for layer in circuit.layers))
    parameters, x = drawn(circuit, seed, events=1)
    theirs = _on_default_mixed(circuit, parameters, x[0], noise)
    ours = np.asarray(noisy_readings(circuit, parameters, x, noise))[0]
    assert ours == pytest.approx(np.array(theirs, float), abs=1e-10)


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("readout", [Trash((2, 0)), PauliStrings(("ZIZ", "IIZ"))], ids=["trash", "pauli"])
def test_flipped_bits_agree_with_default_mixed(readout: Any) -> None:
    """For what is diagonal in the measured bits, flipping them is a bit flip before the measurement."""
    circuit = embedded("angle", 3, 3, 2, readout, gate="CZ")
    parameters, x = drawn(circuit, 5, events=1)
    noise = Noise(depolarising=0.01, damping=0.05, readout=0.04)
    theirs = _on_default_mixed(circuit, parameters, x[0], noise)
    ours = np.asarray(noisy_readings(circuit, parameters, x, noise))[0]
    assert ours == pytest.approx(np.array(theirs, float), abs=1e-10)


def test_without_noise_it_is_the_state_and_full_depolarising_leaves_nothing() -> None:
    circuit = embedded("amplitude", 3, 2, 1, Trash((1,)), topology="none")
    parameters, x = drawn(circuit, 1, events=3)
    clean = np.asarray(noisy_readings(circuit, parameters, x, Noise()))[:, 0]
    assert clean == pytest.approx(fidelity(circuit, parameters, x, engine="numpy"), abs=1e-5)
    # p = 3/4 is the completely depolarising channel: every state becomes I / 2.
    lost = noisy_readings(circuit, parameters, x, Noise(depolarising=0.75))
    assert np.asarray(lost) == pytest.approx(0.5, abs=1e-5)


@pytest.mark.parametrize("setting", ["depolarising", "damping", "readout"])
def test_probabilities_are_probabilities(setting: str) -> None:
    with pytest.raises(InputError, match=f"'{setting}' of the noise is -0.1"):
        Noise(**{setting: -0.1})


def test_flipped_bits_need_a_reference_that_is_read_bit_by_bit(rng: np.random.Generator) -> None:
    for reference in (random_product(1, rng), maximally_mixed(1)):
        circuit = embedded("angle", 2, 2, 1, Trash((0,), reference))
        with pytest.raises(InputError, match=r"read-out error of 0\.1 with a reference"):
            noisy_readings(circuit, np.zeros(6), [[0.0, 0.0]], Noise(readout=0.1))


def test_density_matrices_that_do_not_fit_are_refused() -> None:
    circuit = embedded("reupload", 2, 24, 1, Trash((0,)))
    with pytest.raises(InputError, match="24 qubits need 6 PiB"):
        noisy_readings(circuit, np.zeros(circuit.parameters), [[0.0, 0.0]], Noise(damping=0.1))
