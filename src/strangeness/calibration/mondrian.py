"""Mondrian calibration: a conformal null of its own in each bin of the context."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.bins import bin_index, by_bin, finite_context, increasing
from strangeness.calibration.conformal import BatchLike, ConformalNull, SplitConformal, event_uniforms
from strangeness.calibration.guarantee import GUARANTEES, weakest
from strangeness.calibration.weighted import checked_weight
from strangeness.core.errors import InputError
from strangeness.core.estimators import Calibrator, Null
from strangeness.stats.selection import SelectionLaw

__all__ = ["Mondrian", "MondrianNull", "bin_index"]
Array = NDArray[np.float64]
_DEFAULT_BINS = 10


@dataclass(frozen=True)
class Mondrian(Calibrator):
    """Split-conformal calibration in bins of the context (Vovk et al. 2005, section 4.5; arXiv:2107.07511
    section 4.1).

    A cut on p then keeps the same share of background in every bin, whatever the score does with the context.

    Attributes:
        bins: number of bins with equally many calibration events; None with no edges means 10.
        edges: bin edges instead, in the unit of the context.
        range: outer edges for ``bins``; by default the extremes of the calibration context.
        randomised: as in ``SplitConformal``.
        signed: as in ``SplitConformal``; the weights must have a positive sum in every bin.
    """

    bins: int | None = None
    edges: tuple[float, ...] | None = None
    range: tuple[float, float] | None = None
    randomised: bool = True
    signed: bool = False

    def fit_null(self, score: ArrayLike, batch: BatchLike) -> MondrianNull:
        """The nulls of all bins from reference events: ``score`` (n,) and their batch.

        Raises:
            InputError: for a bin with fewer than two calibration events, contexts outside the range, options
                that contradict each other, or scores and weights that ``SplitConformal`` refuses.
        """
        score = np.asarray(score, np.float64)
        context = finite_context(batch.context, score.size)
        weight = checked_weight(batch.weight, score.size, signed=self.signed)
        edges = self._edges(context)
        where = bin_index(context, edges)
        one = SplitConformal(self.randomised, self.signed)
        parts = []
        for i, rows in enumerate(by_bin(where, edges.size - 1)):
            _enough(weight[rows], edges[i], edges[i + 1])
            parts.append(one.fit_null(score[rows], _Part(weight[rows])))
        return MondrianNull(edges, tuple(parts), self.randomised)

    def _edges(self, context: Array) -> Array:
        if self.edges is not None:
            if self.bins is not None or self.range is not None:
                raise InputError(
                    "Mondrian edges together with bins or a range", "Give either edges, or bins."
                )
            return increasing(self.edges)
        bins = _DEFAULT_BINS if self.bins is None else self.bins
        if bins < 1:
            raise InputError(f"{bins} Mondrian bins", "Use one or more.")
        if context.size == 0:
            raise InputError("a calibration of 0 events", "Use two or more reference events a bin.")
        lo, hi = (context.min(), context.max()) if self.range is None else self.range
        inside = context[(context >= lo) & (context <= hi)]
        if inside.size < 2 * bins:
            raise InputError(
                f"{inside.size} calibration events in {lo:g}-{hi:g} for {bins} bins",
                "Use fewer bins or more events.",
            )
        inner = np.quantile(inside, np.linspace(0, 1, bins + 1)[1:-1])
        return increasing(np.concatenate([[lo], inner, [hi]]))


@dataclass(frozen=True)
class _Part:
    """The one column that a single null reads when it is fitted."""

    weight: Array
    id: Any = None
    context: Any = None


class MondrianNull(Null):
    """One conformal null a bin.

    Attributes:
        edges: (m + 1,) edges in the unit of the context; the last one belongs to the last bin.
        nulls: the nulls of the m bins.
        randomised: as in ``SplitConformal``.
    """

    edges: Array
    nulls: tuple[ConformalNull, ...]
    randomised: bool = True

    def __check_init__(self) -> None:
        if increasing(self.edges).size != len(self.nulls) + 1:
            raise InputError(f"{len(self.nulls)} nulls for {self.edges.size} edges", "Calibrate again.")

    def __call__(self, score: ArrayLike, batch: BatchLike, *, key: Any = None) -> Array:
        """p-values (n,) in (0, 1], each from the bin of its event.

        Raises:
            InputError: for contexts outside the calibrated range, scores that are not finite, or a missing
                key.
        """
        return self._by_bin(score, batch.context, event_uniforms(batch, key) if self.randomised else None)

    def raw(self, score: ArrayLike, context: ArrayLike) -> Array:
        """Deterministic p-values, super-uniform in each bin."""
        return self._by_bin(score, context, None)

    def _by_bin(self, score: ArrayLike, context: ArrayLike, uniforms: Array | None) -> Array:
        score = np.asarray(score)
        where = bin_index(finite_context(context, score.size), self.edges)
        p = np.empty(score.size)
        for null, rows in zip(self.nulls, by_bin(where, len(self.nulls)), strict=True):
            p[rows] = null.p_values(score[rows], None if uniforms is None else uniforms[rows])
        return p

    @property
    def guarantee(self) -> str:
        """The weakest guarantee of the bins; it holds in each bin."""
        return weakest(null.guarantee for null in self.nulls)

    @property
    def guarantee_text(self) -> str:
        """What the guarantee says."""
        return GUARANTEES[self.guarantee]

    @property
    def n_calibration(self) -> NDArray[np.int64]:
        """Effective calibration events per bin, rounded down."""
        return np.array([int(null.n_eff) for null in self.nulls], np.int64)

    @property
    def smallest_p(self) -> Array:
        """The smallest deterministic p-value per bin."""
        return np.array([null.smallest_p for null in self.nulls])

    def selection_law(self, alpha: float) -> SelectionLaw:
        """The law of the background efficiency of p <= alpha in each bin.

        Raises:
            InputError: when alpha is not in (0, 1), or below the smallest p-value of a bin.
        """
        laws = [null.selection_law(alpha) for null in self.nulls]
        a, b, n = (
            np.concatenate([getattr(law, name) for law in laws]) for name in ("a", "b", "n_calibration")
        )
        return SelectionLaw(self.edges, a, b, alpha, n)


def _enough(weight: Array, low: float, high: float) -> None:
    where = f"in the bin {low:g} to {high:g}"
    if weight.size < 2:
        raise InputError(
            f"{weight.size} calibration event{'s' * (weight.size != 1)} {where}",
            "Use fewer or wider bins, or more reference events.",
        )
    if not weight.sum() > 0:
        raise InputError(
            f"calibration weights that sum to {weight.sum():g} {where}",
            "Use fewer or wider bins, or more reference events.",
        )
