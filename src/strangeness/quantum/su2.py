"""Rotations of single qubits in JAX, fused to one element of SU(2), ((a, -b*), (b, a*)), for each qubit."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array, Complex, Float

from strangeness.core.estimators import float_dtype


class SU2(NamedTuple):
    """The unitary ((a, -b*), (b, a*))."""

    a: Any
    b: Any


def complex_dtype() -> Any:
    """complex128 when JAX runs with x64, complex64 otherwise."""
    return jnp.result_type(float_dtype(), jnp.complex64)


def _rot(angles: Array) -> SU2:
    """Rot(phi, theta, omega) for angles (..., 3)."""
    phi, theta, omega = angles[..., 0], angles[..., 1], angles[..., 2]
    cos, sin = jnp.cos(theta / 2), jnp.sin(theta / 2)
    return SU2(cos * jnp.exp(-0.5j * (phi + omega)), sin * jnp.exp(-0.5j * (phi - omega)))


def _after(first: SU2, second: SU2) -> SU2:
    """The product of two, the first acting first."""
    return SU2(
        second.a * first.a - jnp.conj(second.b) * first.b,
        second.b * first.a + jnp.conj(second.a) * first.b,
    )


def fused(angles: Float[Array, "*l n g 3"]) -> SU2:
    """The product (..., n) of the rotations of each qubit, g = 0 acting first."""
    rotations = _rot(angles)
    product = SU2(jnp.ones(angles.shape[:-2], complex_dtype()), jnp.zeros(angles.shape[:-2], complex_dtype()))
    for g in range(angles.shape[-2]):
        product = _after(product, SU2(rotations.a[..., g], rotations.b[..., g]))
    return product


def rotated(state: Complex[Array, " z"], rotations: SU2) -> Complex[Array, " z"]:
    """A state (2^n,) behind one rotation (n,) of each qubit."""
    for qubit in range(rotations.a.shape[0]):
        state = turned(state, qubit, rotations.a[qubit], rotations.b[qubit])
    return state


def turned(state: Array, qubit: int, a: Array, b: Array) -> Array:
    """A state (2^n,) behind ((a, -b*), (b, a*)) on one qubit."""
    pairs = state.reshape(2**qubit, 2, -1)
    zero, one = pairs[:, 0], pairs[:, 1]
    new = (a * zero - jnp.conj(b) * one, b * zero + jnp.conj(a) * one)
    return jnp.stack(new, axis=1).reshape(-1)
