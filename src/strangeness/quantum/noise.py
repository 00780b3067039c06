"""Noisy circuits as density matrices, for few qubits: depolarising, amplitude damping, read-out errors.

The rotations of a qubit in a layer count as one gate, since they are compiled to one. Behind it the channels
act on its qubit, and behind every gate of an entangler on both of its qubits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Complex, Float
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.quantum.checks import refuse_events, refuse_parameters
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.entanglers import GATES, Entangler
from strangeness.quantum.entangling import entangled
from strangeness.quantum.layout import Angles
from strangeness.quantum.memory import density_memory_needed, refuse_too_large
from strangeness.quantum.reading import expectation_of, reference_states
from strangeness.quantum.readout import PauliStrings
from strangeness.quantum.references import zero
from strangeness.quantum.statevector import angles_of, start
from strangeness.quantum.su2 import SU2, complex_dtype, fused, turned


@dataclass(frozen=True)
class Noise:
    """What happens behind every gate and at the read-out.

    Attributes:
        depolarising: probability of X, Y or Z, a third each.
        damping: probability that a 1 decays to 0 (amplitude damping).
        readout: probability that a measured bit is flipped.
    """

    depolarising: float = 0.0
    damping: float = 0.0
    readout: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("depolarising", 1.0), ("damping", 1.0), ("readout", 0.5)):
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise InputError(f"'{name}' of the noise is {value}", f"Give a number in [0, {most:g}].")


def noisy_readings(circuit: Circuit, parameters: Any, x: Any, noise: Noise) -> Array:
    """What is read of events (B, d) under noise: (B, 1) fidelities, or (B, k) expectations of Pauli strings.

    Fidelities and strings are read after a change of basis that is taken to be free of noise; flipped bits
    are then those of the trash qubits, or of all qubits in a string.

    Raises:
        InputError: for what ``checks`` refuses, more qubits than fit the memory, or flipped bits with a
            reference other than |0...0>, which is not read bit by bit.
    """
    refuse_parameters(circuit, parameters)
    refuse_events(circuit, x)
    refuse_noise(circuit, noise)
    dtype = float_dtype()
    return _noisy(circuit, jnp.asarray(parameters, dtype), jnp.asarray(x, dtype), noise)


def refuse_noise(circuit: Circuit, noise: Noise) -> None:
    """Raise ``InputError`` where a circuit cannot be simulated under noise (see ``noisy_readings``)."""
    refuse_too_large(circuit, density_memory_needed(circuit, 1))
    readout = circuit.readout
    pauli = isinstance(readout, PauliStrings)
    if noise.readout > 0 and not pauli and readout.state != zero(len(readout.qubits)):
        raise InputError(
            f"a read-out error of {noise.readout:g} with a reference other than |0...0>",
            "Take the reference |0...0>, whose bits are read one by one, or no read-out error.",
        )


def _noisy_readings(circuit: Circuit, parameters: Array, x: Array, noise: Noise) -> Array:
    def one(event: Array) -> Array:
        angles = angles_of(circuit, parameters, event)
        return read_density(circuit, density_of(circuit, angles, event, noise), angles, noise)

    return jax.lax.map(one, x)


_noisy = jax.jit(_noisy_readings, static_argnums=(0, 3))


def density_of(circuit: Circuit, angles: Angles, x: Array, noise: Noise) -> Complex[Array, "z z"]:
    """The density matrix (2^n, 2^n) of one event behind a noisy circuit."""
    state = start(circuit, x)
    rho = jnp.outer(state, jnp.conj(state))
    rotations = fused(angles.rotations)
    for index, layer in enumerate(circuit.layers):
        for qubit in range(circuit.qubits):
            if layer.encoder[qubit]:
                gate = SU2(rotations.a[index, qubit], rotations.b[index, qubit])
                rho = both_sides(lambda psi, q=qubit, gate=gate: turned(psi, q, *gate), rho)
                rho = _channels(rho, qubit, noise)
        for number, pair in enumerate(layer.entangler.pairs):
            gate = Entangler(layer.entangler.gate, (pair,))
            own = angles.entanglers[index, number : number + GATES[gate.gate]]
            rho = both_sides(lambda psi, gate=gate, own=own: entangled(psi, gate, own), rho)
            for qubit in pair:
                rho = _channels(rho, qubit, noise)
    return rho


def both_sides(act: Any, rho: Array) -> Array:
    """A rho A^dagger for the linear map ``act`` of states."""
    left = jax.vmap(act, in_axes=1, out_axes=1)(rho)
    return jnp.conj(jax.vmap(act)(jnp.conj(left)))


def kraus(noise: Noise) -> list[list[NDArray[np.complex128]]]:
    """The Kraus operators (2, 2) of each channel, in the order in which they act."""
    p, gamma = noise.depolarising, noise.damping
    x, y, z = np.array([[0, 1], [1, 0]]), np.array([[0, -1j], [1j, 0]]), np.diag([1, -1])
    depolarising = [np.sqrt(1 - p) * np.eye(2), *(np.sqrt(p / 3) * pauli for pauli in (x, y, z))]
    damping = [np.diag([1, np.sqrt(1 - gamma)]), np.array([[0, np.sqrt(gamma)], [0, 0]])]
    return [[np.asarray(one, np.complex128) for one in channel] for channel in (depolarising, damping)]


def superoperator(noise: Noise) -> NDArray[np.complex128]:
    """All channels as one map (2, 2, 2, 2): new rho[i, j] = sum of S[i, j, k, l] rho[k, l]."""
    maps = [sum(np.einsum("ik,jl->ijkl", k, np.conj(k)) for k in channel) for channel in kraus(noise)]
    return reduce(lambda first, second: np.einsum("ijkl,klmn->ijmn", second, first), maps)


def _channels(rho: Array, qubit: int, noise: Noise) -> Array:
    if not noise.depolarising and not noise.damping:
        return rho
    size, rest = 2**qubit, len(rho) // 2 ** (qubit + 1)
    parts = rho.reshape(size, 2, rest, size, 2, rest)
    channel = jnp.asarray(superoperator(noise), complex_dtype())
    return jnp.einsum("ijkl,akbcld->aibcjd", channel, parts).reshape(rho.shape)


def read_density(circuit: Circuit, rho: Array, angles: Angles, noise: Noise) -> Float[Array, " k"]:
    """What is read (k,) of a density matrix."""
    readout = circuit.readout
    if isinstance(readout, PauliStrings):
        kept = [(1 - 2 * noise.readout) ** (len(text) - text.count("I")) for text in readout.strings]
        found = [share * expectation_of(text, rho) for text, share in zip(readout.strings, kept, strict=True)]
        return jnp.stack(found)
    qubits, t = circuit.qubits, len(readout.qubits)
    axes = [*readout.qubits, *(q + qubits for q in readout.qubits)]
    tensor = jnp.moveaxis(rho.reshape((2,) * (2 * qubits)), axes, range(2 * t))
    rest = 2 ** (qubits - t)
    trash = jnp.trace(tensor.reshape(2**t, 2**t, rest, rest), axis1=2, axis2=3)
    if noise.readout > 0:
        each = jnp.array([1 - noise.readout, noise.readout], float_dtype())
        return jnp.real(jnp.vdot(reduce(jnp.kron, [each] * t), jnp.diagonal(trash)))[None]
    probabilities, states = reference_states(readout, angles.reference)
    return jnp.real(jnp.einsum("r,ra,ab,rb->", probabilities, jnp.conj(states), trash, states))[None]
