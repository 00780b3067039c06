"""Two-body decays and boosts, many at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def breakup(mass: Array, one: Array, two: float) -> Array:
    """The momentum of two particles from ``mass`` at rest: factors, so that it is exact at the threshold."""
    product = (mass - one - two) * (mass + one + two) * (mass - one + two) * (mass + one - two)
    return np.sqrt(np.maximum(product, 0.0)) / (2.0 * mass)


def directions(n: int, rng: np.random.Generator) -> Array:
    """Unit vectors (n, 3), uniform on the sphere."""
    cosine, phi = rng.uniform(-1.0, 1.0, n), rng.uniform(0.0, 2.0 * np.pi, n)
    sine = np.sqrt(1.0 - cosine**2)
    return np.stack([sine * np.cos(phi), sine * np.sin(phi), cosine], axis=1)


def boosted(momenta: Array, velocity: Array) -> Array:
    """``momenta`` (n, k, 4) seen from a frame in which they move along ``velocity`` = gamma beta (n, 3)."""
    gamma = np.sqrt(1.0 + np.sum(velocity**2, axis=1))[:, None]
    along = np.einsum("nki,ni->nk", momenta[..., 1:], velocity)
    energy = gamma * momenta[..., 0] + along
    factor = along / (1.0 + gamma) + momenta[..., 0]
    space = momenta[..., 1:] + factor[..., None] * velocity[:, None, :]
    return np.concatenate([energy[..., None], space], axis=-1)
