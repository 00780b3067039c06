"""Matrix-product states: one real tensor (left, size, right) a site, outer bonds of 1.

Two forms are used. This one keeps the true bond dimensions, which change from cut to cut and during sweeps;
its algebra is NumPy, because every new shape would make JAX compile anew (200 ms for a new SVD, against
0.3 ms). ``padded`` is the other: one array of one shape, for the compiled contractions over batches of events
in ``contraction``.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import equinox as eqx
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.linalg import log_normalised, truncated_svd

Tensor = NDArray[np.floating]


class MPS(eqx.Module):
    """A state sum over bonds of A1[s1] A2[s2] ... An[sn], times e^``log_scale``."""

    tensors: tuple[NDArray[Any], ...]
    log_scale: float = 0.0

    def __check_init__(self) -> None:
        refuse_unfit([tensor.shape for tensor in self.tensors], axes=3)

    def __len__(self) -> int:
        return len(self.tensors)

    @property
    def bonds(self) -> tuple[int, ...]:
        """Bond dimensions (sites - 1,)."""
        return tuple(tensor.shape[2] for tensor in self.tensors[:-1])

    @property
    def sizes(self) -> tuple[int, ...]:
        """Dimensions (sites,) of the local spaces."""
        return tuple(tensor.shape[1] for tensor in self.tensors)


def refuse_unfit(shapes: Sequence[tuple[int, ...]], axes: int) -> None:
    """Refuse tensors that do not make a chain.

    Raises:
        InputError: for no tensor, another number of axes, or bonds that do not fit.
    """
    if not shapes:
        raise InputError("a chain of 0 sites", "Give one tensor a site.")
    for site, shape in enumerate(shapes):
        if len(shape) != axes or 0 in shape:
            raise InputError(f"the tensor of site {site} has shape {shape}", f"Give {axes} axes, none empty.")
    ends = [1, *(shape[-1] for shape in shapes)]
    for site, (shape, left) in enumerate(zip(shapes, ends[:-1], strict=True)):
        if shape[0] != left:
            raise InputError(
                f"the tensor of site {site} has a left bond of {shape[0]} and the one before it {left}",
                "Bonds between neighbours must be equal, the outer ones 1.",
            )
    if ends[-1] != 1:
        raise InputError(f"the last tensor has a right bond of {ends[-1]}", "The outer bonds are 1.")


def random_mps(sites: int, size: int, bond: int, rng: np.random.Generator) -> MPS:
    """A normal random state; bonds that the space does not fill are smaller (``exact_bonds``).

    Raises:
        InputError: for fewer than one site, component or bond.
    """
    bonds = (1, *exact_bonds([size] * sites, bond), 1)
    shapes = [(a, size, b) for a, b in pairwise(bonds)]
    return MPS(tuple(rng.normal(scale=(s[0] * size) ** -0.5, size=s) for s in shapes))


def product_state(vectors: NDArray[np.floating]) -> MPS:
    """The product of vectors (sites, size)."""
    return MPS(tuple(np.asarray(vector, np.float64)[None, :, None] for vector in vectors))


def exact_bonds(sizes: Sequence[int], bond: int) -> tuple[int, ...]:
    """The bonds (sites - 1,) that a state can use: ``bond``, or the smaller of the two sides' dimensions.

    Raises:
        InputError: for no site, a local dimension below 1 or a bond below 1.
    """
    if not sizes or min(sizes) < 1 or bond < 1:
        raise InputError(
            f"a chain of {len(sizes)} sites, components {min(sizes, default=0)} and bond {bond}",
            "Give 1 or more of each.",
        )
    # Python integers do not overflow, but products of a thousand sizes are only needed up to the bond.
    left = [1]
    for size in sizes[:-1]:
        left.append(min(left[-1] * size, bond))
    right = [1]
    for size in sizes[:0:-1]:
        right.append(min(right[-1] * size, bond))
    return tuple(min(pair) for pair in zip(left[1:], right[:0:-1], strict=True))


def bond_note(sizes: Sequence[int], bond: int) -> str:
    """A sentence that says when a bond dimension is larger than the exact rank; empty otherwise."""
    largest = max(exact_bonds(sizes, bond), default=1)
    if largest >= bond:
        return ""
    return (
        f"a bond dimension of {bond} is above the exact rank {largest} of {len(sizes)} sites: it is reduced"
    )


def from_dense(tensor: Tensor, bond: int | None = None, cutoff: float = 0.0) -> MPS:
    """The state of a dense tensor (size, ..., size), split from the left; exact without bond and cutoff.

    Raises:
        InputError: for a tensor of zeros or with values that are not finite.
    """
    rest, tensors = np.asarray(tensor, np.float64)[None], []
    while rest.ndim > 2:
        shape = rest.shape
        split = truncated_svd(rest.reshape(shape[0] * shape[1], -1), bond, cutoff)
        tensors.append(split.left.reshape(*shape[:2], -1))
        rest = (split.values[:, None] * split.right).reshape(-1, *shape[2:])
    return MPS((*tensors, rest[:, :, None]))


def to_dense(state: MPS) -> Tensor:
    """The tensor (size, ..., size) of a small state.

    Raises:
        InputError: when it would hold more than 2^24 numbers.
    """
    if np.sum(np.log2(state.sizes)) > 24:
        raise InputError(f"a dense tensor of {len(state)} sites", "Contract it instead.")
    dense = reduce(lambda a, b: np.tensordot(a, b, axes=1), state.tensors)
    return dense[0, ..., 0] * np.exp(state.log_scale)


def log_inner(a: MPS, b: MPS) -> tuple[float, float]:
    """Sign and logarithm of |<a|b>|; (0, -inf) for orthogonal states. Any number of sites.

    Raises:
        InputError: for states of other sizes.
    """
    if a.sizes != b.sizes:
        raise InputError(f"states of sizes {a.sizes[:4]} and {b.sizes[:4]} ...", "Give equal sites.")
    overlap, total = np.ones((1, 1)), a.log_scale + b.log_scale
    for upper, lower in zip(a.tensors, b.tensors, strict=True):
        half = np.tensordot(overlap, lower, axes=(1, 0))
        overlap, log = log_normalised(np.tensordot(upper, half, axes=((0, 1), (0, 1))))
        total += log
    return float(np.sign(overlap[0, 0])), float(total)


def log_norm(state: MPS) -> float:
    """ln <state|state>."""
    return log_inner(state, state)[1]


def padded(state: MPS, bond: int | None = None) -> Tensor:
    """One array (sites, bond, size, bond) with zeros where a tensor is smaller; component 0 ends the chain.

    ``log_scale`` is spread evenly over the sites.

    Raises:
        InputError: for local spaces of several dimensions, or a bond that is too small.
    """
    most = max((1, *state.bonds))
    bond = most if bond is None else bond
    if len(set(state.sizes)) > 1 or bond < most:
        raise InputError(
            f"a state of bond {most} and dimensions {sorted(set(state.sizes))} cannot be padded to {bond}",
            "Give sites of one dimension and a bond that holds all.",
        )
    cores = np.zeros((len(state), bond, state.sizes[0], bond))
    for core, tensor in zip(cores, state.tensors, strict=True):
        core[: tensor.shape[0], :, : tensor.shape[2]] = tensor
    return cores * np.exp(state.log_scale / len(state))


def from_padded(cores: Tensor) -> MPS:
    """The state of padded cores (sites, bond, size, bond); zeros stay until it is compressed."""
    cores = np.asarray(cores, np.float64)
    tensors = [*cores]
    tensors[0], tensors[-1] = tensors[0][:1], tensors[-1][:, :, :1]
    return MPS(tuple(tensors))
