"""State vectors in JAX: any circuit, jitted, mapped over events and differentiated, in 32 or 64 bits.

The rotations of a qubit in a layer are fused before the state is touched. Layers with the same entangler run
in one ``scan``, so a program does not grow with its depth.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from strangeness.quantum.circuit import Circuit
from strangeness.quantum.entanglers import Entangler
from strangeness.quantum.entangling import entangled
from strangeness.quantum.layout import Angles, layout_of
from strangeness.quantum.reading import read
from strangeness.quantum.su2 import SU2, complex_dtype, fused, rotated

_AT_ONCE = 2**21
"""Amplitudes that are simulated at once; more events go through in slices."""


def state_of(circuit: Circuit, angles: Angles, x: Float[Array, " d"]) -> Complex[Array, " z"]:
    """The state (2^n,) of one event behind a circuit with given angles."""
    state = start(circuit, x)
    rotations = fused(angles.rotations)
    first = 0
    for entangler, run in groupby(layer.entangler for layer in circuit.layers):
        last = first + len(list(run))
        state = _same_layers(
            state, entangler, *(leaf[first:last] for leaf in (*rotations, angles.entanglers))
        )
        first = last
    return state


def _same_layers(state: Array, entangler: Entangler, a: Array, b: Array, pairs: Array) -> Array:
    def layer(state: Array, one: tuple[Array, Array, Array]) -> tuple[Array, None]:
        return entangled(rotated(state, SU2(one[0], one[1])), entangler, one[2]), None

    if len(a) == 1:  # a scan of one step would compile for longer
        return layer(state, (a[0], b[0], pairs[0]))[0]
    return jax.lax.scan(layer, state, (a, b, pairs))[0]


def start(circuit: Circuit, x: Array) -> Array:
    """The first state (2^n,) of a circuit: |0...0>, or the features of an event (d,) as amplitudes."""
    size = 2**circuit.qubits
    if not circuit.amplitudes:
        return jnp.zeros(size, complex_dtype()).at[0].set(1.0)
    padded = jnp.concatenate([x, jnp.zeros(size - circuit.features, x.dtype)])
    square = jnp.sum(padded**2)
    # An event of zeros has no state; what is not refused before becomes |0...0>, not NaN.
    padded = padded.at[0].add(jnp.where(square > 0, 0.0, 1.0))
    return (padded / jnp.sqrt(jnp.where(square > 0, square, 1.0))).astype(complex_dtype())


def reading_of(circuit: Circuit, angles: Angles, x: Array) -> Array:
    """What is read (k,) of one event with given angles."""
    return read(circuit.readout, state_of(circuit, angles, x), angles.reference)


def angles_of(circuit: Circuit, parameters: Array, x: Array) -> Angles:
    """The angles of one event (d,), or of many (..., d)."""
    return layout_of(circuit).angles(parameters, x, jnp)


def states(circuit: Circuit, parameters: Array, x: Array) -> Array:
    """States (B, 2^n) behind a circuit for parameters (p,) and events (B, d)."""
    return _mapped(lambda one: state_of(circuit, angles_of(circuit, parameters, one), one), circuit, x)


def readings(circuit: Circuit, parameters: Array, x: Array) -> Array:
    """What is read of events (B, d): (B, 1) fidelities, or (B, k) expectations of Pauli strings."""
    return _mapped(lambda one: reading_of(circuit, angles_of(circuit, parameters, one), one), circuit, x)


def _mapped(call: Any, circuit: Circuit, x: Array) -> Array:
    """``call`` on all events at once, or in slices whose gradient runs each slice anew."""
    at_once = max(_AT_ONCE // 2**circuit.qubits, 1)
    if len(x) <= at_once:
        return jax.vmap(call)(x)
    return jax.lax.map(jax.checkpoint(call), x, batch_size=at_once)
