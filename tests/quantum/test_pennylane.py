"""Circuits on PennyLane's devices: scored, trained by two rules, sampled; what is missing is named."""

import sys
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError, MissingDependency
from strangeness.quantum import LearnedProduct, Trash, embedded, readings
from strangeness.quantum.pennylane import pennylane, qnode, tape
from tests.quantum.circuits import drawn


@pytest.mark.parametrize("method", ["parameter-shift", "adjoint", "backprop"])
def test_gradients_on_a_device_agree_with_ours(method: str) -> None:
    """What training on a device needs: the gradient of the QNode in PennyLane's own arrays."""
    import jax

    qml = pennylane()
    circuit = embedded("reupload", 2, 2, 1, Trash((1,), LearnedProduct(1)), gate="CRX")
    parameters, x = drawn(circuit, 3, events=1)
    device = "lightning.qubit" if method == "adjoint" else "default.qubit"
    node = qnode(circuit, device, diff_method=method)
    theirs = qml.grad(lambda p: node(p, x[0])[0])(qml.numpy.array(parameters, requires_grad=True))
    ours = jax.grad(lambda p: readings(circuit, p, x)[0, 0])(np.asarray(parameters, np.float32))
    # Ours in 32 bits behind a dozen gates.
    assert np.asarray(theirs) == pytest.approx(np.asarray(ours), abs=2e-5)


def test_a_tape_holds_the_gates_and_the_shots_are_the_devices() -> None:
    circuit = embedded("angle", 2, 2, 1, Trash((0,)))
    parameters, x = drawn(circuit, 1, events=1)
    names = [operation.name for operation in tape(circuit, parameters, x[0]).operations]
    assert names == ["RX", "Rot", "RX", "Rot", "CNOT"]
    sampled = float(qnode(circuit, shots=2000, seed=1)(parameters, x[0])[0])
    exact = float(readings(circuit, parameters, x, engine="numpy")[0, 0])
    assert sampled == pytest.approx(exact, abs=5 * np.sqrt(0.25 / 2000))


def test_lightning_gives_the_same() -> None:
    circuit = embedded("alternate", 3, 3, 2, Trash((2, 1)), topology="brick-wall", gate="RZZ")
    parameters, x = drawn(circuit, 9)
    ours = readings(circuit, parameters, x, engine="numpy")
    assert readings(circuit, parameters, x, engine="lightning.qubit") == pytest.approx(ours, abs=1e-10)


def test_without_pennylane_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pennylane", None)
    circuit: Any = embedded("angle", 2, 2, 1, Trash((0,)))
    with pytest.raises(MissingDependency, match=r"pip install 'strangeness\[quantum\]'"):
        readings(circuit, np.zeros(6), [[0.0, 0.0]], engine="default.qubit")


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(InputError, match=r"unknown engine or device 'default\.qbit'"):
        qnode(embedded("angle", 2, 2, 1, Trash((0,))), "default.qbit")
