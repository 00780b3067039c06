"""Reduced density matrices of one site and of two, and the mutual information between sites."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.canonical import canonical
from strangeness.tensor_networks.linalg import entropy
from strangeness.tensor_networks.mps import MPS

Tensor = NDArray[np.float64]


def one_site_densities(state: MPS) -> list[Tensor]:
    """The density matrix (size, size) of each site, of trace 1."""
    return [np.einsum("lpr,lqr->pq", centre, centre) for centre, _ in _centres(state)]


def two_site_density(state: MPS, first: int, second: int) -> Tensor:
    """The density matrix (s, t, s, t) of two sites, ``first`` < ``second``, of trace 1.

    Raises:
        InputError: for sites that are not two different ones of the chain in order.
    """
    if not 0 <= first < second < len(state):
        raise InputError(f"sites {first} and {second} of {len(state)}", "Give two of them in order.")
    tensors = canonical(state, first).tensors
    return _with_second(_carried(_opened(tensors[first]), tensors[first + 1 : second]), tensors[second])


def site_entropies(state: MPS) -> Tensor:
    """Entropies (sites,) of single sites, in nats."""
    return np.array([_entropy(density) for density in one_site_densities(state)])


def mutual_information(state: MPS) -> Tensor:
    """I(i, j) = S_i + S_j - S_ij (sites, sites), in nats; the diagonal holds S_i.

    Its cost grows with the square of the sites.
    """
    single, sites = site_entropies(state), len(state)
    result = np.diag(single)
    for first, (centre, tensors) in enumerate(_centres(state)):
        carried = _opened(centre)
        for second in range(first + 1, sites):
            pair = _with_second(carried, tensors[second])
            value = max(single[first] + single[second] - _entropy(pair), 0.0)
            result[first, second] = result[second, first] = value
            carried = _carried(carried, tensors[second : second + 1])
    return result


def _centres(state: MPS) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """The centre of each mixed canonical form, with the tensors of that form."""
    tensors = list(canonical(state, 0).tensors)
    for site in range(len(state)):
        yield tensors[site], tensors
        if site + 1 < len(state):
            left, size, _ = tensors[site].shape
            isometry, rest = np.linalg.qr(tensors[site].reshape(left * size, -1))
            tensors[site] = isometry.reshape(left, size, -1)
            tensors[site + 1] = np.tensordot(rest, tensors[site + 1], axes=1)


def _opened(centre: Tensor) -> Tensor:
    """Both copies of a centre with their left bonds closed: (s, s', right, right')."""
    return np.einsum("lpr,lqt->pqrt", centre, centre)


def _carried(opened: Tensor, tensors: tuple[Tensor, ...] | list[Tensor]) -> Tensor:
    for tensor in tensors:
        opened = np.einsum("pqrt,rxu,txv->pquv", opened, tensor, tensor, optimize=True)
    return opened


def _with_second(carried: Tensor, tensor: Tensor) -> Tensor:
    return np.einsum("pqrt,rxu,tyu->pxqy", carried, tensor, tensor, optimize=True)


def _entropy(density: Tensor) -> float:
    side = int(np.sqrt(density.size))
    return entropy(np.clip(np.linalg.eigvalsh(density.reshape(side, side)), 0.0, None))
