"""A chain with a label at its middle site: one amplitude a class, made probabilities by the Born rule."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype
from strangeness.tensor_networks.born import constant_components, near_identity
from strangeness.tensor_networks.contraction import TINY, environments
from strangeness.tensor_networks.feature_maps import FeatureMap

FLOOR = 1e-6
"""Share that is divided among all classes, so that an amplitude of zero costs -ln(FLOOR / labels) at most."""


class ChainClassifier(eqx.Module):
    """p(label | x) = f_label^2 / sum f^2 with f_label = <state_label|features(x)> (arXiv:1605.05775).

    The states share all tensors but the middle one, which carries the label. Probabilities do not depend on
    the length of the states, so that any number of sites neither over- nor underflows.
    """

    left: Float[Any, "m bond size bond"]
    centre: Float[Any, "bond size labels bond"]
    right: Float[Any, "k bond size bond"]
    map: FeatureMap

    @property
    def sites(self) -> int:
        """Number of sites."""
        return self.left.shape[0] + 1 + self.right.shape[0]

    def amplitudes(self, x: Float[Any, "batch sites"]) -> Float[Any, "batch labels"]:
        """f (batch, labels) of features in [0, 1], each row divided by an unknown positive number."""
        vectors = self.map(x)
        middle = self.left.shape[0]
        ends, _ = environments(self.left, self.right, vectors, 1)
        core = self.centre.reshape(self.centre.shape[0], -1)
        opened = jnp.einsum("lk,lb->kb", core, ends[0]).reshape(*self.centre.shape[1:], -1)
        opened = jnp.einsum("dcrb,rb->dcb", opened, ends[1])
        return jnp.einsum("dcb,bd->bc", opened, vectors[:, middle])

    def log_probabilities(self, x: Float[Any, "batch sites"]) -> Float[Any, "batch labels"]:
        """ln p(label | x) (batch, labels), above ln(FLOOR / labels) and below 0."""
        return log_shares(self.amplitudes(x))

    def logit(self, x: Float[Any, "batch sites"]) -> Float[Any, " batch"]:
        """ln p(1 | x) - ln p(0 | x) of two classes."""
        log = self.log_probabilities(x)
        return log[:, 1] - log[:, 0]


def log_shares(amplitudes: Float[Any, "batch labels"]) -> Float[Any, "batch labels"]:
    """ln of (f^2 / sum f^2 + FLOOR / labels) / (1 + FLOOR); equal shares where all amplitudes vanish."""
    scaled = amplitudes / jnp.maximum(
        jax.lax.stop_gradient(jnp.max(jnp.abs(amplitudes), axis=1, keepdims=True)), TINY
    )
    total = jnp.sum(scaled**2, axis=1, keepdims=True)
    share = jnp.where(total > 0, scaled**2 / jnp.where(total > 0, total, 1.0), 1.0 / amplitudes.shape[1])
    return jnp.log((share + FLOOR / amplitudes.shape[1]) / (1.0 + FLOOR))


def chain_classifier(
    map: FeatureMap, sites: int, bond: int, *, key: PRNGKeyArray, labels: int = 2, noise: float = 0.2
) -> ChainClassifier:
    """A classifier that begins near equal, constant amplitudes.

    Raises:
        InputError: for fewer than one site, a bond below 1 or fewer than two labels.
    """
    if sites < 1 or bond < 1 or labels < 2:
        raise InputError(
            f"a classifier of {sites} sites, bond {bond} and {labels} labels",
            "Give 1 or more sites and bond, and 2 labels.",
        )
    cores = near_identity(constant_components(map, sites), bond, noise, key=key)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(jax.random.fold_in(key, 1))))
    middle, size = sites // 2, map.size
    apart = jnp.asarray(
        rng.normal(scale=noise * (bond * size) ** -0.5, size=(bond, size, labels, bond)), float_dtype()
    )
    return ChainClassifier(cores[:middle], cores[middle][:, :, None] + apart, cores[middle + 1 :], map)


def cross_entropy(model: ChainClassifier, rows: Any, key: Any) -> Array:
    """-ln p(label | x) (n,) of the rows ``(features, label)``; labels are 0, 1, ..."""
    x, label = rows
    log = model.log_probabilities(x)
    return -jnp.take_along_axis(log, label.astype(jnp.int32)[:, None], axis=1)[:, 0]
