"""Calibration by neighbours in the context: the smooth sibling of Mondrian."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.bins import bin_index, by_bin, finite_context, increasing
from strangeness.calibration.conformal import BatchLike, event_uniforms
from strangeness.calibration.guarantee import ASYMPTOTIC, GUARANTEES
from strangeness.calibration.kernel import finite_scores, sorted_scores
from strangeness.calibration.local_law import asymptotic_law, tail_influence
from strangeness.calibration.weighted import above, checked_weight, effective_number, tail_p_values
from strangeness.core.errors import InputError
from strangeness.core.estimators import Calibrator, Null
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]
_CELLS, _STEPS, _REACH = 1024, 20, 3.0


@dataclass(frozen=True)
class Localised(Calibrator):
    """Conformal calibration with Gaussian weights in the context around one node a search bin (localised
    conformal prediction, arXiv:2106.08460).

    Where calibration bins must be wide to hold enough events, a score that follows the context is sculpted
    inside them. Here every search bin has its own calibration, which borrows from its neighbours. The node is
    placed so that the weighted mean context is that of the bin's own events: at the ends of the range, and
    where the density falls, the bias of first order is gone.

    Attributes:
        width: standard deviation of the weights, in the unit of the context, > 0.
        edges: edges of the search bins, in the unit of the context.
        randomised: as in ``SplitConformal``.
    """

    width: float
    edges: tuple[float, ...]
    randomised: bool = True

    def fit_null(self, score: ArrayLike, batch: BatchLike) -> LocalisedNull:
        """The null from reference events: ``score`` (n,) and their batch.

        Raises:
            InputError: for a width that is not positive, contexts outside the edges (naming the value), a
                node with fewer than two effective events, or what ``SplitConformal`` refuses.
        """
        edges = increasing(self.edges, "edges of the search bins")
        if not (np.isfinite(self.width) and self.width > 0):
            raise InputError(f"a width of {self.width}", "Give a positive width in the unit of the context.")
        score = np.asarray(score, np.float64)
        ordered, order = sorted_scores(score), np.argsort(score)
        weight = checked_weight(batch.weight, score.size)
        context = finite_context(batch.context, score.size)
        nodes = _nodes(context, weight, bin_index(context, edges), edges, self.width)
        even = weight * (weight.sum() / (weight**2).sum())
        null = LocalisedNull(
            ordered, context[order], even[order], edges, nodes, float(self.width), self.randomised
        )
        _enough(null.n_eff, edges)
        return null


class LocalisedNull(Null):
    """Sorted calibration scores with their contexts; the weights of a node are made when they are needed.

    Attributes:
        ordered: (n,) calibration scores in increasing order.
        context: (n,) their contexts.
        weight: (n,) their own weights, 1 for equal ones.
        edges: (m + 1,) edges of the search bins in the unit of the context.
        nodes: (m,) centres of the weights.
        width: standard deviation of the weights.
        randomised: as in ``SplitConformal``.
    """

    ordered: Array
    context: Array
    weight: Array
    edges: Array
    nodes: Array
    width: float
    randomised: bool = True

    def __check_init__(self) -> None:
        edges, shape = increasing(self.edges, "edges of the search bins"), self.ordered.shape
        columns = (self.ordered, self.context, self.weight, self.nodes)
        if not all(column.ndim == 1 and np.all(np.isfinite(column)) for column in columns):
            raise InputError("a localised calibration that is not finite", "Calibrate again.")
        same = self.context.shape == shape == self.weight.shape and self.nodes.shape == (edges.size - 1,)
        if not same or self.ordered.size < 2 or np.any(np.diff(self.ordered) < 0):
            raise InputError("a localised calibration whose parts do not fit", "Calibrate again.")
        if not 0 < self.width < np.inf or np.any(self.weight < 0):
            raise InputError(f"a localised calibration of width {self.width}", "Calibrate again.")

    def __call__(self, score: ArrayLike, batch: BatchLike, *, key: Any = None) -> Array:
        """p-values (n,) in (0, 1], each from the node of its bin.

        Raises:
            InputError: for contexts outside the edges (naming the value), scores that are not finite, or a
                missing key.
        """
        return self._p(score, batch.context, event_uniforms(batch, key) if self.randomised else None)

    def raw(self, score: ArrayLike, context: ArrayLike) -> Array:
        """Deterministic p-values."""
        return self._p(score, context, None)

    def _p(self, score: ArrayLike, context: ArrayLike, uniforms: Array | None) -> Array:
        score = finite_scores(score)
        where = bin_index(finite_context(context, score.size), self.edges)
        p = np.empty(score.size)
        for i, rows in enumerate(by_bin(where, self.nodes.size)):
            if not rows.size:
                continue
            own = None if uniforms is None else uniforms[rows]
            # the tested event weighs as much as a calibration event in the middle of the weights
            p[rows] = tail_p_values(self.ordered, above(self._weights(i)), score[rows], 1.0, own)
        return p

    def _weights(self, i: int) -> Array:
        return self.weight * _kernel(self.context, self.nodes[i], self.width)

    @property
    def guarantee(self) -> str:
        """Always "asymptotic": uniform where the score's law changes little over a width."""
        return ASYMPTOTIC

    @property
    def guarantee_text(self) -> str:
        """What the guarantee says."""
        return f"{GUARANTEES[ASYMPTOTIC]} The law of the score must also be close to linear over a width."

    @property
    def n_eff(self) -> Array:
        """Effective calibration events per bin."""
        return np.array([effective_number(self._weights(i)) for i in range(self.nodes.size)])

    @property
    def smallest_p(self) -> Array:
        """The smallest deterministic p-value per bin, 1 / (W + 1) with the sum W of the bin's weights."""
        return np.array([1.0 / (self._weights(i).sum() + 1.0) for i in range(self.nodes.size)])

    def selection_law(self, alpha: float) -> SelectionLaw:
        """The law of the efficiency of p <= alpha in each search bin; asymptotic.

        Neighbours share calibration events, so their efficiencies are correlated, and a law of independent
        bins would understate the spread of a sum. The variance of each bin is therefore the sum of its
        covariances with all bins: the variance of every sum over bins is then at least the true one, as
        long as no covariance is negative (the difference of the two is a graph Laplacian).

        Raises:
            InputError: when alpha is not in (0, 1), or too small for the effective number of a bin.
        """
        bins = range(self.nodes.size)
        total = np.zeros(self.ordered.size)
        for i in bins:
            total += tail_influence(self._weights(i), alpha)
        influence = (tail_influence(self._weights(i), alpha) for i in bins)
        variance = np.array([max(float(one @ total), float(one @ one)) for one in influence])
        return asymptotic_law(self.edges, variance, self.n_eff, alpha)


