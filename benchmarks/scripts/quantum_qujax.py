"""qujax: a scan over layers, jitted and vectorised over events."""

from importlib.metadata import version

import jax
import jax.numpy as jnp
import qujax
from exchange import inputs, reply
from quantum_common import measure

arguments, arrays = inputs()
n = arrays["weight"].shape[1]


def gate(ar, ai, br, bi):
    # The library insists on a unitary for any numbers.
    norm = jnp.sqrt(ar**2 + ai**2 + br**2 + bi**2)
    a, b = (ar + 1j * ai) / norm, (br + 1j * bi) / norm
    return jnp.array([[a, -b.conj()], [b, a.conj()]])


gates = [gate] * n + ["CX"] * n
qubits = [[q] for q in range(n)] + [[q, (q + 1) % n] for q in range(n)]
places = [list(range(4 * q, 4 * q + 4)) for q in range(n)] + [[]] * n
apply = qujax.get_params_to_statetensor_func(gates, qubits, places)


def layer(state, matrices):
    a, b = matrices[:, 0, 0], matrices[:, 1, 0]
    return apply(jnp.stack([a.real, a.imag, b.real, b.imag], -1).ravel(), state), None


def probability(matrices):
    start = jnp.zeros((2,) * n, jnp.complex64).at[(0,) * n].set(1.0)
    state, _ = jax.lax.scan(layer, start, matrices)
    return jnp.sum(jnp.abs(state.ravel()[: 2 ** (n - arguments["trash"])]) ** 2)


reply({**measure(probability, arrays, arguments["repetitions"]), "version": version("qujax")})
