"""A matrix-product operator that maps normal events onto a sphere and everything else near the origin."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.tensor_networks.born import constant_components
from strangeness.tensor_networks.contraction import TINY
from strangeness.tensor_networks.feature_maps import FeatureMap


class Projection(eqx.Module):
    """P from the product space of all sites to one with a leg of ``out`` every few sites (arXiv:2006.02516).

    A group is some closed sites and an open one; the chain is filled up to whole groups with sites that
    always see the first component alone.

    Attributes:
        closed: (groups, spacing - 1, bond, size, bond).
        opened: (groups, bond, size, out, bond).
        map: of features to vectors of length 1.
        sites: number of features.
        penalty: weight of the Frobenius norm in the loss.
    """

    closed: Float[Any, "groups closed bond size bond"]
    opened: Float[Any, "groups bond size out bond"]
    map: FeatureMap
    sites: int = eqx.field(static=True)
    penalty: float = eqx.field(static=True)

    def log_length(self, x: Float[Any, "n sites"]) -> Float[Any, " n"]:
        """ln ||P features(x)||^2 (n,), finite; linear in the number of sites."""
        vectors = self.map(x)
        groups, per = self.closed.shape[0], self.closed.shape[1] + 1
        extra = groups * per - self.sites
        constant = jnp.zeros((len(vectors), extra, vectors.shape[2]), vectors.dtype).at[:, :, 0].set(1.0)
        vectors = jnp.concatenate([vectors, constant], axis=1).reshape(len(vectors), groups, per, -1)
        bond = self.opened.shape[1]

        def step(block: Array, group: tuple[Array, Array, Array]) -> tuple[Array, Array]:
            closed, opened, vector = group
            matrix = jnp.einsum("nd,ldor->nlor", vector[:, -1], opened)
            for site in range(per - 2, -1, -1):
                core = jnp.einsum("nd,ldr->nlr", vector[:, site], closed[site])
                matrix = jnp.einsum("nlk,nkor->nlor", core, matrix)
            half = jnp.einsum("nab,nbor->naor", block, matrix)
            return _shortened(jnp.einsum("naor,naos->nrs", half, matrix))

        start = jnp.zeros((len(vectors), bond, bond), vectors.dtype).at[:, 0, 0].set(1.0)
        block, logs = jax.lax.scan(step, start, (self.closed, self.opened, vectors.swapaxes(0, 1)))
        return jnp.log(jnp.maximum(block[:, 0, 0], TINY)) + jnp.sum(logs, axis=0)

    def log_frobenius(self) -> Float[Any, ""]:
        """ln of the squared Frobenius norm of P."""
        bond = self.opened.shape[1]

        def step(block: Array, group: tuple[Array, Array]) -> tuple[Array, Array]:
            closed, opened = group
            for core in closed:
                block = jnp.einsum("ab,adr,bds->rs", block, core, core, optimize="optimal")
            return _shortened(jnp.einsum("ab,ador,bdos->rs", block, opened, opened, optimize="optimal")[None])

        def one(block: Array, group: tuple[Array, Array]) -> tuple[Array, Array]:
            block, log = step(block, group)
            return block[0], log[0]

        start = jnp.zeros((bond, bond), self.opened.dtype).at[0, 0].set(1.0)
        block, logs = jax.lax.scan(one, start, (self.closed, self.opened))
        return jnp.log(jnp.maximum(block[0, 0], TINY)) + jnp.sum(logs)

    def distance(self, x: Float[Any, "n sites"]) -> Float[Any, " n"]:
        """(ln ||P features(x)||^2 - 1)^2 (n,): how far from the sphere, the anomaly score."""
        return (self.log_length(x) - 1.0) ** 2


def _shortened(block: Array) -> tuple[Array, Array]:
    scale = jax.lax.stop_gradient(jnp.maximum(jnp.max(jnp.abs(block), axis=(1, 2)), TINY))
    return block / scale[:, None, None], jnp.log(scale)


def projection(
    map: FeatureMap,
    sites: int,
    bond: int,
    *,
    key: PRNGKeyArray,
    out: int = 2,
    spacing: int = 2,
    penalty: float = 0.1,
    noise: float = 0.3,
) -> Projection:
    """An operator that begins near the identity of its bonds, with all events near a length of 1.

    Raises:
        InputError: for a number below 1 or a negative penalty.
    """
    if min(sites, bond, out, spacing) < 1 or penalty < 0:
        raise InputError(
            f"a projection of {sites} sites, bond {bond}, legs of {out} every {spacing}, penalty {penalty:g}",
            "Give 1 or more, and a penalty of 0 or more.",
        )
    groups, size = -(-sites // spacing), map.size
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    components = np.zeros((groups * spacing, size))
    components[:sites], components[sites:, 0] = constant_components(map, sites), 1.0
    cores = components[:, None, :, None] * np.eye(bond)[:, None, :]
    cores = cores + rng.normal(scale=noise * (bond * size) ** -0.5, size=cores.shape)
    cores = cores.reshape(groups, spacing, bond, size, bond)
    # A normal event's length is shared out between the components of the open legs.
    directions = rng.normal(size=(groups, 1, 1, out, 1))
    directions /= np.linalg.norm(directions, axis=3, keepdims=True)
    opened = cores[:, -1, :, :, None] * directions
    opened = opened + rng.normal(scale=noise * (bond * size * out) ** -0.5, size=opened.shape)
    dtype = float_dtype()
    return Projection(
        jnp.asarray(cores[:, :-1], dtype), jnp.asarray(opened, dtype), map, sites, float(penalty)
    )


def sphere_loss(model: Projection, rows: Any, key: Any) -> Array:
    """Distance from the sphere, plus the penalty where ||P||^2 is above 1 (arXiv:2006.02516)."""
    return model.distance(rows) + model.penalty * jax.nn.relu(model.log_frobenius())
