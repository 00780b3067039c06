"""Canonical forms, truncation with its discarded weight, and the entanglement across every cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.linalg import entropy, log_normalised, refuse_truncation, truncated_svd
from strangeness.tensor_networks.mps import MPS

Tensor = NDArray[np.floating]


def canonical(state: MPS, centre: int | None = None) -> MPS:
    """The same state with isometries left and right of ``centre`` and norm 1 there; the rest is in its scale.

    Args:
        state: any state that does not vanish.
        centre: site of the centre, counted from 0: the last gives the left-canonical form (also by default),
            the first the right-canonical one, any other a mixed one.

    Raises:
        InputError: for a centre outside the chain, or a state that vanishes or is not finite.
    """
    centre = len(state) - 1 if centre is None else centre
    if not 0 <= centre < len(state):
        raise InputError(f"a centre at site {centre} of {len(state)}", f"Give 0 to {len(state) - 1}.")
    tensors, log_scale = list(state.tensors), state.log_scale
    for site in range(centre):
        log_scale += _push_right(tensors, site)
    for site in range(len(state) - 1, centre, -1):
        log_scale += _push_left(tensors, site)
    tensors[centre], log = log_normalised(tensors[centre])
    if not np.isfinite(log):
        raise InputError("a state whose norm vanishes or is not finite", "Start from another state.")
    return MPS(tuple(tensors), log_scale + log)


def _push_right(tensors: list[Tensor], site: int) -> float:
    """Make a site a left isometry, its rest a factor of the next; returns the logarithm divided out."""
    left, size, _ = tensors[site].shape
    isometry, rest = np.linalg.qr(tensors[site].reshape(left * size, -1))
    tensors[site] = isometry.reshape(left, size, -1)
    rest, log = log_normalised(rest)
    tensors[site + 1] = np.tensordot(rest, tensors[site + 1], axes=1)
    return log


def _push_left(tensors: list[Tensor], site: int) -> float:
    """Make a site a right isometry, its rest a factor of the one before."""
    _, size, right = tensors[site].shape
    isometry, rest = np.linalg.qr(tensors[site].reshape(-1, size * right).T)
    tensors[site] = isometry.T.reshape(-1, size, right)
    rest, log = log_normalised(rest)
    tensors[site - 1] = np.tensordot(tensors[site - 1], rest.T, axes=1)
    return log


@dataclass(frozen=True)
class Truncation:
    """A truncated state and what it cost.

    Attributes:
        state: left-canonical, of norm 1 but for its scale; the norm that was cut away is not put back.
        discarded: weight (sites - 1,) dropped at each cut, of the state as it stood there.
        ranks: exact ranks (sites - 1,) of the cuts of the state before.
        note: says when a bond that was asked for is above the exact rank; empty otherwise.
    """

    state: MPS
    discarded: NDArray[np.float64]
    ranks: tuple[int, ...]
    note: str

    @property
    def fidelity(self) -> float:
        """|<before|after>|^2 over both norms: the product of what each cut kept."""
        return float(np.prod(1.0 - self.discarded))


def compress(state: MPS, bond: int | None = None, cutoff: float = 0.0) -> Truncation:
    """The state with bonds of at most ``bond``, cut from the left by singular values.

    Each cut is the best for the state as it stands; the error of all, |before - after|^2 / |before|^2, is at
    most the sum of the discarded weights.

    Raises:
        InputError: for a bond below 1, a cutoff outside [0, 1), or a state that vanishes.
    """
    refuse_truncation(bond, cutoff)
    whole = canonical(state, 0)
    tensors, discarded, ranks = list(whole.tensors), [], []
    log_scale = whole.log_scale
    for site in range(len(state) - 1):
        left, size, _ = tensors[site].shape
        split = truncated_svd(tensors[site].reshape(left * size, -1), bond, cutoff)
        tensors[site] = split.left.reshape(left, size, -1)
        rest, log = log_normalised(split.values[:, None] * split.right)
        tensors[site + 1] = np.tensordot(rest, tensors[site + 1], axes=1)
        log_scale += log
        discarded.append(split.discarded)
        ranks.append(split.rank)
    return Truncation(MPS(tuple(tensors), log_scale), np.asarray(discarded), tuple(ranks), _note(ranks, bond))


def _note(ranks: Sequence[int], bond: int | None) -> str:
    largest = max(ranks, default=1)
    if bond is None or bond <= largest:
        return ""
    return f"a bond dimension of {bond} is above the exact rank of the state and is reduced to {largest}"


def schmidt_values(state: MPS) -> list[NDArray[np.float64]]:
    """Singular values of the normalised state across each cut, falling; their squares sum to 1.

    Raises:
        InputError: for a state that vanishes.
    """
    tensors, values = list(canonical(state, 0).tensors), []
    for site in range(len(state) - 1):
        left, size, _ = tensors[site].shape
        split = truncated_svd(tensors[site].reshape(left * size, -1))
        tensors[site] = split.left.reshape(left, size, -1)
        tensors[site + 1] = np.tensordot(split.values[:, None] * split.right, tensors[site + 1], axes=1)
        values.append(split.values / np.linalg.norm(split.values))
    return values


def entropies(state: MPS) -> NDArray[np.float64]:
    """Entanglement entropies (sites - 1,) across the cuts, in nats, from the squared Schmidt values."""
    return np.array([entropy(values**2) for values in schmidt_values(state)])
