"""TensorCircuit-NG in JAX: a scan over layers, jitted and vectorised over events."""

import jax
import jax.numpy as jnp
import tensorcircuit as tc
from exchange import inputs, reply
from quantum_common import measure

tc.set_backend("jax")
tc.set_dtype("complex64")
arguments, arrays = inputs()
n = arrays["weight"].shape[1]


def layer(state, matrices):
    circuit = tc.Circuit(n, inputs=state)
    for qubit in range(n):
        circuit.unitary(qubit, unitary=matrices[qubit])
    for qubit in range(n):
        circuit.cnot(qubit, (qubit + 1) % n)
    return circuit.state(), None


def probability(matrices):
    start = jnp.zeros(2**n, jnp.complex64).at[0].set(1.0)
    state, _ = jax.lax.scan(layer, start, matrices)
    return jnp.sum(jnp.abs(state[: 2 ** (n - arguments["trash"])]) ** 2)


reply({**measure(probability, arrays, arguments["repetitions"]), "version": tc.__version__})
