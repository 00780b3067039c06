"""Two-site sweeps in the manner of DMRG: neighbours are merged, improved, and split with a bond that adapts.

Host code in 64 bits: bonds change from split to split. One chain serves both uses: a centre tensor carries a
label of ``labels`` values, one for a density (arXiv:1709.01662) and several for a classifier
(arXiv:1605.05775). The merged tensor is improved by some iterations of L-BFGS on the rows of the sweep.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks.classifier import FLOOR
from strangeness.tensor_networks.linalg import truncated_svd

Tensor = NDArray[Any]
Loss = Callable[[Tensor, NDArray[np.int64]], tuple[Tensor, Tensor]]
"""(amplitudes (n, labels) of a state of norm 1, labels (n,)) -> losses (n,), derivatives (n, labels)."""

SMALLEST = 1e-8
"""An amplitude below this share of the largest that its event could have counts as this share."""


@dataclass(frozen=True)
class Sweeps:
    """How a chain is swept.

    Attributes:
        sweeps: from the middle to the right end, to the left end and back to the middle.
        steps: iterations of L-BFGS a pair of sites.
        cutoff: weight that may be dropped at a split; what lies above it makes the bond grow.
        rows: most events a sweep, drawn anew for each.
        patience: sweeps without a better hold-out loss after which it stops.
    """

    sweeps: int = 3
    steps: int = 4
    cutoff: float = 1e-6
    rows: int = 4000
    patience: int = 1


@dataclass
class Centred:
    """A chain in mixed canonical form: isometries and a centre (left, size, right, labels) of norm 1.

    Attributes:
        tensors: one (left, size, right) a site; the entry of the centre is not used.
        centre: the centre's tensor.
        site: where it stands.
    """

    tensors: list[Tensor]
    centre: Tensor
    site: int

    @property
    def bonds(self) -> tuple[int, ...]:
        """Bond dimensions (sites - 1,)."""
        ends = [t.shape[2] for t in self.tensors]
        ends[self.site] = self.centre.shape[2]
        return tuple(ends[:-1])


def centred(left: list[Tensor], centre: Tensor, right: list[Tensor]) -> Centred:
    """The mixed canonical form of cores (left, size, right) around a centre (left, size, right, labels).

    Raises:
        InputError: when the chain vanishes or is not finite.
    """
    tensors = [np.asarray(t, np.float64) for t in left]
    carried = np.eye(1) if not tensors else np.eye(tensors[0].shape[0])
    for site, tensor in enumerate(tensors):
        merged = _scaled(np.tensordot(carried, tensor, axes=1))
        isometry, carried = np.linalg.qr(merged.reshape(-1, merged.shape[2]))
        tensors[site] = isometry.reshape(*merged.shape[:2], -1)
    centre = np.tensordot(_scaled(carried), np.asarray(centre, np.float64), axes=1)
    others, carried = [np.asarray(t, np.float64) for t in right], np.eye(1)
    carried = carried if not others else np.eye(others[-1].shape[2])
    for site in range(len(others) - 1, -1, -1):
        merged = _scaled(np.tensordot(others[site], carried, axes=1))
        isometry, rest = np.linalg.qr(merged.reshape(merged.shape[0], -1).T)
        others[site], carried = isometry.T.reshape(-1, *merged.shape[1:]), rest.T
    centre = _scaled(np.einsum("lprc,rs->lpsc", centre, _scaled(carried)))
    return Centred([*tensors, centre[..., 0], *others], centre, len(tensors))


def _scaled(tensor: Tensor) -> Tensor:
    norm = float(np.linalg.norm(tensor))
    if not 0 < norm < np.inf:
        raise InputError(f"a chain whose norm is {norm:g}", "Start from another state.")
    return tensor / norm


@dataclass(frozen=True)
class SweepReport:
    """What a sweep did.

    Attributes:
        loss: mean loss of its rows after it.
        bonds: bond dimensions (sites - 1,) after it.
        discarded: largest weight dropped at a split.
    """

    loss: float
    bonds: tuple[int, ...]
    discarded: float


def sweep(
    chain: Centred,
    vectors: Tensor,
    label: NDArray[np.int64],
    weight: Tensor,
    loss: Loss,
    bond: int,
    settings: Sweeps,
) -> SweepReport:
    """Improve a chain in place: right to the end, left to the other, and back to where the centre was.

    Args:
        chain: in mixed canonical form, of two sites or more.
        vectors: product vectors (n, sites, size).
        label: (n,), or zeros for a density.
        weight: non-negative weights (n,).
        loss: of amplitudes.
        bond: largest bond dimension.
        settings: iterations and cutoff.

    Raises:
        InputError: when a merged tensor becomes zero or not finite, naming the pair of sites.
    """
    work = _Work(chain, vectors, label, weight / np.sum(weight), loss, bond, settings)
    home, last = chain.site, len(chain.tensors) - 1
    for _ in range(home, last):
        work.right()
    for _ in range(last):
        work.left()
    for _ in range(home):
        work.right()
    return SweepReport(mean_loss(chain, vectors, label, weight, loss), chain.bonds, work.discarded)


@dataclass
class _Work:
    """A sweep under way, with the environments of all rows on both sides."""

    chain: Centred
    vectors: Tensor
    label: NDArray[np.int64]
    weight: Tensor
    loss: Loss
    bond: int
    settings: Sweeps
    lefts: dict[int, Tensor] = field(default_factory=dict)
    rights: dict[int, Tensor] = field(default_factory=dict)
    discarded: float = 0.0

    def __post_init__(self) -> None:
        n, sites = len(self.vectors), len(self.chain.tensors)
        self.lefts[0] = self.rights[sites - 1] = np.ones((n, 1))
        for site in range(self.chain.site):
            self._grow_left(site)
        for site in range(sites - 1, self.chain.site, -1):
            self._grow_right(site)

    def _grow_left(self, site: int) -> None:
        rows = _joined(self.lefts[site], self.vectors[:, site])
        tensor = self.chain.tensors[site]
        self.lefts[site + 1] = _unit(rows @ tensor.reshape(-1, tensor.shape[2]))

    def _grow_right(self, site: int) -> None:
        rows = _joined(self.vectors[:, site], self.rights[site])
        tensor = self.chain.tensors[site]
        self.rights[site - 1] = _unit(rows @ tensor.reshape(tensor.shape[0], -1).T)

    def right(self) -> None:
        """Improve the centre with its right neighbour and move the centre there."""
        chain, site = self.chain, self.chain.site
        merged = np.einsum("lprc,rqs->lpqsc", chain.centre, chain.tensors[site + 1])
        merged = self._improved(merged, site)
        a, p, q, s, c = merged.shape
        split = truncated_svd(merged.reshape(a * p, -1), self.bond, self.settings.cutoff)
        self.discarded = max(self.discarded, split.discarded)
        chain.tensors[site] = split.left.reshape(a, p, -1)
        chain.centre = _scaled(split.values[:, None] * split.right).reshape(-1, q, s, c)
        chain.site = site + 1
        self._grow_left(site)

    def left(self) -> None:
        """Improve the centre with its left neighbour and move the centre there."""
        chain, site = self.chain, self.chain.site - 1
        merged = np.einsum("lpr,rqsc->lpqsc", chain.tensors[site], chain.centre)
        merged = self._improved(merged, site)
        a, p, q, s, c = merged.shape
        matrix = merged.transpose(0, 1, 4, 2, 3).reshape(a * p * c, q * s)
        split = truncated_svd(matrix, self.bond, self.settings.cutoff)
        self.discarded = max(self.discarded, split.discarded)
        chain.tensors[site + 1] = split.right.reshape(-1, q, s)
        centre = _scaled(split.left * split.values).reshape(a, p, c, -1)
        chain.centre, chain.site = centre.transpose(0, 1, 3, 2), site
        self._grow_right(site + 1)

    def _improved(self, merged: Tensor, site: int) -> Tensor:
        from scipy.optimize import minimize

        x = _unit(_joined(self.lefts[site], self.vectors[:, site]))
        y = _unit(_joined(self.vectors[:, site + 1], self.rights[site + 1]))
        shape = (x.shape[1], y.shape[1], merged.shape[-1])

        def objective(flat: Tensor) -> tuple[float, Tensor]:
            return _value_and_gradient(flat.reshape(shape), x, y, self.label, self.weight, self.loss)

        found = minimize(
            objective,
            merged.ravel(),
            jac=True,
            method="L-BFGS-B",
            options={"maxiter": self.settings.steps},
        )
        if not (np.isfinite(found.fun) and np.all(np.isfinite(found.x)) and np.any(found.x)):
            raise InputError(
                f"a sweep gave a loss of {found.fun:g} at sites {site} and {site + 1}",
                "Start from another state, scale the features, or give fewer steps.",
            )
        return _scaled(found.x).reshape(merged.shape)


def _value_and_gradient(
    merged: Tensor, x: Tensor, y: Tensor, label: NDArray[np.int64], weight: Tensor, loss: Loss
) -> tuple[float, Tensor]:
    """Mean loss of the normalised tensor, and its derivative with respect to the tensor as it is."""
    i, j, labels = merged.shape
    norm = float(np.linalg.norm(merged))
    half = (x @ merged.reshape(i, -1)).reshape(-1, j, labels)
    amplitudes = np.einsum("njc,nj->nc", half, y) / norm
    losses, slope = loss(amplitudes, label)
    slope = slope * weight[:, None]
    outer = (y[:, :, None] * slope[:, None, :]).reshape(len(y), -1)
    along = float(np.sum(slope * amplitudes))
    gradient = ((x.T @ outer).reshape(i, j, labels) - along * merged / norm) / norm
    return float(weight @ losses), gradient.ravel()


def likelihood_loss(amplitudes: Tensor, label: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """-ln f^2 of a density, up to what the environments hold; f is floored softly at ``SMALLEST``."""
    square = amplitudes**2 + SMALLEST**2
    return -np.log(square[:, 0]), -2.0 * amplitudes / square


def classification_loss(amplitudes: Tensor, label: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    """-ln p(label) with p = f^2 / sum f^2 and the floor of ``classifier.log_shares``."""
    n, labels = amplitudes.shape
    total = np.maximum(np.sum(amplitudes**2, axis=1), SMALLEST**2)
    own = np.arange(n), label
    share = amplitudes[own] ** 2 / total
    slope = 2.0 * amplitudes * share[:, None]
    slope[own] -= 2.0 * amplitudes[own]
    slope /= (total * (share + FLOOR / labels))[:, None]
    return np.log1p(FLOOR) - np.log(share + FLOOR / labels), slope


def amplitudes(chain: Centred, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """f (n, labels) and a logarithm (n,): the amplitudes of a normalised chain are f e^logarithm."""
    left, right, log = np.ones((len(vectors), 1)), np.ones((len(vectors), 1)), np.zeros(len(vectors))
    for site in range(chain.site):
        tensor = chain.tensors[site]
        left, log = _shortened(_joined(left, vectors[:, site]) @ tensor.reshape(-1, tensor.shape[2]), log)
    for site in range(len(chain.tensors) - 1, chain.site, -1):
        tensor = chain.tensors[site]
        rows = _joined(vectors[:, site], right) @ tensor.reshape(tensor.shape[0], -1).T
        right, log = _shortened(rows, log)
    x, centre = _joined(left, vectors[:, chain.site]), chain.centre
    half = (x @ centre.reshape(x.shape[1], -1)).reshape(len(x), *centre.shape[2:])
    return np.einsum("nrc,nr->nc", half, right), log


def mean_loss(chain: Centred, vectors: Tensor, label: NDArray[np.int64], weight: Tensor, loss: Loss) -> float:
    """Weighted mean loss of rows; for one label -ln of the density, its whole logarithm included."""
    f, log = amplitudes(chain, vectors)
    losses = loss(f, label)[0]
    return float(np.average(losses - 2.0 * log if f.shape[1] == 1 else losses, weights=weight))


def _shortened(rows: Tensor, log: Tensor) -> tuple[Tensor, Tensor]:
    norm = np.maximum(np.linalg.norm(rows, axis=1), SMALLEST**4)
    return rows / norm[:, None], log + np.log(norm)


def _joined(a: Tensor, b: Tensor) -> Tensor:
    """Rows (n, i) and (n, j) to their products (n, i * j)."""
    return (a[:, :, None] * b[:, None, :]).reshape(len(a), -1)


def _unit(rows: Tensor) -> Tensor:
    """Rows of length 1; a row that vanishes stays zero."""
    norm = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(norm > 0, norm, 1.0)
