"""Cross-conformal p-values: every reference event calibrates, each by a score that was not fitted on it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.kernel import finite_scores
from strangeness.core.errors import InputError

Array = NDArray[np.float64]


def cross_conformal_p_values(calibration_scores: Sequence[ArrayLike], scores: ArrayLike) -> Array:
    """p = (sum_k #{cal_k >= s_k} + 1) / (n + 1), super-uniform up to ``cross_conformal_bound``.

    Vovk, Ann. Math. Artif. Intell. 74 (2015) 9. Higher scores are stranger; one fold is split-conformal.

    Args:
        calibration_scores: K arrays: of each fold, scores by the detector that was not fitted on it.
        scores: (K, m) scores of the tested events by the same K detectors.

    Raises:
        InputError: for no fold, an empty one, shapes that do not match, or scores that are not finite.
    """
    folds = [np.asarray(fold, np.float64) for fold in calibration_scores]
    tested = np.asarray(scores, np.float64)
    if not folds or tested.ndim != 2 or tested.shape[0] != len(folds):
        raise InputError(
            f"scores of shape {tested.shape} for {len(folds)} folds", "Give one row of scores a fold."
        )
    at_least = np.ones(tested.shape[1])
    for number, (fold, row) in enumerate(zip(folds, tested, strict=True)):
        if fold.ndim != 1 or fold.size == 0:
            raise InputError(
                f"fold {number} of shape {fold.shape}", "Give one score an event, and no empty fold."
            )
        ordered = np.sort(finite_scores(fold))
        at_least += fold.size - np.searchsorted(ordered, finite_scores(row), side="left")
    return at_least / (sum(fold.size for fold in folds) + 1)


def cross_conformal_bound(alpha: float, n: int, folds: int) -> float:
    """The largest probability that a cross-conformal p-value of a null event can have of being <= alpha.

    2 alpha + 2 (1 - alpha) (K - 1) / (n + K) for any folds, from the average of K p-values (Vovk, Wang,
    Biometrika 107 (2020) 791); for folds of one size also 2 alpha + (1 - K / n) / (K + 1), as in theorem 4 of
    arXiv:1905.02928; alpha itself for one fold. The events must be exchangeable, and the fits symmetric.

    Args:
        alpha: cut on the p-value, between 0 and 1.
        n: calibration events of all folds together.
        folds: how many folds.

    Raises:
        InputError: for an alpha outside (0, 1), or fewer events than folds.
    """
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha}", "Give a cut on the p-value between 0 and 1.")
    if not 1 <= folds <= n:
        raise InputError(f"{folds} folds of {n} events", "Give one fold or more, none of them empty.")
    if folds == 1:
        return float(alpha)
    averaged = 2 * alpha + 2 * (1 - alpha) * (folds - 1) / (n + folds)
    tournament = 2 * alpha + (1 - folds / n) / (folds + 1) if n % folds == 0 else 1.0
    return float(min(averaged, tournament, 1.0))
