"""Matrix-product operators: one tensor (left, out, in, right) a site; their expectation and application."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Any

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.canonical import Truncation, compress
from strangeness.tensor_networks.linalg import log_normalised
from strangeness.tensor_networks.mps import MPS, log_norm, refuse_unfit

Tensor = NDArray[np.floating]


class MPO(eqx.Module):
    """An operator sum over bonds of W1[o1, i1] ... Wn[on, in], times e^``log_scale``."""

    tensors: tuple[NDArray[Any], ...]
    log_scale: float = 0.0

    def __check_init__(self) -> None:
        refuse_unfit([tensor.shape for tensor in self.tensors], axes=4)

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def bonds(self) -> tuple[int, ...]:
        """Bond dimensions (sites - 1,)."""
        return tuple(tensor.shape[3] for tensor in self.tensors[:-1])


def nearest_neighbour_mpo(
    sites: int, single: Tensor, pairs: Sequence[tuple[float, Tensor, Tensor]] = ()
) -> MPO:
    """sum_i single_i + sum_i sum_k c_k a_k(i) b_k(i + 1), as the usual triangular tensors.

    Args:
        sites: number of sites, 2 or more.
        single: operator (size, size) on each site.
        pairs: coefficient and two operators (size, size) for each kind of neighbour term.

    Raises:
        InputError: for fewer than two sites.
    """
    if sites < 2:
        raise InputError(f"neighbours on {sites} site", "Give 2 or more.")
    size, bond = single.shape[0], len(pairs) + 2
    bulk = np.zeros((bond, size, size, bond))
    bulk[0, :, :, 0] = bulk[-1, :, :, -1] = np.eye(size)
    bulk[0, :, :, -1] = single
    for k, (coefficient, a, b) in enumerate(pairs, start=1):
        bulk[0, :, :, k], bulk[k, :, :, -1] = coefficient * a, b
    return MPO((bulk[:1], *[bulk] * (sites - 2), bulk[..., -1:]))


def expectation(operator: MPO, state: MPS, bra: MPS | None = None) -> float:
    """<state|O|state> over <state|state>, or <bra|O|state> as it is; 0 below the smallest double.

    Raises:
        InputError: for an operator and a state of other sites.
    """
    sign, log = log_matrix_element(operator, state, state if bra is None else bra)
    if bra is None:
        log -= log_norm(state)
    return float(sign * np.exp(log))


def log_matrix_element(operator: MPO, ket: MPS, bra: MPS) -> tuple[float, float]:
    """Sign and logarithm of |<bra|O|ket>|; (0, -inf) where it vanishes.

    Raises:
        InputError: for other sites.
    """
    _refuse_other_sites(operator, ket)
    block, total = np.ones((1, 1, 1)), ket.log_scale + bra.log_scale + operator.log_scale
    for upper, middle, lower in zip(bra.tensors, operator.tensors, ket.tensors, strict=True):
        block = np.einsum("awb,apc,wpqx,bqd->cxd", block, upper, middle, lower, optimize=True)
        block, log = log_normalised(block)
        total += log
    return float(np.sign(block[0, 0, 0])), float(total)


def apply(operator: MPO, state: MPS) -> MPS:
    """O|state>, exactly; the bonds multiply (``compress`` cuts them).

    Raises:
        InputError: for other sites.
    """
    _refuse_other_sites(operator, state)
    made = []
    for middle, tensor in zip(operator.tensors, state.tensors, strict=True):
        both = np.einsum("wpqx,lqr->wlpxr", middle, tensor)
        w, left, size, x, right = both.shape
        made.append(both.reshape(w * left, size, x * right))
    return MPS(tuple(made), operator.log_scale + state.log_scale)


def compress_mpo(operator: MPO, bond: int | None = None, cutoff: float = 0.0) -> tuple[MPO, Truncation]:
    """The operator with smaller bonds, best in the Frobenius norm cut by cut, and what it cost.

    Raises:
        InputError: as ``compress``.
    """
    shapes = [tensor.shape[1:3] for tensor in operator.tensors]
    flat = tuple(tensor.reshape(tensor.shape[0], -1, tensor.shape[3]) for tensor in operator.tensors)
    cut = compress(MPS(flat, operator.log_scale), bond, cutoff)
    tensors = [
        tensor.reshape(tensor.shape[0], *shape, tensor.shape[2])
        for tensor, shape in zip(cut.state.tensors, shapes, strict=True)
    ]
    return MPO(tuple(tensors), cut.state.log_scale), cut


def mpo_to_dense(operator: MPO) -> Tensor:
    """The matrix of a small operator.

    Raises:
        InputError: when it would hold more than 2^24 numbers.
    """
    if sum(np.log2(tensor.shape[1] * tensor.shape[2]) for tensor in operator.tensors) > 24:
        raise InputError(f"a dense operator of {len(operator)} sites", "Contract it instead.")
    dense = reduce(lambda a, b: np.tensordot(a, b, axes=1), operator.tensors)[0, ..., 0]
    sites = len(operator)
    dense = dense.transpose(*range(0, 2 * sites, 2), *range(1, 2 * sites, 2))
    side = int(np.prod(dense.shape[:sites]))
    return dense.reshape(side, -1) * np.exp(operator.log_scale)


def _refuse_other_sites(operator: MPO, state: MPS) -> None:
    if tuple(tensor.shape[2] for tensor in operator.tensors) != state.sizes:
        raise InputError(
            f"an operator of {len(operator)} sites on a state of {len(state)}, or of other local dimensions",
            "Give equal ones.",
        )
