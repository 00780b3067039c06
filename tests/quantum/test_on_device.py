"""A PennyLane device inside jitted JAX gives our values and our gradients by both arguments."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.quantum import PauliStrings, embedded, readings
from tests.quantum.circuits import drawn

CIRCUIT = embedded("reupload", 2, 2, 1, PauliStrings(("ZI", "XY")), gate="RZZ")


def _gradients(engine: str) -> Any:
    parameters, x = (jnp.asarray(array, jnp.float32) for array in drawn(CIRCUIT, 6, events=3))
    weights = jnp.arange(6.0).reshape(3, 2)

    def total(p: Any, x: Any) -> Any:
        return jnp.sum(weights * readings(CIRCUIT, p, x, engine=engine))

    return jax.jit(jax.value_and_grad(total, argnums=(0, 1)))(parameters, x)


def test_values_and_gradients_are_ours() -> None:
    """Adjoint differentiation on lightning.qubit."""
    ours, theirs = _gradients("jax"), _gradients("lightning.qubit")
    for one, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert np.asarray(other) == pytest.approx(np.asarray(one), abs=1e-4)  # weights up to 5, in 32 bits


def test_an_unknown_device_is_refused_while_tracing() -> None:
    with pytest.raises(InputError, match=r"unknown engine or device 'default\.qbit'"):
        _gradients("default.qbit")
