"""How well neighbours can be compressed together, without training (after arXiv:2604.06541)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Compressibility:
    """What local projections keep, as shares of the total variance.

    Attributes:
        kept: (levels,) share that is kept up to each level by neighbours, coarse-grained again and again.
        random: (pairings, levels) the same for sites in random orders.
        overall: (levels,) share kept by principal components of all sites at once, as many as the level keeps
            numbers: no linear map of that size keeps more.
        numbers: (levels,) how many numbers an event has left.
    """

    kept: Array
    random: Array
    overall: Array
    numbers: NDArray[np.int64]

    @property
    def gain(self) -> Array:
        """Kept by neighbours less the mean of the random orders (levels,)."""
        return self.kept - self.random.mean(axis=0)

    def excess(self) -> Array:
        """The gain over the standard deviation of the random orders (levels,); nan for fewer than two."""
        if len(self.random) < 2:
            return np.full(len(self.kept), np.nan)
        spread = np.std(self.random, axis=0, ddof=1)
        return self.gain / np.where(spread > 0, spread, np.nan)


def local_compressibility(
    x: NDArray[Any],
    rank: int,
    *,
    levels: int = 1,
    pairings: int = 20,
    rng: np.random.Generator,
) -> Compressibility:
    """Variance that neighbouring sites keep when each pair is projected on its own principal components.

    The sites (n, sites, channels) are centred. At each level the neighbours (0, 1), (2, 3), ... are joined to
    blocks; each block is projected on the ``rank`` leading eigenvectors of its own covariance, and what comes
    out is a site of the next level. The projections are orthonormal, so that the share kept is the variance
    of all projected blocks over that of all sites. A last site without a neighbour is carried on unchanged.

    The same is done with the sites in random orders, one order for all events: what any grouping of these
    sites keeps. Events that are shuffled one by one are another comparison, made by the caller. Scale the
    channels beforehand, since the share weighs them by their variance.

    Args:
        x: (n, sites, channels), two sites or more.
        rank: numbers kept of a block.
        levels: how often neighbours are joined.
        pairings: random orders.
        rng: draws the orders.

    Raises:
        InputError: for another shape, fewer than two events, values that are not finite or do not vary, a
            rank below 1, no random order, or more levels than there are neighbours to join.
    """
    rows = _refuse(x, rank, levels, pairings)
    centred = rows - rows.mean(axis=0)
    covariance = np.tensordot(centred, centred, axes=(0, 0)) / len(rows)
    total = float(np.einsum("sasa->", covariance))
    if not total > 0:
        raise InputError("none of the sites varies", "Give events that differ.")
    orders = [rng.permutation(rows.shape[1]) for _ in range(pairings)]
    kept, numbers = _levels(covariance, np.arange(rows.shape[1]), rank, levels)
    random = np.array([_levels(covariance, order, rank, levels)[0] for order in orders])
    size = rows.shape[1] * rows.shape[2]
    spectrum = np.linalg.eigvalsh(covariance.reshape(size, size))[::-1]
    overall = np.cumsum(spectrum)[numbers - 1]
    return Compressibility(kept / total, random / total, np.asarray(overall, np.float64) / total, numbers)


def _refuse(x: NDArray[Any], rank: int, levels: int, pairings: int) -> Array:
    rows = np.asarray(x, np.float64)
    if rows.ndim != 3 or len(rows) < 2 or rows.shape[1] < 2 or rows.shape[2] < 1:
        raise InputError(
            f"sites of shape {rows.shape}", "Give (events, sites, channels), two or more events and sites."
        )
    if not np.all(np.isfinite(rows)):
        raise InputError("a site is NaN or infinite", "Remove or repair such values first.")
    if rank < 1 or pairings < 1:
        raise InputError(f"rank {rank} with {pairings} random orders", "Give 1 or more of both.")
    most = (rows.shape[1] - 1).bit_length()
    if not 1 <= levels <= most:
        raise InputError(f"{levels} levels over {rows.shape[1]} sites", f"Give 1 to {most}.")
    return rows


def _levels(
    covariance: NDArray[Any], order: NDArray[np.int64], rank: int, levels: int
) -> tuple[Array, NDArray[np.int64]]:
    """Variance (levels,) and numbers (levels,) kept of sites in an order, by covariance alone.

    ``maps`` holds for each site of the level the matrix (numbers, sites * channels) that makes it.
    """
    sites, channels = covariance.shape[:2]
    whole = covariance.reshape(sites * channels, sites * channels)
    everything: NDArray[Any] = np.eye(sites * channels)
    maps = [everything[site * channels : (site + 1) * channels] for site in order]
    kept, numbers = [], []
    for _ in range(levels):
        joined = [np.concatenate(two) for two in zip(maps[::2], maps[1::2], strict=False)]
        maps = [_projected(block, whole, rank) for block in joined] + maps[2 * len(joined) :]
        kept.append(sum(float(np.einsum("ki,ij,kj->", m, whole, m, optimize=True)) for m in maps))
        numbers.append(sum(len(m) for m in maps))
    return np.array(kept), np.array(numbers)


def _projected(block: NDArray[Any], whole: NDArray[Any], rank: int) -> NDArray[Any]:
    """The leading principal components of a block, as a matrix on all sites."""
    _, vectors = np.linalg.eigh(block @ whole @ block.T)
    return vectors[:, ::-1][:, :rank].T @ block


def nearest_chain(positions: NDArray[Any], real: NDArray[np.bool_] | None = None) -> NDArray[np.int64]:
    """Orders (n, sites) that go from the first site always to the nearest one not yet visited.

    It keeps what lies near in the plane near in the chain; a site that is not real comes last.

    Args:
        positions: (n, sites, coordinates), such as (eta, phi) from the jet axis, where no angle wraps.
        real: (n, sites) which sites exist; all by default. The first of an event should.

    Raises:
        InputError: for another shape.
    """
    places = np.asarray(positions, np.float64)
    if places.ndim != 3:
        raise InputError(f"positions of shape {places.shape}", "Give (events, sites, coordinates).")
    n, sites = places.shape[:2]
    left = np.ones((n, sites), bool)
    absent = np.zeros((n, sites), bool) if real is None else ~np.asarray(real, bool)
    orders, rows, here = np.zeros((n, sites), np.int64), np.arange(n), np.zeros(n, np.int64)
    for step in range(sites):
        orders[:, step] = here
        left[rows, here] = False
        apart = np.sum((places - places[rows, here][:, None]) ** 2, axis=2)
        rank = np.where(left, np.where(absent, np.finfo(float).max, apart), np.inf)
        here = np.argmin(rank, axis=1)
    return orders


def neighbour_distance(positions: NDArray[Any]) -> float:
    """Mean distance between neighbours of a chain (n, sites, coordinates)."""
    places = np.asarray(positions, np.float64)
    steps = [np.linalg.norm(places[:, b] - places[:, a], axis=1) for a, b in pairwise(range(places.shape[1]))]
    return float(np.mean(steps))
