"""How well a score separates two classes: ROC curve, AUC, rejection and significance improvement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
LEAST_BACKGROUND = 25
"""Background events that must remain: 20 % statistical error. Beyond that a curve is not shown."""


@dataclass(frozen=True)
class RocCurve:
    """Efficiencies of the cut score >= threshold, from the tightest threshold to none.

    Attributes:
        eps_b, eps_s: background and signal efficiency (m,), from 0 to 1, both non-decreasing.
        n_b: background events that remain, counted without weights (m,).
    """

    eps_b: Array
    eps_s: Array
    n_b: NDArray[np.int64]

    def auc(self) -> float:
        """Area under eps_S(eps_B): the chance that signal scores higher, ties counted half (Mann-Whitney)."""
        return float(np.trapezoid(self.eps_s, self.eps_b))

    def rejection(self, eps_s: ArrayLike, least: int = LEAST_BACKGROUND) -> Array:
        """1 / eps_B at the signal efficiencies ``eps_s``; NaN with fewer than ``least`` background events."""
        eps_b, enough = self._background_at(eps_s, least)
        return np.divide(1.0, eps_b, out=np.full_like(eps_b, np.nan), where=enough & (eps_b > 0))

    def sic(self, eps_s: ArrayLike, least: int = LEAST_BACKGROUND) -> Array:
        """eps_S / sqrt(eps_B) at ``eps_s`` (arXiv:1001.2768); NaN where ``rejection`` is."""
        return np.asarray(eps_s, np.float64) * np.sqrt(self.rejection(eps_s, least))

    def max_sic(self, least: int = LEAST_BACKGROUND) -> float:
        """The largest significance improvement of any cut that leaves ``least`` background events.

        Raises:
            InputError: when there are fewer background events than that.
        """
        kept = (self.n_b >= least) & (self.eps_b > 0)
        if not kept.any():
            raise InputError(
                f"{self.n_b[-1]} background events for a significance improvement with at least {least}",
                "Give more background events or a smaller 'least'.",
            )
        return float(np.max(self.eps_s[kept] / np.sqrt(self.eps_b[kept])))

    def _background_at(self, eps_s: ArrayLike, least: int) -> tuple[Array, NDArray[np.bool_]]:
        """eps_B interpolated between thresholds, and whether enough events remain there.

        Where the curve rises without gaining signal, its cheapest point counts.
        """
        wanted = np.asarray(eps_s, np.float64)
        first = np.unique(self.eps_s, return_index=True)[1]
        eps_b = np.interp(wanted, self.eps_s[first], self.eps_b[first])
        return eps_b, np.interp(wanted, self.eps_s[first], self.n_b[first]) >= least


def roc_curve(
    background: ArrayLike,
    signal: ArrayLike,
    background_weight: ArrayLike | None = None,
    signal_weight: ArrayLike | None = None,
) -> RocCurve:
    """The ROC curve of two lists of scores, higher = more like signal; equal scores share one threshold.

    Args:
        background: scores (n,).
        signal: scores (m,).
        background_weight: weights (n,) of zero or more, all 1 when not given.
        signal_weight: the same of the signal (m,).

    Raises:
        InputError: for an empty class, NaN, weights that are negative, of another length, or sum to 0.
    """
    parts = [_checked("background", background, background_weight), _checked("signal", signal, signal_weight)]
    score = np.concatenate([parts[0][0], parts[1][0]])
    is_signal = np.arange(score.size) >= parts[0][0].size
    weight = np.concatenate([parts[0][1], parts[1][1]])
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order]) != 0), score.size - 1)
    sums = [
        np.concatenate([[0.0], np.cumsum(value[order])[last]])
        for value in (weight * ~is_signal, weight * is_signal, 1.0 * ~is_signal)
    ]
    return RocCurve(sums[0] / sums[0][-1], sums[1] / sums[1][-1], sums[2].astype(np.int64))


def auc(background: ArrayLike, signal: ArrayLike) -> float:
    """The chance that a signal score exceeds a background score, ties counted half."""
    return roc_curve(background, signal).auc()


def rejection(
    background: ArrayLike, signal: ArrayLike, eps_s: ArrayLike, least: int = LEAST_BACKGROUND
) -> Array:
    """1 / eps_B of two lists of scores at the signal efficiencies ``eps_s``; see ``RocCurve.rejection``."""
    return roc_curve(background, signal).rejection(eps_s, least)


def seed_band(values: Sequence[ArrayLike] | ArrayLike) -> tuple[Array, Array, Array]:
    """Median, 16 % and 84 % quantile over the leading axis (seeds); NaN where any seed has NaN.

    Raises:
        InputError: when there is no seed.
    """
    stack = np.asarray(values, np.float64)
    if stack.ndim == 0 or len(stack) == 0:
        raise InputError("a band over no seeds", "Give at least one run.")
    low, median, high = np.quantile(stack, [0.16, 0.5, 0.84], axis=0)
    return median, low, high


def _checked(name: str, score: ArrayLike, weight: ArrayLike | None) -> tuple[Array, Array]:
    scores = np.asarray(score, np.float64)
    weights = np.ones_like(scores) if weight is None else np.asarray(weight, np.float64)
    if scores.ndim != 1 or scores.size == 0:
        raise InputError(
            f"{name} scores of shape {scores.shape}", "Give one score for each of at least one event."
        )
    if np.isnan(scores).any():
        raise InputError(f"a {name} score is nan", "Remove events whose score is not a number.")
    if weights.shape != scores.shape or not np.all(weights >= 0) or not 0 < weights.sum() < np.inf:
        raise InputError(
            f"{name} weights of shape {weights.shape} and sum {weights.sum():g} for {scores.size} scores",
            "Give one finite weight of zero or more for each score.",
        )
    return scores, weights
