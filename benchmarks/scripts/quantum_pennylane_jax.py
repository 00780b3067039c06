"""PennyLane's default.qubit in JAX, jitted and vectorised over events."""

import pennylane as qml
from exchange import inputs, reply
from quantum_common import measure

arguments, arrays = inputs()
layers, n = arrays["weight"].shape[:2]
trash = range(arguments["trash"])


@qml.qnode(qml.device("default.qubit", wires=n), interface="jax", diff_method="backprop")
def probability(matrices):
    for layer in range(layers):
        for qubit in range(n):
            qml.QubitUnitary(matrices[layer, qubit], wires=qubit)
        for qubit in range(n):
            qml.CNOT(wires=[qubit, (qubit + 1) % n])
    return qml.probs(wires=list(trash))


values = measure(lambda matrices: probability(matrices)[0], arrays, arguments["repetitions"])
reply({**values, "version": qml.__version__})
