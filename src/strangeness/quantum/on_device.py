"""Devices of PennyLane inside JAX: what is read, and its gradient by the device's own rule, as host calls.

So the one training loop trains on a simulator of another project, or on hardware, as on ours: by adjoint
differentiation where a device has it, by parameter shifts where it has not ("best" of PennyLane).
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from strangeness.quantum.circuit import Circuit
from strangeness.quantum.pennylane import pennylane, qnode


def readings(circuit: Circuit, device: str, parameters: Any, x: Any) -> Float[Array, "n k"]:
    """What is read of events (B, d) on a device, one after the other, with gradients by both arguments.

    Raises:
        InputError: for an unknown or missing device.
        MissingDependency: when PennyLane is not installed.
    """
    _node(circuit, device)
    return _readings(circuit, device, parameters, x)


@lru_cache(maxsize=16)
def _node(circuit: Circuit, device: str) -> Any:
    return qnode(circuit, device)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _readings(circuit: Circuit, device: str, parameters: Any, x: Any) -> Array:
    shape = jax.ShapeDtypeStruct((len(x), circuit.outputs), parameters.dtype)
    return jax.pure_callback(
        partial(_values, circuit, device), shape, parameters, x, vmap_method="sequential"
    )


def _values(circuit: Circuit, device: str, parameters: Any, x: Any) -> NDArray[Any]:
    node, numbers = _node(circuit, device), np.asarray(parameters, np.float64)
    found = [[float(value) for value in node(numbers, event)] for event in np.asarray(x, np.float64)]
    return np.array(found, np.asarray(parameters).dtype)


def _forward(circuit: Circuit, device: str, parameters: Any, x: Any) -> tuple[Array, Any]:
    given = parameters.value, x.value
    # An empty tuple or a full one: the structure says whether the derivative by x is wanted.
    return _readings(circuit, device, *given), (*given, ((),) if x.perturbed else ())


def _backward(circuit: Circuit, device: str, kept: Any, cotangent: Any) -> tuple[Array, Array]:
    parameters, x, wanted = kept
    if isinstance(cotangent, jax.custom_derivatives.SymbolicZero):
        return jnp.zeros_like(parameters), jnp.zeros_like(x)
    shapes = [jax.ShapeDtypeStruct(leaf.shape, leaf.dtype) for leaf in (parameters, x)]
    pulled = partial(_pulled_back, circuit, device, bool(wanted))
    slopes = jax.pure_callback(pulled, shapes, parameters, x, cotangent, vmap_method="sequential")
    return slopes[0], slopes[1]


_readings.defvjp(_forward, _backward, symbolic_zeros=True)


def _pulled_back(
    circuit: Circuit, device: str, with_x: bool, parameters: Any, x: Any, cotangent: Any
) -> list[NDArray[Any]]:
    """The derivative of sum over b and k of cotangent[b, k] reading[b, k] by parameters (p,) and x (B, d)."""
    qml, node = pennylane(), _node(circuit, device)
    by_parameters, by_x = np.zeros(np.shape(parameters)), np.zeros(np.shape(x))
    for row, (event, weights) in enumerate(zip(np.asarray(x), np.asarray(cotangent), strict=True)):
        one, other = (qml.numpy.array(np.asarray(a, np.float64)) for a in (parameters, event))

        def total(p: Any, e: Any, weights: Any = weights) -> Any:
            return sum(float(share) * value for share, value in zip(weights, node(p, e), strict=True))

        slopes = qml.grad(total, argnums=[0, 1] if with_x else [0])(one, other)
        by_parameters += np.asarray(slopes[0])
        if with_x:
            by_x[row] = slopes[1]
    return [by_parameters.astype(np.asarray(parameters).dtype), by_x.astype(np.asarray(x).dtype)]
