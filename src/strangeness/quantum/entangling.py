"""Entanglers acting on state vectors in JAX: a gather, a sign, a phase, or pair by pair."""

from __future__ import annotations

from functools import lru_cache

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from strangeness.core.estimators import float_dtype
from strangeness.quantum.entanglers import Entangler
from strangeness.quantum.su2 import phase


def bits(qubits: int) -> NDArray[np.int8]:
    """The value (n, 2^n) of each qubit in each basis state."""
    index = np.arange(2**qubits)
    return np.stack([(index >> (qubits - 1 - q)) & 1 for q in range(qubits)]).astype(np.int8)


@lru_cache(maxsize=64)
def permutation(entangler: Entangler, qubits: int) -> NDArray[np.int32]:
    """The gather (2^n,) of an entangler of CNOTs: new state = old state[permutation]."""
    index = np.arange(2**qubits, dtype=np.int32)
    for control, target in reversed(entangler.pairs):
        index = np.where((index >> (qubits - 1 - control)) & 1, index ^ (1 << (qubits - 1 - target)), index)
    return index


@lru_cache(maxsize=64)
def signs(entangler: Entangler, qubits: int) -> NDArray[np.float32]:
    """The diagonal (2^n,) of an entangler of CZs."""
    values = bits(qubits)
    odd = np.zeros(2**qubits, np.int8)
    for one, other in entangler.pairs:
        odd ^= values[one] & values[other]
    return (1 - 2 * odd).astype(np.float32)


def entangled(state: Array, entangler: Entangler, angles: Array) -> Array:
    """A state (2^n,) behind an entangler with angles (p,)."""
    qubits = state.size.bit_length() - 1
    if not entangler.pairs:
        return state
    if entangler.gate == "CNOT":
        return state[permutation(entangler, qubits)]
    if entangler.gate == "CZ":
        return state * signs(entangler, qubits).astype(float_dtype())
    if entangler.gate == "RZZ":
        return state * phase(-0.5 * _parities(entangler, qubits, angles))
    for index, pair in enumerate(entangler.pairs):
        state = _controlled_rx(state, pair, angles[index], qubits)
    return state


def _parities(entangler: Entangler, qubits: int, angles: Array) -> Array:
    """sum_p angle_p z_i z_j (2^n,); bits are made on the fly, so that no table fills the memory."""
    index = jnp.arange(2**qubits, dtype=jnp.int32)
    total = jnp.zeros(2**qubits, angles.dtype)
    for (i, j), angle in zip(entangler.pairs, angles, strict=False):
        odd = ((index >> (qubits - 1 - i)) ^ (index >> (qubits - 1 - j))) & 1
        total = total + angle * (1 - 2 * odd)
    return total


def _controlled_rx(state: Array, pair: tuple[int, int], angle: Array, qubits: int) -> Array:
    control, target = pair
    cos, sin = jnp.cos(angle / 2), jnp.sin(angle / 2)
    flipped = state.reshape(2**target, 2, -1)[:, ::-1].reshape(-1)
    index = np.arange(2**qubits)
    active = (index >> (qubits - 1 - control)) & 1
    return jnp.where(active == 1, cos * state - 1j * sin * flipped, state)
