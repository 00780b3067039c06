"""Train a linear discriminant, calibrate it and cut, for one label assignment after another (compiled)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]


@njit(cache=True)
def select(
    x: Array,
    trains: Mask,
    against: Mask,
    tested: Mask,
    calibrate: Mask,
    cell: NDArray[np.intp],
    in_bin: NDArray[np.intp],
    shape: tuple[int, int],
    alpha: float,
) -> tuple[Array, NDArray[np.int64]]:
    """What passes in each of P label assignments.

    Args:
        x: features (n, d).
        trains: events on the data's side of the training (P, n).
        against: events on the reference's side (P, n).
        tested: events that are counted (P, n).
        calibrate: events that calibrate (P, n).
        cell: bin of the calibration of each event (n,).
        in_bin: bin of the hunt of each event (n,).
        shape: how many bins of both kinds there are.
        alpha: an event passes where its p-value, (1 + calibration events above) / (n + 1), is at most this.

    Returns:
        Counts (bins of the hunt, P), and of passing, tested and calibration events (3, cells, P).
    """
    n, cells, (toys, bins) = len(x), shape[0], (len(trains), shape[1])
    counts, sums = np.zeros((bins, toys)), np.zeros((3, cells, toys), np.int64)
    kept, cut = np.empty((cells, n + 1)), np.empty(cells)
    for toy in range(toys):
        score = x @ _direction(x, trains[toy], against[toy])
        size = np.zeros(cells, np.int64)
        for i in range(n):  # without branches: labels are random, and a wrong guess costs more than a sum
            kept[cell[i], size[cell[i]]] = score[i]
            size[cell[i]] += calibrate[toy, i]
        for c in range(cells):
            k = int(np.floor(alpha * (size[c] + 1) * (1 + 1e-12)))
            cut[c] = np.partition(kept[c, : size[c]], size[c] - k)[size[c] - k] if k > 0 else np.inf
        for i in np.flatnonzero(tested[toy]):
            passes = score[i] > cut[cell[i]]
            sums[0, cell[i], toy] += passes
            sums[1, cell[i], toy] += 1
            counts[in_bin[i], toy] += passes
        sums[2, :, toy] = size
    return counts, sums


@njit(cache=True)
def _direction(x: Array, first: Mask, second: Mask) -> Any:
    """Fisher's direction (d,) of the events marked in ``first`` against those in ``second``."""
    mean_1, covariance_1 = _moments(x[np.flatnonzero(first)])
    mean_2, covariance_2 = _moments(x[np.flatnonzero(second)])
    return np.linalg.solve(0.5 * (covariance_1 + covariance_2), mean_1 - mean_2)


@njit(cache=True)
def _moments(x: Any) -> tuple[Any, Any]:
    """Mean (d,) and covariance (d, d) of events (m, d)."""
    mean = x.sum(axis=0) / len(x)
    covariance = (x.T @ x) / len(x) - np.outer(mean, mean)
    return mean, covariance
