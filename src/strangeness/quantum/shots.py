"""Finite shots: what a device that is run so often would report; one key an event."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError, nearest
from strangeness.quantum.checks import refuse_shots

_BLOCK = 64
MEASUREMENTS = ("projector", "swap")


def sampled_fidelity(
    fidelity: Float[Array, " n"], shots: int, keys: PRNGKeyArray, measurement: str = "projector"
) -> Float[Array, " n"]:
    """Fidelities (n,) as so many shots estimate them, each without bias.

    The projector counts how often all trash qubits are 0; variance F (1 - F) / shots. The SWAP test counts
    how often its ancilla is 0 and doubles it less 1, so it may leave [0, 1]; variance (1 - F^2) / shots.
    The gradient is that of the exact fidelity.

    Args:
        fidelity: exact values.
        shots: 1 or more.
        keys: one an event (n,), such as ``core.estimators.event_keys``.
        measurement: "projector" or "swap".

    Raises:
        InputError: for fewer than one shot or an unknown measurement.
    """
    refuse_shots(shots)
    if measurement not in MEASUREMENTS:
        raise InputError(f"unknown measurement {measurement!r}", nearest(measurement, MEASUREMENTS))
    if measurement == "swap":
        return 2.0 * _share(0.5 * (1.0 + fidelity), shots, keys) - 1.0
    return _share(fidelity, shots, keys)


def sampled_expectation(
    expectation: Float[Array, "n k"], shots: int, keys: PRNGKeyArray
) -> Float[Array, "n k"]:
    """Expectations (n, k) of Pauli strings, each estimated from shots of its own; keys (n,).

    Raises:
        InputError: for fewer than one shot.
    """
    refuse_shots(shots)
    own = jax.vmap(lambda key: jax.random.split(key, expectation.shape[1]))(keys)
    return 2.0 * jax.vmap(lambda p, k: _share(p, shots, k), 1, 1)(0.5 * (1.0 + expectation), own) - 1.0


def _share(probability: Array, shots: int, keys: PRNGKeyArray) -> Array:
    """The share (n,) of the shots that succeed, drawn one by one: a binomial takes seconds to compile."""
    found = jax.vmap(lambda key, p: _count(key, p, shots))(keys, jax.lax.stop_gradient(probability))
    return probability + jax.lax.stop_gradient(found / shots - probability)


def _count(key: PRNGKeyArray, p: Array, shots: int) -> Array:
    def more(block: Array, count: Array) -> Array:
        drawn = jax.random.uniform(jax.random.fold_in(key, block), (_BLOCK,), p.dtype)
        counted = block * _BLOCK + jnp.arange(_BLOCK) < shots
        return count + jnp.sum((drawn < p) & counted)

    return jax.lax.fori_loop(0, -(-shots // _BLOCK), more, jnp.zeros((), jnp.int32))
