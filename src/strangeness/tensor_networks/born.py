"""A matrix-product state as a probability density: |<state|features(x)>|^2 over its norm (the Born rule)."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, PRNGKeyArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.tensor_networks.contraction import TINY, log_amplitudes, log_norm
from strangeness.tensor_networks.feature_maps import SHARED, FeatureMap, on_host


class BornMachine(eqx.Module):
    """A density on the unit cube, or on components: exact norm, likelihood, marginals, conditionals.

    ``cores`` are padded (sites, bond, size, bond). The map is orthonormal on [0, 1], so that the norm of the
    state is the integral of the density. Source: arXiv:1709.01662.
    """

    cores: Float[Any, "sites bond size bond"]
    map: FeatureMap

    def log_density(self, x: Float[Any, "batch sites"]) -> Float[Any, " batch"]:
        """ln p(x); linear in the number of sites. Where the amplitude vanishes it is low and finite."""
        return 2.0 * log_amplitudes(self.cores, self.map(x))[1] - log_norm(self.cores)


def born_machine(
    map: FeatureMap, sites: int, bond: int, *, key: PRNGKeyArray, noise: float = 0.05
) -> BornMachine:
    """A machine near the uniform density, whose amplitude is the component that is nearest to a constant.

    Raises:
        InputError: for fewer than one site, a bond below 1, or a map that is not orthonormal.
    """
    if sites < 1 or bond < 1:
        raise InputError(f"a chain of {sites} sites and bond {bond}", "Give 1 or more of each.")
    if not np.allclose(map.gram(1 if isinstance(map, SHARED) else sites), np.eye(map.size), atol=1e-3):
        raise InputError(
            "a density behind a feature map that is not orthonormal", "Use SpinMap(orthonormal=True)."
        )
    cores = near_identity(constant_components(map, sites), bond, noise, key=key)
    return BornMachine(cores, map)


def constant_components(map: FeatureMap, sites: int) -> Float[Any, "sites size"]:
    """Coefficients (sites, size) of the map's best approximation to the constant 1, in least squares."""
    alone = 1 if isinstance(map, SHARED) else sites
    nodes, weights = np.polynomial.legendre.leggauss(64)
    values = on_host(map, np.repeat(0.5 * (nodes + 1.0)[:, None], alone, axis=1))
    scaled = np.sqrt(0.5 * weights)
    found = [np.linalg.lstsq(scaled[:, None] * v, scaled, rcond=None)[0] for v in values.swapaxes(0, 1)]
    return np.broadcast_to(np.stack(found), (sites, map.size))


def near_identity(
    components: Float[Any, "sites size"], bond: int, noise: float, *, key: PRNGKeyArray
) -> Float[Any, "sites bond size bond"]:
    """Cores that pass every bond on, times the given components, with normal noise; drawn on the host."""
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    sites, size = components.shape
    cores = components[:, None, :, None] * np.eye(bond)[:, None, :]
    drawn = rng.normal(scale=noise * (bond * size) ** -0.5, size=(sites, bond, size, bond))
    return jnp.asarray(cores + drawn, float_dtype())


def log_marginals(
    cores: Float[Any, "sites bond size bond"],
    vectors: Float[Any, "batch sites size"],
    observed: Bool[Any, " sites"],
) -> Float[Any, " batch"]:
    """ln of the density of the observed sites at the given vectors, all others integrated out."""
    observed = jnp.asarray(observed)
    identity = jnp.eye(cores.shape[2], dtype=cores.dtype)

    def step(block: Array, site: tuple[Array, Array, Array]) -> tuple[Array, Array]:
        core, vector, seen = site
        operator = jnp.where(seen, vector[:, :, None] * vector[:, None, :], identity)
        half = jnp.einsum("nab,bqd->naqd", block, core)
        half = jnp.einsum("naqd,npq->napd", half, operator)
        block = jnp.einsum("napd,apc->ncd", half, core)
        scale = jnp.maximum(jnp.max(jnp.abs(block), axis=(1, 2)), TINY)
        return block / scale[:, None, None], jnp.log(scale)

    batch, bond = vectors.shape[0], cores.shape[1]
    start = jnp.zeros((batch, bond, bond), cores.dtype).at[:, 0, 0].set(1.0)
    block, logs = jax.lax.scan(step, start, (cores, vectors.swapaxes(0, 1), observed))
    return jnp.log(jnp.maximum(block[:, 0, 0], TINY)) + jnp.sum(logs, axis=0) - log_norm(cores)


def log_conditionals(
    cores: Float[Any, "sites bond size bond"],
    vectors: Float[Any, "batch sites size"],
    of: Bool[Any, " sites"],
    given: Bool[Any, " sites"],
) -> Float[Any, " batch"]:
    """ln p(sites ``of`` | sites ``given``), all others integrated out."""
    of, given = jnp.asarray(of), jnp.asarray(given)
    return log_marginals(cores, vectors, of | given) - log_marginals(cores, vectors, given)


def negative_log_likelihood(machine: BornMachine, rows: Any, key: Any) -> Array:
    """-ln p (n,) of features (n, sites): the loss of the training loop."""
    return -machine.log_density(rows)
