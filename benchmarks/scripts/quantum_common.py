"""The timed circuit for the rivals that use JAX: rotations fused to one 2x2 matrix a qubit and layer."""

import statistics
import time

import jax
import jax.numpy as jnp


def fused(weight, bias, x):
    """The product of a qubit's rotations Rot(bias + weight x); shapes (..., G, 3) -> (..., 2, 2)."""
    angles = bias + weight * x
    phi, theta, omega = angles[..., 0], angles[..., 1], angles[..., 2]
    c, s = jnp.cos(theta / 2), jnp.sin(theta / 2)
    plus, minus = jnp.exp(0.5j * (phi + omega)), jnp.exp(0.5j * (phi - omega))
    first = jnp.stack([c * plus.conj(), -s * minus], -1)
    second = jnp.stack([s * minus.conj(), c * plus], -1)
    gates = jnp.stack([first, second], -2)
    product = gates[..., 0, :, :]
    for g in range(1, gates.shape[-3]):
        product = gates[..., g, :, :] @ product
    return product


def cpu_seconds(work, repetitions):
    """The loss, and the median CPU time of a call after one that compiles."""
    value = jax.block_until_ready(work())
    times = []
    for _ in range(repetitions):
        start = time.process_time()
        jax.block_until_ready(work())
        times.append(time.process_time() - start)
    return value, statistics.median(times)


def measure(probability, arrays, repetitions):
    """CPU seconds of loss and gradient by weight and bias, for a function: matrices of one event -> F."""
    weight, bias, x = (jnp.asarray(arrays[name], jnp.float32) for name in ("weight", "bias", "x"))

    @jax.jit
    @jax.value_and_grad
    def step(parameters):
        one = jax.vmap(lambda event: probability(fused(*parameters, event[None])))
        return 1.0 - one(x).mean()

    (loss, _), seconds = cpu_seconds(lambda: step((weight, bias)), repetitions)
    return {"loss": float(loss), "seconds": seconds}
