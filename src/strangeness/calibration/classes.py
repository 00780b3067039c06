"""p-values of class labels, and the sets of labels that cannot be excluded."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.kernel import conformal_p_values
from strangeness.core.errors import InputError

Array = NDArray[np.float64]
Labels = NDArray[np.integer]


@dataclass(frozen=True)
class PredictionSets:
    """Sets of labels.

    Attributes:
        member: (m, K) whether each label is in the set of each event.
    """

    member: NDArray[np.bool_]

    @property
    def size(self) -> float:
        """Mean number of labels in a set."""
        return float(self.member.sum(axis=1).mean())

    def coverage(self, labels: ArrayLike) -> float:
        """Share of events whose own label is in their set; ``labels`` (m,) are 0 to K - 1."""
        own = checked_labels(labels, *self.member.shape)
        return float(self.member[np.arange(own.size), own].mean())

    def class_coverage(self, labels: ArrayLike) -> Array:
        """The same for each class (K,), NaN for a class without events."""
        own = checked_labels(labels, *self.member.shape)
        events = np.bincount(own, minlength=self.member.shape[1])
        hits = np.bincount(own, self.member[np.arange(own.size), own], self.member.shape[1])
        return np.where(events > 0, hits / np.maximum(events, 1), np.nan)


def lac_scores(probabilities: ArrayLike, labels: ArrayLike | None = None) -> Array:
    """1 - probability of the label (Sadinle, Lei, Wasserman, J. Am. Statist. Assoc. 114 (2019) 223).

    Args:
        probabilities: (n, K) of a classifier, each row adding up to one.
        labels: (n,) labels 0 to K - 1, or None for the scores (n, K) of all labels.

    Raises:
        InputError: for probabilities or labels that are none.
    """
    return _of_labels(1.0 - checked_probabilities(probabilities), labels)


def aps_scores(
    probabilities: ArrayLike, labels: ArrayLike | None = None, *, uniforms: ArrayLike | None = None
) -> Array:
    """Probability of all labels down to this one, less u times its own (arXiv:2006.02544, eq. 7).

    Equal probabilities rank in the order of the labels.

    Args:
        probabilities: (n, K) of a classifier, each row adding up to one.
        labels: (n,) labels 0 to K - 1, or None for the scores (n, K) of all labels.
        uniforms: (n,) u in [0, 1), one an event, or None for u = 0 (no randomisation, larger sets).

    Raises:
        InputError: for probabilities, labels or uniforms that are none.
    """
    p = checked_probabilities(probabilities)
    u = np.zeros(len(p)) if uniforms is None else np.asarray(uniforms, np.float64)
    if u.shape != (len(p),) or not np.all((u >= 0) & (u < 1)):
        raise InputError(f"uniforms of shape {u.shape} for {len(p)} events", "Give one in [0, 1) an event.")
    order = np.argsort(-p, axis=1, kind="stable")
    ranked = np.take_along_axis(p, order, axis=1)
    down_to = np.empty_like(p)
    np.put_along_axis(down_to, order, np.cumsum(ranked, axis=1), axis=1)
    return _of_labels(down_to - u[:, None] * p, labels)


def class_p_values(
    calibration_scores: ArrayLike,
    calibration_labels: ArrayLike,
    scores: ArrayLike,
    *,
    by_class: bool = True,
    uniforms: ArrayLike | None = None,
) -> Array:
    """p-values (m, K) of the hypotheses that an event has each label; higher score = less like the label.

    Args:
        calibration_scores: (n,) scores of calibration events for their own labels.
        calibration_labels: (n,) labels 0 to K - 1.
        scores: (m, K) scores of the tested events for each label.
        by_class: compare with events of that label alone (label-conditional, Vovk et al. 2005, section 4.5),
            which keeps the coverage of every class; else with all events.
        uniforms: (m, K) numbers in [0, 1), or None for deterministic p-values.

    Raises:
        InputError: for a class with fewer than two calibration events, or what ``conformal_p_values``
            refuses.
    """
    tested = np.asarray(scores, np.float64)
    own = np.asarray(calibration_scores, np.float64)
    if tested.ndim != 2 or own.ndim != 1:
        raise InputError(
            f"scores of shape {tested.shape}, calibrated by {own.shape}", "Give (m, K) and (n,) scores."
        )
    label = checked_labels(calibration_labels, own.size, tested.shape[1])
    chance = np.broadcast_to(np.nan, tested.shape) if uniforms is None else np.asarray(uniforms, np.float64)
    if chance.shape != tested.shape:
        raise InputError(f"uniforms of shape {chance.shape}", f"Give numbers of shape {tested.shape}.")
    p = np.empty(tested.shape)
    for k in range(tested.shape[1]):
        mine = own[label == k] if by_class else own
        if mine.size < 2:
            raise InputError(f"{mine.size} calibration events of class {k}", "Use two or more of each class.")
        column = None if uniforms is None else chance[:, k]
        p[:, k] = conformal_p_values(mine, tested[:, k], uniforms=column)
    return p


def prediction_sets(p: ArrayLike, alpha: float) -> PredictionSets:
    """Labels whose p-value is above ``alpha``; the true one is among them with probability 1 - alpha or more.

    Raises:
        InputError: for an alpha outside (0, 1) or p-values (m, K) that are none.
    """
    values = np.asarray(p, np.float64)
    if not 0 < alpha < 1:
        raise InputError(f"alpha = {alpha}", "Give a number between 0 and 1.")
    if values.ndim != 2 or not np.all((values >= 0) & (values <= 1)):
        raise InputError(f"p-values of shape {values.shape}", "Give (m, K) numbers in [0, 1].")
    # k / (n + 1) that equals alpha is excluded, whatever the last bit says
    return PredictionSets(values > alpha * (1 + 1e-12))


def checked_probabilities(probabilities: ArrayLike) -> Array:
    """Probabilities (n, K >= 2) in [0, 1] whose rows add up to one.

    Raises:
        InputError: otherwise.
    """
    p = np.asarray(probabilities, np.float64)
    if p.ndim != 2 or p.shape[1] < 2:
        raise InputError(f"probabilities of shape {p.shape}", "Give (n, K) for two or more classes.")
    if not np.all((p >= 0) & (p <= 1)) or not np.allclose(p.sum(axis=1), 1.0, atol=1e-5):
        raise InputError("probabilities outside [0, 1] or not adding up to one", "Normalise each row.")
    return p


def checked_labels(labels: ArrayLike, n: int, classes: int) -> Labels:
    """Labels (n,) that are whole numbers 0 to ``classes`` - 1.

    Raises:
        InputError: otherwise.
    """
    values = np.asarray(labels)
    if values.shape != (n,) or values.dtype.kind not in "iu":
        raise InputError(f"labels of shape {values.shape} and {values.dtype}", f"Give {n} whole numbers.")
    if n and (values.min() < 0 or values.max() >= classes):
        raise InputError(
            f"labels from {values.min()} to {values.max()}", f"Give labels from 0 to {classes - 1}."
        )
    return values


def _of_labels(scores: Array, labels: ArrayLike | None) -> Array:
    if labels is None:
        return scores
    return scores[np.arange(len(scores)), checked_labels(labels, *scores.shape)]
