"""Independent samples of |state|^2: of its components, or of features in [0, 1] behind a feature map."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.canonical import canonical
from strangeness.tensor_networks.mps import MPS

Tensor = NDArray[np.floating]


def sample(state: MPS, n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Components (n, sites) drawn with probability |state[s1, ..., sn]|^2, site by site (arXiv:1201.3974).

    Raises:
        InputError: for n below 1 or a state that vanishes.
    """
    _refuse_none(n)
    drawn, before = np.empty((n, len(state)), np.int64), np.ones((n, 1))
    for site, tensor in enumerate(canonical(state, 0).tensors):
        open_bond = np.tensordot(before, tensor, axes=1)
        drawn[:, site] = _chosen(np.sum(open_bond**2, axis=2), rng)
        before = _unit(open_bond[np.arange(n), drawn[:, site]])
    return drawn


def sample_features(
    state: MPS, components: Tensor, n: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Features (n, sites) in [0, 1] of the density |<state|components(x)>|^2, and the cell of each.

    The density is taken as constant in the cells between grid points: with 512 of them its error is that of
    the midpoint rule.

    Args:
        state: its squared norm need not be 1.
        components: orthonormal functions (cells, sites, size) at the middle of equal cells of [0, 1].
        n: how many.
        rng: generator.

    Raises:
        InputError: for n below 1, components of other sites, or a state that vanishes.
    """
    _refuse_none(n)
    cells = components.shape[0]
    if components.shape[1:] != (len(state), state.sizes[0]):
        raise InputError(
            f"components of shape {components.shape} for {len(state)} sites of {state.sizes[0]}",
            "Give (cells, sites, size).",
        )
    drawn, before = np.empty((n, len(state)), np.int64), np.ones((n, 1))
    for site, tensor in enumerate(canonical(state, 0).tensors):
        open_bond = np.tensordot(before, tensor, axes=1)
        density = open_bond @ open_bond.transpose(0, 2, 1)
        values = components[:, site]
        pairs = (values[:, :, None] * values[:, None, :]).reshape(cells, -1)
        drawn[:, site] = _chosen(np.maximum(density.reshape(n, -1) @ pairs.T, 0.0), rng)
        before = _unit(np.einsum("nd,ndr->nr", values[drawn[:, site]], open_bond))
    return (drawn + rng.random(drawn.shape)) / cells, drawn


def _chosen(weights: Tensor, rng: np.random.Generator) -> NDArray[np.int64]:
    """A column of each row of non-negative weights, drawn in proportion to them."""
    total = np.cumsum(weights, axis=1)
    point = rng.random(len(weights)) * total[:, -1]
    return np.minimum(np.sum(total <= point[:, None], axis=1), weights.shape[1] - 1)


def _unit(rows: Tensor) -> Tensor:
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _refuse_none(n: int) -> None:
    if n < 1:
        raise InputError(f"{n} samples", "Draw 1 or more.")
