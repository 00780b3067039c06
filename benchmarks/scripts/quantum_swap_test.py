"""The published way: PennyLane lightning.qubit, SWAP test, adjoint differentiation, one event at a time."""

import statistics
import time

import pennylane as qml
from exchange import inputs, reply
from pennylane import numpy as np

arguments, arrays = inputs()
layers, n, rotations, _ = arrays["weight"].shape
k = arguments["trash"]
ancilla = n + k


@qml.qnode(qml.device("lightning.qubit", wires=n + k + 1), diff_method="adjoint")
def fidelity(angles):
    for layer in range(layers):
        for qubit in range(n):
            for g in range(rotations):
                qml.Rot(*angles[layer, qubit, g], wires=qubit)
        for qubit in range(n):
            qml.CNOT(wires=[qubit, (qubit + 1) % n])
    qml.Hadamard(wires=ancilla)
    for qubit in range(k):
        qml.CSWAP(wires=[ancilla, qubit, n + qubit])
    qml.Hadamard(wires=ancilla)
    return qml.expval(qml.PauliZ(ancilla))


def step(event):
    angles = np.array(arrays["bias"] + arrays["weight"] * event[None], requires_grad=True)
    gradient = qml.grad(fidelity)
    by_bias = gradient(angles)
    return gradient.forward, by_bias, by_bias * event[None]


values, times = [], []
for event in arrays["x"]:
    start = time.process_time()
    values.append(float(step(event)[0]))
    times.append(time.process_time() - start)
reply({"values": values, "seconds": statistics.median(times), "version": qml.__version__})
