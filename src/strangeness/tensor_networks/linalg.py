"""Truncated singular value decompositions, and the logarithm of what was divided out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Matrix = NDArray[np.floating]


@dataclass(frozen=True)
class Split:
    """A matrix (m, n) as ``left @ diag(values) @ right``, perhaps without its smallest singular values.

    Attributes:
        left: (m, k), orthonormal columns.
        values: (k,), falling.
        right: (k, n), orthonormal rows.
        discarded: sum of the squared values that were dropped over the sum of all, in [0, 1).
        rank: how many values stood above rounding before any was dropped.
    """

    left: Matrix
    values: Matrix
    right: Matrix
    discarded: float
    rank: int


def truncated_svd(matrix: Matrix, bond: int | None = None, cutoff: float = 0.0) -> Split:
    """The best approximation of rank at most ``bond`` in the Frobenius norm (Eckart and Young).

    Values at the level of rounding are always dropped; beyond them as many of the smallest as weigh at most
    ``cutoff`` together, and what is above ``bond``.

    Args:
        matrix: (m, n).
        bond: most values kept; None keeps all.
        cutoff: largest discarded weight that is accepted below ``bond``.

    Raises:
        InputError: for a matrix with NaN or infinite entries or of zeros, a bond below 1, a cutoff outside
            [0, 1).
    """
    refuse_truncation(bond, cutoff)
    if not np.all(np.isfinite(matrix)):
        raise InputError("a matrix to be split has entries that are not finite", "Lower the learning rate.")
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    if not values[0] > 0:
        raise InputError("a matrix to be split is zero: its state vanishes", "Start from another state.")
    rank = int(np.sum(values > values[0] * max(matrix.shape) * np.finfo(matrix.dtype).eps))
    weight = (values / values[0]) ** 2
    behind = np.cumsum(weight[::-1])[::-1] / np.sum(weight)
    kept = max(int(np.sum(behind[:rank] > cutoff)), 1)
    kept = kept if bond is None else min(kept, bond)
    discarded = float(behind[kept]) if kept < len(values) else 0.0
    return Split(left[:, :kept], values[:kept], right[:kept], discarded, rank)


def refuse_truncation(bond: int | None, cutoff: float) -> None:
    """Refuse settings that no truncation can have.

    Raises:
        InputError: for a bond below 1 or a cutoff outside [0, 1).
    """
    if bond is not None and bond < 1:
        raise InputError(f"a bond dimension of {bond}", "Give 1 or more.")
    if not 0 <= cutoff < 1:
        raise InputError(f"a cutoff of {cutoff:g}", "Give a weight of at least 0 and below 1.")


def log_normalised(tensor: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """A tensor of norm 1 and the logarithm of the norm that was divided out; zeros keep 0 and -inf."""
    norm = float(np.linalg.norm(tensor))
    return (tensor / norm, float(np.log(norm))) if norm > 0 else (tensor, -np.inf)


def entropy(weights: NDArray[np.floating]) -> float:
    """-sum p ln p of non-negative weights, normalised first; in nats."""
    p = weights[weights > 0] / np.sum(weights)
    return float(max(-np.sum(p * np.log(p)), 0.0))
