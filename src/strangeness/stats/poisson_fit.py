"""Poisson regression with log link for many histograms at once: Newton steps on shared design columns.

All arrays inside have the histogram on the LAST axis, so that each step is one matrix product over all of
them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import xlogy

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
_CHUNK = 2048
_MAX_STEPS = 60
_TOLERANCE = 1e-9  # squared Newton decrement, in units of one log-likelihood


@dataclass(frozen=True)
class PoissonFit:
    """Fits of P histograms: expected (P, bins), params (P, k), deviance (P,), converged (P,) bool."""

    expected: Array
    params: Array
    deviance: Array
    converged: NDArray[np.bool_]


class Design:
    """Design columns (bins, k) made orthonormal under ``weight`` (bins,), and their products."""

    def __init__(self, columns: ArrayLike, offset: ArrayLike = 0.0, weight: ArrayLike = 1.0) -> None:
        columns = np.asarray(columns, np.float64)
        self.bins, self.k = columns.shape
        self.offset = np.broadcast_to(np.asarray(offset, np.float64), (self.bins,))[:, None]
        scale = np.sqrt(np.broadcast_to(np.asarray(weight, np.float64), (self.bins,)))
        self.transform = _orthonormal(scale[:, None] * columns)
        self.q = np.ascontiguousarray(columns @ self.transform)
        self.pairs = [(i, j) for i in range(self.k) for j in range(i + 1)]
        products = np.stack([self.q[:, i] * self.q[:, j] for i, j in self.pairs])
        self.moments = np.concatenate([np.ones((1, self.bins)), self.q.T, products])

    def expected(self, theta: Array) -> Array:
        """Expected counts (bins, P) at internal parameters (k, P)."""
        eta = self.q @ theta
        eta += self.offset
        np.clip(eta, -600.0, 600.0, out=eta)
        return np.exp(eta, out=eta)

    def params(self, theta: Array) -> Array:
        """Parameters (k, P) of the columns that were given."""
        return self.transform @ theta

    def internal(self, params: Array) -> Array:
        """Internal parameters (k, P) of the given ones."""
        return np.asarray(np.linalg.lstsq(self.transform, params, rcond=None)[0], np.float64)


def fit(counts: ArrayLike, design: ArrayLike, offset: ArrayLike = 0.0) -> PoissonFit:
    """Maximum-likelihood fits of log E[n] = offset + design @ params to many histograms.

    Args:
        counts: (P, bins) or (bins,), >= 0, whole or scaled.
        design: (bins, k), k <= bins.
        offset: (bins,) or a number, for instance the log of the bin widths.

    Raises:
        InputError: for shapes that do not match, negative or non-finite counts, or an empty histogram.
    """
    counts = np.atleast_2d(np.asarray(counts, np.float64))
    design = np.asarray(design, np.float64)
    _check(counts, design)
    prepared = Design(design, offset, weight=counts.mean(axis=0) + 1e-3 * counts.mean())
    parts = [_fit_chunk(counts[i : i + _CHUNK].T, prepared) for i in range(0, counts.shape[0], _CHUNK)]
    expected, params, converged = (np.concatenate(part) for part in zip(*parts, strict=True))
    return PoissonFit(expected, params, deviance(counts, expected), converged)


def deviance(counts: Array, expected: Array) -> Array:
    """Poisson deviance 2 sum_i [n log(n / mu) - (n - mu)] over the last axis."""
    return 2 * np.sum(xlogy(counts, counts) - xlogy(counts, expected) - (counts - expected), axis=-1)


def _fit_chunk(counts: Array, design: Design) -> tuple[Array, Array, NDArray[np.bool_]]:
    mu, theta, converged = newton(np.ascontiguousarray(counts), design, start(counts, design))
    return mu.T, design.params(theta).T, converged


def start(counts: Array, design: Design) -> Array:
    """First parameters (k, P): weighted least squares on the logarithms of counts + 1/2."""
    weight = counts + 0.5
    sums = design.moments @ weight
    target = design.q.T @ (weight * (np.log(weight) - design.offset))
    return _solve(sums[1 + design.k :], target, design)


def newton(counts: Array, design: Design, theta: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
    """Newton's method with step halving from ``theta`` (k, P).

    Returns:
        Expected counts (bins, P), internal parameters (k, P) and a convergence flag (P,).
    """
    theta = np.array(np.broadcast_to(theta, (design.k, counts.shape[1])))
    observed = design.q.T @ counts
    done = np.zeros(counts.shape[1], bool)
    active: NDArray[np.intp] | slice = slice(None)
    state = _Descent(observed, design, theta)
    for _ in range(_MAX_STEPS):
        finished = state.advance()
        if finished.all():
            theta[:, active], done[active] = state.theta, True
            break
        if finished.any():
            theta[:, active] = state.theta
            index = np.arange(done.size)[active]
            done[index[finished]] = True
            active = index[~finished]
            state = state.subset(~finished)
    else:
        theta[:, active] = state.theta
    return design.expected(theta), theta, done


class _Descent:
    """The state of the fits that still move: parameters, objective and the proposed step."""

    def __init__(self, observed: Array, design: Design, theta: Array) -> None:
        self.observed, self.design, self.theta = observed, design, theta
        self.objective = np.full(theta.shape[1], np.inf)
        self.step = np.zeros_like(theta)

    def subset(self, keep: NDArray[np.bool_]) -> _Descent:
        part = _Descent(self.observed[:, keep], self.design, self.theta[:, keep])
        part.objective, part.step = self.objective[keep], self.step[:, keep]
        return part

    def advance(self) -> NDArray[np.bool_]:
        """Try the step, halve it where the likelihood fell, propose the next; True where it has converged."""
        trial = self.theta + self.step
        sums = self.design.moments @ self.design.expected(trial)
        objective = sums[0] - np.einsum("kp,kp->p", self.observed, trial)
        worse = ~(objective <= self.objective + 1e-10 * (1 + np.abs(self.objective)))
        if worse.any():
            return self._advance_some(trial, objective, sums, worse)
        self.theta, self.objective = trial, objective
        self.step, decrement = self._propose(self.observed, sums)
        return self._finish(decrement < _TOLERANCE)

    def _advance_some(
        self, trial: Array, objective: Array, sums: Array, worse: NDArray[np.bool_]
    ) -> NDArray[np.bool_]:
        good = ~worse
        self.theta[:, good], self.objective[good] = trial[:, good], objective[good]
        step, decrement = self._propose(self.observed, sums)
        self.step = np.where(good, step, self.step / 2)
        # a step that was halved to nothing has met rounding, not failure
        lost = worse & (np.abs(self.step).max(axis=0) < 1e-12)
        return self._finish((good & (decrement < _TOLERANCE)) | lost)

    def _propose(self, observed: Array, sums: Array) -> tuple[Array, Array]:
        gradient = observed - sums[1 : 1 + self.design.k]
        step = _solve(sums[1 + self.design.k :], gradient, self.design)
        return step, np.einsum("kp,kp->p", step, gradient)

    def _finish(self, finished: NDArray[np.bool_]) -> NDArray[np.bool_]:
        self.theta = self.theta + np.where(finished, self.step, 0.0) if finished.any() else self.theta
        return finished


def _solve(packed: Array, right: Array, design: Design) -> Array:
    """Solve the symmetric systems packed as rows of a lower triangle (k(k+1)/2, P), all P at once."""
    k = design.k
    factor: dict[tuple[int, int], Array] = {}
    entries = dict(zip(design.pairs, packed, strict=True))
    for i in range(k):
        for j in range(i + 1):
            value = entries[i, j]
            for m in range(j):
                value = value - factor[i, m] * factor[j, m]
            factor[i, j] = _pivot(value, entries[i, i]) if i == j else value / factor[j, j]
    return _back(factor, _forward(factor, right, k), k)


def _pivot(value: Array, diagonal: Array) -> Array:
    """Root of a pivot; one lost to rounding is replaced by a tiny ridge."""
    return np.sqrt(np.maximum(value, 1e-12 * diagonal + 1e-300))


def _forward(factor: dict[tuple[int, int], Array], right: Array, k: int) -> list[Array]:
    out: list[Array] = []
    for i in range(k):
        value = right[i]
        for m in range(i):
            value = value - factor[i, m] * out[m]
        out.append(value / factor[i, i])
    return out


def _back(factor: dict[tuple[int, int], Array], half: list[Array], k: int) -> Array:
    out = np.empty((k, half[0].size))
    for i in reversed(range(k)):
        value = half[i]
        for m in range(i + 1, k):
            value = value - factor[m, i] * out[m]
        out[i] = value / factor[i, i]
    return out


def _orthonormal(columns: Array) -> Array:
    """Matrix (k, k) that makes the columns orthonormal; directions that depend on others become zero."""
    norm = np.linalg.norm(columns, axis=0)
    norm[norm == 0] = 1.0
    _, size, directions = np.linalg.svd(columns / norm, full_matrices=False)
    inverse = np.where(size > 1e-11 * size[0], 1.0 / np.maximum(size, 1e-300), 0.0)
    return np.asarray(directions.T * inverse / norm[:, None], np.float64)


def _check(counts: Array, design: Array) -> None:
    if design.ndim != 2 or counts.shape[1] != design.shape[0] or design.shape[1] > design.shape[0]:
        raise InputError(
            f"counts of shape {counts.shape} with a design of shape {design.shape}",
            "Give counts (P, bins) and a design (bins, k) with k <= bins.",
        )
    if not np.all(np.isfinite(counts)) or np.any(counts < 0):
        raise InputError("counts that are negative or not finite", "Give event counts.")
    if np.any(counts.sum(axis=1) <= 0):
        raise InputError("a histogram without events", "Fit only histograms that hold events.")
