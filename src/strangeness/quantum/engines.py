"""One surface for all simulations: ``fidelity``, ``expectation``, ``state``; the engine is an argument."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.quantum import fast, on_device, pennylane, reference_simulation, statevector
from strangeness.quantum.checks import refuse_events, refuse_parameters
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.memory import memory_needed, refuse_too_large
from strangeness.quantum.readout import PauliStrings, Trash

ENGINES = ("auto", "kernel", "jax", "numpy")
"""Names of simulations; any other name is that of a PennyLane device, such as "lightning.qubit".

* auto: the kernel in 32 bits where it can run the circuit, else jax;
* kernel: compiled for fixed entanglers and a diagonal read-out (``fast.why_not``), jitted, differentiated;
* jax: any circuit, jitted, differentiated, in 32 or 64 bits;
* numpy: any circuit in complex128, slow, to check the others by.
"""


def fidelity(circuit: Circuit, parameters: Any, x: Any, *, engine: str = "auto") -> Any:
    """Fidelity (B,) of the trash qubits with their reference, F = Tr(rho_trash sigma).

    Arguments that are being traced by JAX are taken as they are; others are checked first.

    Args:
        circuit: whose read-out are trash qubits.
        parameters: (p,), radians.
        x: events (B, d).
        engine: a name in ``ENGINES``, or a PennyLane device.

    Raises:
        InputError: for a circuit with another read-out, what ``checks`` refuses, too many qubits for the
            memory, or an unknown engine.
        MissingDependency: for a device whose package is not installed.
    """
    if not isinstance(circuit.readout, Trash):
        raise InputError("a circuit that reads Pauli strings has no fidelity", "Take 'expectation'.")
    return readings(circuit, parameters, x, engine=engine)[:, 0]


def expectation(circuit: Circuit, parameters: Any, x: Any, *, engine: str = "auto") -> Any:
    """Expectations (B, k) of the Pauli strings; arguments and errors as those of ``fidelity``."""
    if not isinstance(circuit.readout, PauliStrings):
        raise InputError("a circuit that reads trash qubits has no Pauli strings", "Take 'fidelity'.")
    return readings(circuit, parameters, x, engine=engine)


def readings(circuit: Circuit, parameters: Any, x: Any, *, engine: str = "auto") -> Any:
    """What is read of events (B, d): (B, 1) fidelities, or (B, k) expectations of Pauli strings."""
    parameters, x = _checked(circuit, parameters, x)
    single = float_dtype() == np.float32
    if engine == "kernel" or (engine == "auto" and single and not fast.why_not(circuit)):
        return fast.readings(circuit, parameters, x)
    if engine in ("auto", "jax"):
        return _jitted(circuit, parameters, x)
    if engine == "numpy":
        return reference_simulation.readings(circuit, parameters, x)
    if isinstance(parameters, Tracer) or isinstance(x, Tracer):
        return on_device.readings(circuit, engine, jnp.asarray(parameters), jnp.asarray(x))
    return pennylane.readings(circuit, parameters, x, device=engine)


def state(circuit: Circuit, parameters: Any, x: Any, *, engine: str = "auto") -> Any:
    """States (B, 2^n) of events (B, d); qubit 0 is the most significant bit of the index.

    Raises:
        InputError: as ``fidelity``; devices give no states.
    """
    parameters, x = _checked(circuit, parameters, x)
    if engine in ("auto", "jax"):
        return _jitted_states(circuit, parameters, x)
    if engine == "numpy":
        return reference_simulation.states(circuit, parameters, x)
    raise InputError(f"the engine '{engine}' gives no states", "Take 'jax' or 'numpy'.")


def initial_parameters(circuit: Circuit, rng: np.random.Generator) -> Any:
    """Parameters (p,) drawn evenly from [-pi, pi)."""
    return rng.uniform(-np.pi, np.pi, circuit.parameters).astype(float_dtype())


_jitted = jax.jit(statevector.readings, static_argnums=0)
_jitted_states = jax.jit(statevector.states, static_argnums=0)


def _checked(circuit: Circuit, parameters: Any, x: Any) -> tuple[Any, Any]:
    """Both as arrays, checked before any work."""
    refuse_parameters(circuit, parameters)
    refuse_events(circuit, x)
    refuse_too_large(circuit, memory_needed(circuit, 1))
    return _floating(parameters), _floating(x)


def _floating(values: Any) -> Any:
    return values if isinstance(values, jax.Array) else np.asarray(values, np.float64)
