"""What is read of state vectors and density matrices in JAX: fidelities and expectations."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from strangeness.core.estimators import float_dtype
from strangeness.quantum.entangling import bits
from strangeness.quantum.readout import PauliStrings, Trash
from strangeness.quantum.references import LearnedProduct
from strangeness.quantum.su2 import complex_dtype, phase, square


def read(readout: Trash | PauliStrings, state: Complex[Array, " z"], reference: Any) -> Float[Array, " k"]:
    """What is read (k,) of one state (2^n,); ``reference`` (t, 2) are the angles of a learned one."""
    if isinstance(readout, PauliStrings):
        return jnp.stack([expectation_of(text, state) for text in readout.strings])
    probabilities, states = reference_states(readout, reference)
    overlaps = jnp.conj(states) @ trash_first(state, readout.qubits)
    return jnp.sum(probabilities * jnp.sum(square(overlaps), axis=1))[None]


def trash_first(state: Array, trash: tuple[int, ...]) -> Array:
    """A state as a matrix (2^t, 2^(n - t)), rows for the trash qubits."""
    qubits = state.size.bit_length() - 1
    tensor = jnp.moveaxis(state.reshape((2,) * qubits), trash, range(len(trash)))
    return tensor.reshape(2 ** len(trash), -1)


def reference_states(readout: Trash, angles: Any) -> tuple[Array, Array]:
    """Probabilities (r,) and states (r, 2^t) of a reference; ``angles`` (t, 2) are those of a learned one."""
    if not isinstance(readout.state, LearnedProduct):
        probabilities, states = readout.state.arrays()
        return jnp.asarray(probabilities, float_dtype()), jnp.asarray(states, complex_dtype())
    alpha, beta = angles[:, 0], angles[:, 1]
    each = jnp.stack([jnp.cos(alpha / 2) * phase(-beta / 2), jnp.sin(alpha / 2) * phase(beta / 2)], axis=1)
    state = each[0]
    for qubit in each[1:]:
        state = jnp.kron(state, qubit)
    return jnp.ones(1, float_dtype()), state[None]


def _pauli(text: str) -> tuple[NDArray[Any], NDArray[Any]]:
    """Where a Pauli string takes each basis state (2^n,), and by which phase: P |i> = phase[i] |to[i]>."""
    qubits = len(text)
    values = bits(qubits)
    flips = sum(1 << (qubits - 1 - q) for q, letter in enumerate(text) if letter in "XY")
    odd = sum((values[q] for q, letter in enumerate(text) if letter in "YZ"), np.zeros(2**qubits, np.int8))
    return np.arange(2**qubits) ^ flips, 1j ** text.count("Y") * (1 - 2 * (odd % 2))


def expectation_of(text: str, rho: Array) -> Array:
    """Tr(P rho) of a Pauli string for a density matrix (2^n, 2^n), or <P> for a state (2^n,)."""
    to, phase = _pauli(text)
    index, factor = np.arange(len(to)), jnp.asarray(phase, complex_dtype())
    if rho.ndim == 1:
        return jnp.real(jnp.sum(jnp.conj(rho[to]) * factor * rho))
    return jnp.real(jnp.sum(factor * rho[index, to]))
