"""Conformal p-values of plain arrays: the measured hot path."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.float64]
_CHUNK = 1 << 16


def conformal_p_values(
    calibration_scores: ArrayLike,
    scores: ArrayLike,
    *,
    uniforms: ArrayLike | None = None,
    out: Array | None = None,
    assume_sorted: bool = False,
) -> Array:
    """Split-conformal p-values, higher score = stranger (arXiv:2107.07511; Vovk et al. 2005, eq. 2.20).

    Deterministic: p = (#{cal >= s} + 1) / (n + 1). With ``uniforms`` u in [0, 1):
    p = (#{cal > s} + (1 - u) (#{cal = s} + 1)) / (n + 1), exactly uniform on (0, 1] for exchangeable events.

    Args:
        calibration_scores: (n,) scores of reference events that the score was not fitted on.
        scores: (m,) scores to be calibrated.
        uniforms: (m,) one number an event, or None for the deterministic form.
        out: (m,) float64 array for the result.
        assume_sorted: the calibration scores are already sorted and finite.

    Raises:
        InputError: for fewer than two calibration scores, values that are not finite, or shapes that do not
            match.
    """
    ordered = np.asarray(calibration_scores) if assume_sorted else sorted_scores(calibration_scores)
    scores = np.asarray(scores)
    if scores.ndim != 1:
        raise InputError(f"scores of shape {scores.shape}", "Give one score an event.")
    result = _output(out, scores.size)
    chance = None if uniforms is None else _matching(uniforms, scores.size)
    for begin in range(0, scores.size, _CHUNK):
        part = slice(begin, begin + _CHUNK)
        chunk = finite_scores(scores[part])
        _chunk_p(ordered, chunk, None if chance is None else chance[part], result[part])
    return result


def sorted_scores(scores: ArrayLike) -> Array:
    """Calibration scores in increasing order.

    Raises:
        InputError: for fewer than two, a wrong shape, or values that are not finite.
    """
    values = np.array(scores, np.float64)
    if values.ndim != 1 or values.size < 2:
        raise InputError(
            f"a calibration of {values.size} event{'s' * (values.size != 1)}",
            "Use two or more reference events.",
        )
    values.sort()
    # NaN sorts to the end and -inf to the front, so that the ends tell
    if not (np.isfinite(values[0]) and np.isfinite(values[-1])):
        raise InputError("calibration scores that are NaN or infinite", "Check the detector and its input.")
    return values


def finite_scores(scores: ArrayLike) -> Array:
    """Scores as float64.

    Raises:
        InputError: naming the first value that is NaN or infinite.
    """
    values = np.asarray(scores, np.float64)
    finite = np.isfinite(values)
    if not finite.all():
        first = int(np.argmin(finite))
        raise InputError(f"a score of {values[first]} (event {first})", "Check the detector and its input.")
    return values


def _chunk_p(ordered: Array, chunk: Array, chance: Array | None, out: Array) -> None:
    """p of one chunk: sorted queries let the search walk along the calibration instead of jumping."""
    n = ordered.size
    order = np.argsort(chunk)
    queries = chunk[order]
    left = np.searchsorted(ordered, queries)
    p = np.subtract(n + 1.0, left)
    if chance is not None:
        p -= _randomised_part(ordered, queries, left, chance[order])
    p /= n + 1
    out[order] = p


def _randomised_part(ordered: Array, queries: Array, left: NDArray[np.intp], chance: Array) -> Array:
    """u (ties + 1): what randomisation takes off; ties are counted only where one gather finds one."""
    tied = np.flatnonzero(ordered.take(left, mode="clip") == queries)
    if tied.size:
        ties = np.searchsorted(ordered, queries[tied], side="right") - left[tied]
        chance[tied] *= ties + 1
    return chance


def _output(out: Array | None, size: int) -> Array:
    if out is None:
        return np.empty(size)
    if out.shape != (size,) or out.dtype != np.float64:
        raise InputError(
            f"an output of shape {out.shape} and type {out.dtype}", f"Give float64 of shape ({size},)."
        )
    return out


def _matching(uniforms: ArrayLike, size: int) -> Array:
    values = np.asarray(uniforms, np.float64)
    if values.shape != (size,):
        raise InputError(f"uniforms of shape {values.shape} for {size} scores", "Give one number a score.")
    return values
