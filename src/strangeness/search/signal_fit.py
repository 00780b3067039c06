"""Fits of a smooth background plus a signal of known shape to many histograms at once.

The model is mu = exp(offset + q theta) + s S: the background parameters theta are profiled by a full fit, not
by a score test. Columns are histograms, as in ``poisson_fit``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.stats.poisson_fit import Design

Array = NDArray[np.float64]
_MAX_STEPS = 100
_TOLERANCE = 1e-9  # squared Newton decrement, in units of one log-likelihood
_LEAST = 1e-6  # smallest expected count allowed, relative to that of the background part


@dataclass(frozen=True)
class SignalFits:
    """Fits of C columns.

    Attributes:
        strength, error: signal events and their standard deviation from the Fisher information (C,).
        gain: log-likelihood above that of the background alone (C,).
        expected: background plus signal (bins, C).
        background: the background part (bins, C).
        converged: (C,).
        bounded: (C,) fits of a deficit that ran into expected counts of zero; their strength stays above
            the bound and their gain is what was reached.
    """

    strength: Array
    error: Array
    gain: Array
    expected: Array
    background: Array
    converged: NDArray[np.bool_]
    bounded: NDArray[np.bool_]


def fit_signal(counts: Array, shapes: Array, design: Design, theta: Array) -> SignalFits:
    """Maximum-likelihood fits of background and signal.

    Args:
        counts: (bins, C).
        shapes: expected counts (bins, C) of one signal event.
        design: of the background.
        theta: its maximum-likelihood parameters (k, C) without a signal, from which the fit starts.

    Returns:
        The fits; a negative strength is bounded by expected counts above zero.
    """
    alone = design.expected(theta)
    scale = 1.0 / np.sqrt(np.sum(shapes**2 / alone, axis=0))
    descent = _Descent(counts, shapes * scale, design, theta)
    active = np.arange(counts.shape[1])
    full, amplitude = np.array(theta), np.zeros(active.size)
    done = np.zeros(active.size, bool)
    for _ in range(_MAX_STEPS):
        finished = descent.advance()
        if finished.any():
            full[:, active[finished]] = descent.theta[:, finished]
            amplitude[active[finished]] = descent.amplitude[finished]
            done[active[finished]] = True
            active, descent = active[~finished], descent.subset(~finished)
        if not active.size:
            break
    full[:, active], amplitude[active] = descent.theta, descent.amplitude
    return _finished(counts, shapes, design, full, amplitude * scale, alone, done)


def _finished(
    counts: Array, shapes: Array, design: Design, theta: Array, strength: Array, alone: Array, done: NDArray
) -> SignalFits:
    background = design.expected(theta)
    expected = background + strength * shapes
    ratio = np.log(expected / alone, out=np.zeros_like(expected), where=counts > 0)
    gain = np.sum(counts * ratio - (expected - alone), axis=0)
    information = _information(background, expected, shapes, design)
    k = design.k
    cross = information[:, k, :k]
    profiled = np.linalg.solve(information[:, :k, :k], cross[..., None])[..., 0]
    left = np.maximum(information[:, k, k] - np.einsum("ck,ck->c", cross, profiled), 1e-300)
    error, bounded = 1.0 / np.sqrt(left), ~done & (strength < 0)
    return SignalFits(strength, error, np.maximum(gain, 0.0), expected, background, done | bounded, bounded)


def _information(background: Array, expected: Array, shapes: Array, design: Design) -> Array:
    """Fisher information (C, k + 1, k + 1)."""
    return _curvature(background**2 / expected, background / expected * shapes, shapes**2 / expected, design)


def _observed(counts: Array, background: Array, expected: Array, shapes: Array, design: Design) -> Array:
    """Second derivatives of -log L; the Fisher information where they say little of the signal."""
    ratio = counts / expected / expected
    hessian = _curvature(
        background * (1.0 - ratio * (expected - background)),
        background * ratio * shapes,
        ratio * shapes**2,
        design,
    )
    fisher = _information(background, expected, shapes, design)
    weak = hessian[:, -1, -1] < 0.05 * fisher[:, -1, -1]
    hessian[weak] = fisher[weak]
    return hessian


def _curvature(smooth: Array, cross: Array, signal: Array, design: Design) -> Array:
    """Matrices (C, k + 1, k + 1) from weights (bins, C); a direction that the design lost gets a ridge."""
    k = design.k
    out = np.empty((smooth.shape[1], k + 1, k + 1))
    for (i, j), row in zip(design.pairs, design.moments[1 + k :] @ smooth, strict=True):
        out[:, i, j] = out[:, j, i] = row
    out[:, k, :k] = out[:, :k, k] = (design.q.T @ cross).T
    out[:, k, k] = np.sum(signal, axis=0)
    ridge = 1e-12 * np.abs(np.trace(out[:, :k, :k], axis1=1, axis2=2)) + 1e-300
    out[:, range(k), range(k)] += ridge[:, None]
    return out


class _Descent:
    """Fisher scoring with step halving: theta and the amplitude of the signal in units of its error."""

    def __init__(self, counts: Array, unit: Array, design: Design, theta: Array) -> None:
        self.counts, self.unit, self.design = counts, unit, design
        self.theta, self.amplitude = np.array(theta), np.zeros(counts.shape[1])
        self.step = np.zeros((design.k + 1, counts.shape[1]))
        self.objective = np.full(counts.shape[1], np.inf)

    def subset(self, keep: NDArray[np.bool_]) -> _Descent:
        part = _Descent(self.counts[:, keep], self.unit[:, keep], self.design, self.theta[:, keep])
        part.amplitude, part.step = self.amplitude[keep], self.step[:, keep]
        part.objective = self.objective[keep]
        return part

    def advance(self) -> NDArray[np.bool_]:
        """Try the step, halve it where it was bad, propose the next; True where it has converged."""
        k = self.design.k
        theta, amplitude = self.theta + self.step[:k], self.amplitude + self.step[k]
        background = self.design.expected(theta)
        expected = background + amplitude * self.unit
        least = _LEAST * background
        possible = np.all(expected >= least, axis=0)
        safe = np.maximum(expected, least)
        objective = np.sum(safe - self.counts * np.log(safe), axis=0)
        good = possible & (objective <= self.objective + 1e-11 * (1 + np.abs(self.objective)))
        self.theta = np.where(good, theta, self.theta)
        self.amplitude = np.where(good, amplitude, self.amplitude)
        self.objective = np.where(good, objective, self.objective)
        self.step /= 2
        whole: slice | NDArray[np.bool_] = slice(None) if good.all() else good
        self.step[:, whole], decrement = self._propose(background[:, whole], expected[:, whole], whole)
        # a step that was halved to nothing has met rounding or the bound of a negative signal
        finished = ~good & (np.abs(self.step).max(axis=0) < 1e-10)
        finished[good] = decrement < _TOLERANCE
        return finished

    def _propose(
        self, background: Array, expected: Array, good: slice | NDArray[np.bool_]
    ) -> tuple[Array, Array]:
        counts, unit = self.counts[:, good], self.unit[:, good]
        rest = counts / expected - 1.0
        gradient = np.vstack([self.design.q.T @ (background * rest), np.sum(unit * rest, axis=0)])
        step, decrement = _solved(_observed(counts, background, expected, unit, self.design), gradient)
        # far from the maximum the likelihood need not be concave: go uphill by Fisher scoring there
        lost = ~(decrement >= 0)
        if lost.any():
            fisher = _information(background[:, lost], expected[:, lost], unit[:, lost], self.design)
            step[:, lost], decrement[lost] = _solved(fisher, gradient[:, lost])
        return step, decrement


def _solved(matrix: Array, gradient: Array) -> tuple[Array, Array]:
    step = np.asarray(np.linalg.solve(matrix, gradient.T[..., None])[..., 0].T, np.float64)
    return step, np.einsum("kc,kc->c", step, gradient)
