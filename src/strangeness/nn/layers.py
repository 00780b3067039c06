"""Dense layers, a network of them with a named activation, and the scaling of features."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import float_dtype

ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda x: x,
    "relu": jax.nn.relu,
    "silu": jax.nn.silu,
    "tanh": jnp.tanh,
}


class Dense(eqx.Module):
    """x W + b, batch first."""

    weight: Float[Any, "inputs outputs"]
    bias: Float[Any, " outputs"]

    def __call__(self, x: Float[Any, "n inputs"]) -> Float[Any, "n outputs"]:
        return x @ self.weight + self.bias


class Network(eqx.Module):
    """Dense layers with one activation between them, none behind the last."""

    layers: tuple[Dense, ...]
    activation: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.activation not in ACTIVATIONS:
            raise InputError(f"unknown activation {self.activation!r}", nearest(self.activation, ACTIVATIONS))
        if not self.layers:
            raise InputError("a network without layers", "Give one or more.")

    def __call__(self, x: Float[Any, "n inputs"]) -> Float[Any, "n outputs"]:
        act = ACTIVATIONS[self.activation]
        for layer in self.layers[:-1]:
            x = act(layer(x))
        return self.layers[-1](x)


def dense_network(sizes: Sequence[int], *, key: PRNGKeyArray, activation: str = "silu") -> Network:
    """A network with layers of the given sizes, He-initialised (arXiv:1502.01852, eq. 10), zero biases.

    Raises:
        InputError: for an unknown activation, fewer than two sizes, or a size below 1.
    """
    if len(sizes) < 2:
        plural = "" if len(sizes) == 1 else "s"
        raise InputError(f"a network of {len(sizes)} size{plural}", "Give inputs, layers and outputs.")
    if min(sizes) < 1:
        raise InputError(f"a layer of size {min(sizes)}", "Sizes are 1 or more.")
    # Drawn on the host: XLA compiles a generator for every shape, which takes longer than a short training.
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    return Network(tuple(_dense(rng, a, b) for a, b in pairwise(sizes)), activation)


def _dense(rng: np.random.Generator, inputs: int, outputs: int) -> Dense:
    weight = rng.normal(scale=np.sqrt(2.0 / inputs), size=(inputs, outputs))
    return Dense(jnp.asarray(weight, float_dtype()), jnp.asarray(np.zeros(outputs), float_dtype()))


def parameter_count(module: Any) -> int:
    """Floating numbers that a Module keeps from its fit, less those of its standardisers."""
    leaves = jax.tree.leaves(module, is_leaf=lambda node: isinstance(node, Standardiser))
    return sum(int(np.size(leaf)) for leaf in leaves if eqx.is_inexact_array(leaf))


class Standardiser(eqx.Module):
    """(x - mean) / scale for each feature; a feature that never varies is only centred.

    Kept apart from the network behind it, so that training does not move it.
    """

    mean: Float[Any, " d"]
    scale: Float[Any, " d"]

    def __check_init__(self) -> None:
        if isinstance(self.scale, np.ndarray) and not np.all(self.scale > 0):
            raise InputError("a scale of features that is not above 0", "Fit it again.")

    def __call__(self, x: Float[Any, "n d"]) -> Float[Any, "n d"]:
        return (x - self.mean) / self.scale

    def principal_axes(
        self, x: NDArray[Any], weight: NDArray[Any]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Eigenvalues (d,), rising, and eigenvectors (d, d), columns, of the correlations of rows (n, d)."""
        z = (x - np.asarray(self.mean)) / np.asarray(self.scale)
        values, vectors = np.linalg.eigh((z * weight[:, None]).T @ z / np.sum(weight))
        return np.asarray(values, np.float64), np.asarray(vectors, np.float64)

    @classmethod
    def of(cls, x: NDArray[Any], weight: NDArray[Any] | None = None) -> Standardiser:
        """Fitted to rows (n, d) with non-negative weights (n,)."""
        mean = np.average(x, axis=0, weights=weight)
        scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(mean), 1.0), scale, 1.0)
        return cls(np.asarray(mean, float_dtype()), np.asarray(scale, float_dtype()))
