"""A circuit as a layer of a network: an Equinox Module whose parameters are trained with all others."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from strangeness.core.estimators import float_dtype
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.engines import initial_parameters, readings


class CircuitLayer(eqx.Module):
    """Events to what a circuit reads of them; it stands wherever a layer of a network does.

    Events (n, ...) may have any shape: images are read row by row, without reshaping before it. Nothing is
    scaled: features are angles in radians, or amplitudes.
    """

    parameters: Float[Any, " p"]
    circuit: Circuit = eqx.field(static=True)

    def __call__(self, x: Float[Array, "n ..."]) -> Float[Array, "n k"]:
        """Fidelities (n, 1), or expectations (n, k) of Pauli strings."""
        return readings(self.circuit, jnp.asarray(self.parameters), jnp.reshape(x, (len(x), -1)))

    @classmethod
    def new(cls, circuit: Circuit, rng: np.random.Generator) -> CircuitLayer:
        """With parameters drawn evenly from [-pi, pi)."""
        return cls(jnp.asarray(initial_parameters(circuit, rng), float_dtype()), circuit)