def _kernel(context: Array, node: float, width: float) -> Array:
    return np.exp(-0.5 * ((context - node) / width) ** 2)


def _nodes(context: Array, weight: Array, where: NDArray[np.intp], edges: Array, width: float) -> Array:
    """Centres (m,) at which the weighted mean context is that of the bin's events (else its middle)."""
    middle = 0.5 * (edges[1:] + edges[:-1])
    held = np.bincount(where, weight, middle.size)
    goal = np.where(
        held > 0, np.bincount(where, weight * context, middle.size) / np.maximum(held, 1e-300), middle
    )
    mass, place = _cells(context, weight, edges, width)
    nodes = goal.copy()
    for _ in range(_STEPS):
        # in logarithms, so that a node far from every event does not divide by zero
        power = -0.5 * ((place[None, :] - nodes[:, None]) / width) ** 2
        weights = mass * np.exp(power - power.max(axis=1, keepdims=True))
        weights /= weights.sum(axis=1, keepdims=True)
        mean = weights @ place
        spread = np.maximum(weights @ place**2 - mean**2, 0.05 * width**2)
        step = np.clip((goal - mean) * width**2 / spread, -width, width)
        nodes = np.clip(nodes + step, goal - _REACH * width, goal + _REACH * width)
    return nodes


def _cells(context: Array, weight: Array, edges: Array, width: float) -> tuple[Array, Array]:
    """The calibration in fine cells, their mass and mean context: a step then costs no pass over events."""
    n = int(min(_CELLS, max(16, np.ceil(16 * (edges[-1] - edges[0]) / width))))
    cell = np.minimum((n * (context - edges[0]) / (edges[-1] - edges[0])).astype(np.intp), n - 1)
    mass = np.asarray(np.bincount(cell, weight, n), np.float64)
    moment, full = np.bincount(cell, weight * context, n), mass > 0
    return mass[full], moment[full] / mass[full]


def _enough(n_eff: Array, edges: Array) -> None:
    if np.all(n_eff >= 2):
        return
    i = int(np.argmin(n_eff))
    raise InputError(
        f"{n_eff[i]:.2g} effective calibration events around the bin {edges[i]:g} to {edges[i + 1]:g}",
        "Use a larger width, or more reference events.",
    )
