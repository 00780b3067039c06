"""The compiled kernel behind the common surface: for circuits of fixed entanglers that read a diagonal."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.layout import dense_form, why_not_dense
from strangeness.quantum.readout import PauliStrings, Trash
from strangeness.quantum.references import Reference

_MOST_QUBITS = 20


def why_not(circuit: Circuit) -> str | None:
    """Why the kernel cannot run a circuit; None when it can."""
    if not circuit.layers or not circuit.rotations:
        return "it has no rotation"
    if circuit.qubits > _MOST_QUBITS:
        return f"it has more than {_MOST_QUBITS} qubits"
    return why_not_dense(circuit) or (None if observable(circuit) is not None else "it reads no diagonal")


@lru_cache(maxsize=64)
def observable(circuit: Circuit) -> NDArray[np.float64] | None:
    """The diagonal (2^n,) that a circuit reads, or None where it reads something else or more than one."""
    readout = circuit.readout
    values = np.indices((2,) * circuit.qubits).reshape(circuit.qubits, -1)
    if isinstance(readout, PauliStrings):
        text = readout.strings[0]
        if readout.outputs > 1 or not set(text) <= set("IZ"):
            return None
        measured = [values[q] for q, letter in enumerate(text) if letter == "Z"]
        return np.prod([1.0 - 2.0 * value for value in measured], axis=0) * np.ones(values.shape[1])
    sigma = _diagonal(readout)
    if sigma is None:
        return None
    index = sum(values[q] << (len(readout.qubits) - 1 - place) for place, q in enumerate(readout.qubits))
    return sigma[index]


def _diagonal(readout: Trash) -> NDArray[np.float64] | None:
    """The diagonal (2^t,) of a reference that has nothing beside it."""
    if not isinstance(readout.state, Reference):
        return None
    probabilities, states = readout.state.arrays()
    if np.any(np.sum(states != 0, axis=1) > 1):
        return None
    return probabilities @ np.abs(states) ** 2


@lru_cache(maxsize=64)
def _engine(circuit: Circuit) -> Any:
    """The circuit bound to the kernel, one object for equal circuits."""
    from strangeness.quantum.kernel import Engine

    entanglers, diagonal = [layer.entangler for layer in circuit.layers], np.asarray(observable(circuit))
    return Engine(circuit.qubits, len(circuit.layers), circuit.rotations, entanglers, diagonal)


def readings(circuit: Circuit, parameters: Any, x: Any) -> Float[Array, "n 1"]:
    """What is read of events (B, d), in 32 bits: (B, 1).

    Raises:
        InputError: when the kernel cannot run the circuit, with the reason.
    """
    reason = why_not(circuit)
    if reason:
        raise InputError(f"the kernel cannot run this circuit: {reason}", "Take engine='jax'.")
    return _jitted(circuit, jnp.asarray(parameters, jnp.float32), jnp.asarray(x, jnp.float32))


def _readings(circuit: Circuit, parameters: Array, x: Array) -> Array:
    from strangeness.quantum.kernel.differentiable import expectations

    return expectations(_engine(circuit), *dense_form(circuit, parameters, x, jnp))[:, None]


_jitted = jax.jit(_readings, static_argnums=0)
