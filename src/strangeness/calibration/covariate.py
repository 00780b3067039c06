"""Calibration under a known shift of the context: weighted conformal p-values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.bins import bin_index, finite_context, increasing
from strangeness.calibration.conformal import BatchLike, event_uniforms
from strangeness.calibration.guarantee import ASYMPTOTIC, EXACT, GUARANTEES, SUPER_UNIFORM
from strangeness.calibration.kernel import finite_scores, sorted_scores
from strangeness.calibration.local_law import asymptotic_law, tail_influence
from strangeness.calibration.weighted import above, checked_weight, effective_number, tail_p_values
from strangeness.core.errors import InputError
from strangeness.core.estimators import Calibrator, Null
from strangeness.stats.selection import SelectionLaw

Array = NDArray[np.float64]


@dataclass(frozen=True)
class CovariateShift(Calibrator):
    """Conformal calibration where the tested events have another law of the context than the reference, and
    the same law of the score at each context (arXiv:1904.06019, eq. 7).

    Attributes:
        edges: m + 1 increasing edges in the unit of the context.
        ratio: m numbers >= 0: density of tested events over that of the reference, up to a factor.
        known: the ratio is known, not estimated from samples; only then is p exact.
        randomised: as in ``SplitConformal``.
    """

    edges: tuple[float, ...]
    ratio: tuple[float, ...]
    known: bool = True
    randomised: bool = True

    @classmethod
    def estimated(
        cls,
        calibration_context: ArrayLike,
        target_context: ArrayLike,
        edges: ArrayLike,
        *,
        randomised: bool = True,
    ) -> CovariateShift:
        """A calibrator with the ratio of two samples (``context_ratio``); its guarantee is asymptotic."""
        ratio = context_ratio(calibration_context, target_context, edges)
        return cls(tuple(np.asarray(edges, float).tolist()), ratio, known=False, randomised=randomised)

    def fit_null(self, score: ArrayLike, batch: BatchLike) -> CovariateShiftNull:
        """The null from reference events: ``score`` (n,) and their batch, whose weights multiply the ratio.

        Raises:
            InputError: for edges or ratios that are wrong, contexts outside the edges (naming the value), no
                calibration event where the ratio is positive, or scores and weights that
                ``SplitConformal`` refuses.
        """
        edges = increasing(self.edges, "covariate-shift edges")
        ratio = _checked_ratio(self.ratio, edges)
        score = np.asarray(score, np.float64)
        ordered, order = sorted_scores(score), np.argsort(score)
        event = checked_weight(batch.weight, score.size)
        where = bin_index(finite_context(batch.context, score.size), edges)
        # an event of one effective event's weight stands for a tested one
        weight = (event * (event.sum() / (event**2).sum()) * ratio[where])[order]
        if not weight.sum() > 0:
            raise InputError(
                "no calibration event in a bin with a positive ratio", "Calibrate where events are tested."
            )
        counts = np.bincount(where, minlength=ratio.size)
        exact = self.known and bool(np.all(event == event[0]))
        return CovariateShiftNull(ordered, above(weight), edges, ratio, counts, exact, self.randomised)


@dataclass(frozen=True)
class Overlap:
    """How well a calibration covers tested events.

    Attributes:
        unsupported: share of tested events in bins without calibration events or with ratio 0.
        largest: largest share of the calibration weight that one event carries.
        effective: effective over real number of calibration events.
    """

    unsupported: float
    largest: float
    effective: float


class CovariateShiftNull(Null):
    """Sorted calibration scores with their weights.

    Attributes:
        ordered: (n,) calibration scores in increasing order.
        above: (n + 1,) weight at or above each place.
        edges: (m + 1,) edges in the unit of the context.
        ratio: (m,) ratio of each bin, the weight of a tested event.
        counts: (m,) calibration events of each bin.
        known: whether the ratio is known and the events have equal weights of their own.
        randomised: as in ``SplitConformal``.
    """

    ordered: Array
    above: Array
    edges: Array
    ratio: Array
    counts: NDArray[np.int64]
    known: bool = True
    randomised: bool = True

    def __check_init__(self) -> None:
        refuse_unsorted(self.ordered, self.above)
        _checked_ratio(self.ratio, increasing(self.edges, "covariate-shift edges"))
        if self.counts.shape != self.ratio.shape or np.any(self.counts < 0):
            raise InputError("calibration counts that do not belong to the bins", "Calibrate again.")

    def __call__(self, score: ArrayLike, batch: BatchLike, *, key: Any = None) -> Array:
        """p-values (n,) in (0, 1]; 1 for an event in a bin of ratio 0, which the target cannot hold.

        Raises:
            InputError: for contexts outside the edges (naming the value), scores that are not finite, or a
                missing key.
        """
        return self._p(score, batch.context, event_uniforms(batch, key) if self.randomised else None)

    def raw(self, score: ArrayLike, context: ArrayLike) -> Array:
        """Deterministic p-values, super-uniform under the target."""
        return self._p(score, context, None)

    def _p(self, score: ArrayLike, context: ArrayLike, uniforms: Array | None) -> Array:
        score = finite_scores(score)
        own = self.ratio[bin_index(finite_context(context, score.size), self.edges)]
        p = tail_p_values(self.ordered, self.above, score, own, uniforms)
        p[own == 0] = 1.0
        return p

    @property
    def guarantee(self) -> str:
        """ "exact" or "super-uniform" for a known ratio and equal event weights, else "asymptotic"."""
        if not self.known:
            return ASYMPTOTIC
        return EXACT if self.randomised else SUPER_UNIFORM

    @property
    def guarantee_text(self) -> str:
        """What the guarantee says."""
        return f"{GUARANTEES[self.guarantee]} The calibration is reweighted by the ratio of the context."

    @property
    def n_eff(self) -> float:
        """Effective number of calibration events, (sum w)^2 / sum w^2."""
        return effective_number(-np.diff(self.above))

    @property
    def smallest_p(self) -> Array:
        """The smallest deterministic p-value per bin, w / (W + w); 1 in a bin of ratio 0."""
        return np.where(self.ratio > 0, self.ratio / (self.above[0] + self.ratio), 1.0)

    def overlap(self, context: ArrayLike) -> Overlap:
        """How well the calibration covers tested events of these contexts (n,).

        Raises:
            InputError: for contexts outside the edges, naming the value.
        """
        where = bin_index(finite_context(context), self.edges)
        bad = (self.counts == 0) | (self.ratio == 0)
        largest = float(-np.diff(self.above).min() / self.above[0])
        share = float(bad[where].mean()) if where.size else 0.0
        return Overlap(share, largest, self.n_eff / self.ordered.size)

    def selection_law(self, alpha: float) -> SelectionLaw:
        """The law of the efficiency of p <= alpha on all tested events together; asymptotic.

        It has mean alpha and the variance of a weighted quantile. The efficiency at one context is not alpha.

        Raises:
            InputError: when alpha is not in (0, 1), or too small for the effective number at the cut.
        """
        own = tail_influence(-np.diff(self.above), alpha)
        everywhere = np.array([-np.inf, np.inf])
        return asymptotic_law(everywhere, np.array([own @ own]), np.array([self.n_eff]), alpha)


def context_ratio(
    calibration_context: ArrayLike, target_context: ArrayLike, edges: ArrayLike
) -> tuple[float, ...]:
    """Share of the target over share of the calibration in each bin of the context, from two samples.

    Args:
        calibration_context: (n,) contexts of reference events.
        target_context: (m,) contexts of events like the tested ones, better not those that are tested.
        edges: increasing bin edges that hold all of them.

    Raises:
        InputError: for a context outside the edges, an empty sample, or a bin with target and no calibration
            events.
    """
    bins = increasing(edges, "covariate-shift edges")
    found = [finite_context(c) for c in (calibration_context, target_context)]
    if min(c.size for c in found) == 0:
        raise InputError("a context ratio from no events", "Give contexts of both samples.")
    have, want = (np.bincount(bin_index(c, bins), minlength=bins.size - 1) for c in found)
    if (bare := (have == 0) & (want > 0)).any():
        i = int(np.argmax(bare))
        raise InputError(
            f"{want[i]} target and 0 calibration events in the bin {bins[i]:g} to {bins[i + 1]:g}",
            "Use wider bins, or a reference that covers the target.",
        )
    ratio = (want / want.sum()) / np.maximum(have / have.sum(), 1e-300)
    return tuple(np.where(have > 0, ratio, 0.0).tolist())


def refuse_unsorted(ordered: Array, above: Array) -> None:
    """Refuse calibration scores, and weights above them, that no fit gives."""
    if ordered.ndim != 1 or ordered.size < 2 or not np.all(np.isfinite(ordered)):
        raise InputError("calibration scores that are few or not finite", "Calibrate again.")
    if np.any(np.diff(ordered) < 0):
        raise InputError("calibration scores that do not rise", "Calibrate again.")
    good = above.shape == (ordered.size + 1,) and np.all(np.isfinite(above)) and above[-1] == 0
    if not good or above[0] <= 0 or np.any(np.diff(above) > 0):
        raise InputError("calibration weights that do not belong to the scores", "Calibrate again.")


def _checked_ratio(ratio: ArrayLike, edges: Array) -> Array:
    values = np.asarray(ratio, np.float64)
    if values.shape != (edges.size - 1,):
        raise InputError(f"{values.size} ratios for {edges.size - 1} bins", "Give one ratio a bin.")
    if not np.all(np.isfinite(values)) or np.any(values < 0) or not values.any():
        raise InputError(f"ratios {values.tolist()[:12]}", "Give finite numbers >= 0, not all zero.")
    return values
