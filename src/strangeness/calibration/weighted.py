"""Conformal p-values from calibration events with weights."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
_CHUNK = 1 << 16


def effective_number(weight: Array) -> float:
    """n_eff = (sum w)^2 / sum w^2: how many events of equal weight carry the same information;
    0 without weight."""
    squares = float((weight**2).sum())
    return float(weight.sum() ** 2 / squares) if squares > 0 else 0.0


def checked_weight(weight: ArrayLike, n: int, *, signed: bool = False) -> Array:
    """Weights (n,), finite, of a positive sum, and none negative unless ``signed``.

    Raises:
        InputError: otherwise.
    """
    values = np.asarray(weight, np.float64)
    if values.shape != (n,) or not np.all(np.isfinite(values)):
        raise InputError(
            f"weights of shape {values.shape} for {n} events", "Give one finite weight an event."
        )
    if np.any(values < 0) and not signed:
        raise InputError(
            f"a negative calibration weight ({values.min():g})",
            "Calibrate on events with weights >= 0, or accept p-values without a guarantee (signed=True).",
        )
    if not values.sum() > 0:
        total = "nothing" if values.sum() == 0 else f"{values.sum():g}"
        raise InputError(f"calibration weights that add up to {total}", "Give weights of a positive sum.")
    return values


def cumulative(weight_in_order: Array) -> Array:
    """Share of the weight below each place (n + 1,) of the sorted calibration; the last is exactly one."""
    total = np.concatenate([[0.0], np.cumsum(weight_in_order)])
    return total / total[-1]


def monotone_below(ordered: Array, weight_in_order: Array) -> Array:
    """Share of signed weights below each place (n + 1,), made to rise and kept in [0, 1].

    The largest rising function that is nowhere above the share itself, so that p can only become larger.
    """
    share = np.concatenate([[0.0], np.cumsum(weight_in_order)]) / weight_in_order.sum()
    # a place between two equal scores is no value of the law
    share[1:-1][ordered[1:] == ordered[:-1]] = np.inf
    share[-1] = 1.0
    return np.clip(np.minimum.accumulate(share[::-1])[::-1], 0.0, 1.0)


def above(weight_in_order: Array) -> Array:
    """Weight at or above each place (n + 1,) of the sorted calibration, summed from the top.

    Summed so, it keeps its relative precision where p is small; the last is zero, the first the total.
    """
    return np.concatenate([np.cumsum(weight_in_order[::-1])[::-1], [0.0]])


def tail_p_values(
    ordered: Array, above: Array, scores: Array, own: Array | float, uniforms: Array | None = None
) -> Array:
    """p = (W(> s) + u' (W(= s) + own)) / (W + own), arXiv:1904.06019 eq. 7; u' = 1, or 1 - ``uniforms``.

    Args:
        ordered: (n,) calibration scores in increasing order.
        above: (n + 1,) their weights as ``above`` sums them.
        scores: (m,) finite scores.
        own: weight of the tested event, one number or (m,), not negative.
        uniforms: (m,) numbers in [0, 1), or None for the deterministic form.
    """
    p, own = np.empty(scores.size), np.broadcast_to(np.asarray(own, np.float64), scores.shape)
    for begin in range(0, scores.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        chunk = scores[part]
        # sorted queries let the search walk along the calibration instead of jumping
        order = np.argsort(chunk)
        mine = own[part][order]
        greater, equal = _tails(ordered, above, chunk[order])
        equal += mine
        if uniforms is not None:
            equal *= 1.0 - uniforms[part][order]
        p[begin + order] = np.minimum((greater + equal) / (above[0] + mine), 1.0)
    return p


def _tails(ordered: Array, above: Array, queries: Array) -> tuple[Array, Array]:
    """Weight greater than, and equal to, each sorted query."""
    left = np.searchsorted(ordered, queries)
    greater, equal = above[left], np.zeros(queries.size)
    tied = np.flatnonzero(ordered.take(left, mode="clip") == queries)
    if tied.size:
        beyond = above[np.searchsorted(ordered, queries[tied], side="right")]
        equal[tied] = greater[tied] - beyond
        greater[tied] = beyond
    return greater, equal


def weighted_p_values(
    ordered: Array, below: Array, n_eff: float, scores: Array, uniforms: Array | None = None
) -> Array:
    """Weighted conformal p-values, clipped to [1 / (n_eff + 1), 1].

    p = (n_eff F(> s) + u' (n_eff F(= s) + 1)) / (n_eff + 1) with F the weighted law of the calibration and u'
    = 1 without ``uniforms``, else 1 - u. This is the weighted form of arXiv:1904.06019 (eq. 7) with the
    tested event given the weight of one effective event. It is monotone in the score; its validity is
    asymptotic.
    """
    p = tail_p_values(ordered, n_eff * (1.0 - below), scores, 1.0, uniforms)
    return np.clip(p, 1.0 / (n_eff + 1.0), 1.0)
