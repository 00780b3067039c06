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

KINDS = ("tabular", "image")
"""Kinds of input for which there is a toy."""


def background(n: int, name: str, seed: int = 0, kind: str = "tabular") -> Batch:
    """Ordinary events.

    Tabular: two latent Gaussian factors seen through five features in different units, with noise.
    Image: (12, 12, 1) in [0, 1], one blob near the middle.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    return make_batch(_rows(rng, n) if kind == "tabular" else _images(rng, n, prongs=1), name=name)


def planted(n: int, name: str, seed: int = 0, kind: str = "tabular") -> Batch:
    """Strange events.

    Tabular: every feature three standard deviations higher, far out and off the latent plane.
    Image: three blobs at three pixels from the middle.
    """
    rng = np.random.default_rng([seed, *name.encode()])
    return make_batch(_rows(rng, n) + 3.0 * _SPREAD if kind == "tabular" else _images(rng, n, 3), name=name)


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
