"""Toys on which every detector can be right or wrong, one for each kind of input."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch, make_batch

_LOADINGS = np.array([[1.0, -0.8, 0.6, -0.4, 0.9], [0.3, 0.9, -0.7, 0.8, 0.5]])
_UNITS = np.array([1.0, 10.0, 100.0, 0.1, 1.0])
_OFFSETS = np.array([5.0, -20.0, 300.0, 0.5, 0.0])
_NOISE = 0.3
_SPREAD = np.sqrt(np.sum(_LOADINGS**2, axis=0) + _NOISE**2) * _UNITS
_PIXELS, _PRONG = 12, 3.0
_PARTICLES, _FEWEST = 12, 6

KINDS = ("tabular", "image", "set")
"""Kinds of input for which there is a toy."""


def background(n: int, name: str, seed: int = 0, kind: str = "tabular") -> Batch:
    """Ordinary events.

    Tabular: two latent Gaussian factors seen through five features in different units, with noise.
    Image: (12, 12, 1) in [0, 1], one blob near the middle.
    Set: 6 to 12 particles of one prong by falling share of the momentum (12, 3), zeros behind the last.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    if kind == "tabular":
        return make_batch(_rows(rng, n), name=name)
    return make_batch(_images(rng, n, 1) if kind == "image" else _clouds(rng, n, 1), name=name)


def planted(n: int, name: str, seed: int = 0, kind: str = "tabular") -> Batch:
    """Strange events.

    Tabular: every feature three standard deviations higher, far out and off the latent plane.
    Image: three blobs at three pixels from the middle.
    Set: the same number of particles in three prongs.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    if kind == "tabular":
        return make_batch(_rows(rng, n) + 3.0 * _SPREAD, name=name)
    return make_batch(_images(rng, n, 3) if kind == "image" else _clouds(rng, n, 3), name=name)


def _rows(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    factors = rng.normal(size=(n, len(_LOADINGS))) @ _LOADINGS
    return _OFFSETS + _UNITS * (factors + _NOISE * rng.normal(size=(n, len(_UNITS))))


def _images(rng: np.random.Generator, n: int, prongs: int) -> NDArray[np.float32]:
    """Blobs of one pixel's width around points at equal angles, in float32 (n, 12, 12, 1)."""
    turn = 2 * np.pi * (rng.random((n, 1)) + np.arange(prongs) / prongs)
    reach = _PRONG if prongs > 1 else 0.0
    middle = np.stack([np.cos(turn), np.sin(turn)], axis=-1) * reach + 0.4 * rng.normal(size=(n, prongs, 2))
    axis = np.arange(_PIXELS) - 0.5 * (_PIXELS - 1)
    along = np.exp(-0.5 * (axis - middle[..., None]) ** 2)
    light = np.einsum("npi,npj->nij", along[:, :, 0], along[:, :, 1])
    return (light / light.max(axis=(1, 2), keepdims=True))[..., None].astype(np.float32)


def _clouds(rng: np.random.Generator, n: int, prongs: int) -> NDArray[np.float32]:
    """Share of the momentum, eta and phi, in float32 (n, 12, 3); prongs lie 0.4 from the axis, if several."""
    places = np.arange(_PARTICLES)
    real = places < rng.integers(_FEWEST, _PARTICLES + 1, (n, 1))
    momentum = -np.sort(-rng.exponential(size=(n, _PARTICLES)) * real, axis=1)
    turn = 2 * np.pi * (rng.random((n, 1)) + rng.integers(0, prongs, (n, _PARTICLES)) / prongs)
    axes = np.stack([np.cos(turn), np.sin(turn)], axis=2) * (0.4 if prongs > 1 else 0.0)
    around = (axes + 0.1 * rng.normal(size=axes.shape)) * real[..., None]
    share = momentum / momentum.sum(axis=1, keepdims=True)
    return np.concatenate([share[..., None], around], axis=2).astype(np.float32)
