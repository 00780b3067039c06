"""Split-conformal calibration: the p-value of a score among reference events that it was not fitted on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.guarantee import ASYMPTOTIC, EXACT, GUARANTEES, SUPER_UNIFORM, UNGUARANTEED
from strangeness.calibration.kernel import conformal_p_values, finite_scores, sorted_scores
from strangeness.calibration.local_law import asymptotic_law, tail_influence
from strangeness.calibration.weighted import (
    checked_weight,
    cumulative,
    effective_number,
    monotone_below,
    weighted_p_values,
)
from strangeness.core.errors import InputError
from strangeness.core.estimators import Calibrator, Null
from strangeness.core.identity import uniform
from strangeness.stats.selection import SelectionLaw, order_statistic_law

Array = NDArray[np.float64]


class BatchLike(Protocol):
    """What calibration reads of a batch: identities (n, 2), contexts (n,) and weights (n,)."""

    @property
    def id(self) -> Any: ...
    @property
    def context(self) -> Any: ...
    @property
    def weight(self) -> Any: ...


@dataclass(frozen=True)
class SplitConformal(Calibrator):
    """Calibrator with one calibration sample for all events.

    Attributes:
        randomised: break ties and fill the steps of 1 / (n + 1) at random, which makes p exactly uniform for
            exchangeable events; else p is the deterministic, super-uniform one.
        signed: accept negative weights of a positive sum; such p-values have no guarantee.
    """

    randomised: bool = True
    signed: bool = False

    def fit_null(self, score: ArrayLike, batch: BatchLike) -> ConformalNull:
        """The null from reference events: ``score`` (n,) and their batch.

        Raises:
            InputError: for fewer than two events, scores that are not finite, negative weights unless
                ``signed``, or weights without a positive sum.
        """
        score = np.asarray(score, np.float64)
        ordered = sorted_scores(score)
        weight = checked_weight(batch.weight, score.size, signed=self.signed)
        if np.all(weight == weight[0]):
            return ConformalNull(ordered, np.empty(0), float(score.size), self.randomised)
        if np.any(weight < 0):
            return _signed_null(score, weight, self.randomised)
        below = cumulative(weight[np.argsort(score, kind="stable")])
        return ConformalNull(ordered, below, effective_number(weight), self.randomised)


class ConformalNull(Null):
    """Sorted calibration scores; a pure function from (score, batch, key) to p-values.

    Attributes:
        ordered: (n,) calibration scores in increasing order.
        below: (n + 1,) weighted share below each place, or empty when all weights are equal.
        n_eff: effective number of calibration events.
        randomised: as in ``SplitConformal``.
    """

    ordered: Array
    below: Array
    n_eff: float
    randomised: bool = True

    def __check_init__(self) -> None:
        _refuse_disorder(self.ordered, self.below, float(self.n_eff))

    def __call__(self, score: ArrayLike, batch: BatchLike, *, key: Any = None) -> Array:
        """p-values (n,) in (0, 1]. The random number of an event depends on ``key`` and its identity alone.

        Raises:
            InputError: for scores that are not finite, or a missing key for the randomised form.
        """
        return self.p_values(score, event_uniforms(batch, key) if self.randomised else None)

    def raw(self, score: ArrayLike) -> Array:
        """Deterministic p-values (#{cal >= s} + 1) / (n + 1), super-uniform."""
        return self.p_values(score, None)

    def p_values(self, score: ArrayLike, uniforms: Array | None) -> Array:
        """p-values for given random numbers in [0, 1), or the deterministic ones."""
        if not self.below.size:
            return conformal_p_values(self.ordered, score, uniforms=uniforms, assume_sorted=True)
        return weighted_p_values(self.ordered, self.below, self.n_eff, finite_scores(score), uniforms)

    @property
    def guarantee(self) -> str:
        """ "exact", "super-uniform" or, with weights, "asymptotic"."""
        if self.below.size:
            return ASYMPTOTIC
        return EXACT if self.randomised else SUPER_UNIFORM

    @property
    def guarantee_text(self) -> str:
        """What the guarantee says."""
        return GUARANTEES[self.guarantee]

    @property
    def smallest_p(self) -> float:
        """The smallest deterministic p-value, 1 / (n_eff + 1)."""
        return 1.0 / (self.n_eff + 1.0)

    def selection_law(self, alpha: float) -> SelectionLaw:
        """The law of the background efficiency of p <= alpha, one bin for every context.

        With weights it has the variance of a weighted quantile: events of large weight above the cut count.

        Raises:
            InputError: when alpha is not in (0, 1) or below the smallest p-value.
        """
        if self.below.size:
            variance = np.sum(tail_influence(np.diff(self.below), alpha) ** 2)
            edges = np.array([-np.inf, np.inf])
            return asymptotic_law(edges, np.array([variance]), np.array([self.n_eff]), alpha)
        n = int(self.n_eff)
        a, b = order_statistic_law(n, alpha, self.randomised)
        return SelectionLaw(np.array([-np.inf, np.inf]), np.array([a]), np.array([b]), alpha, np.array([n]))


class SignedNull(ConformalNull):
    """A null from weights of both signs: monotone in the score and within [1 / (n_eff + 1), 1], no more."""

    @property
    def guarantee(self) -> str:
        """Always "unguaranteed"."""
        return UNGUARANTEED


def _signed_null(score: Array, weight: Array, randomised: bool) -> SignedNull:
    n_eff = effective_number(weight)
    if n_eff < 1:
        raise InputError(
            f"signed calibration weights that count as {n_eff:.2g} events",
            "Use more events, or fewer negative weights.",
        )
    order = np.argsort(score, kind="stable")
    return SignedNull(score[order], monotone_below(score[order], weight[order]), n_eff, randomised)


def _refuse_disorder(ordered: Array, below: Array, n_eff: float) -> None:
    """Refuse calibration scores that no fit gives."""
    for name, values in (("scores", ordered), ("weights below", below)):
        if np.ndim(values) != 1 or not np.all(np.isfinite(values)) or np.any(np.diff(values) < 0):
            raise InputError(f"the calibration {name} are not finite and rising", "Calibrate again.")
    if len(ordered) < 2 or not 1 <= n_eff < np.inf:
        raise InputError(
            f"a calibration by {len(ordered)} scores that count as {n_eff:g}", "Calibrate again."
        )
    if len(below) and (len(below) != len(ordered) + 1 or below[0] < 0 or below[-1] > 1):
        raise InputError("calibration weights that do not belong to the scores", "Calibrate again.")


def event_uniforms(batch: BatchLike, key: Any) -> Array:
    """One number in [0, 1) for each event of the batch, a function of the key and its identity.

    Raises:
        InputError: without a key.
    """
    return uniform(np.asarray(batch.id), f"conformal p-value {key_name(key)}")


def key_name(key: Any) -> str:
    """A text that stands for a key: an integer, an array of key words, or a JAX key.

    Raises:
        InputError: for None or something else.
    """
    if isinstance(key, int | np.integer) and not isinstance(key, bool):
        return str(int(key))
    if key is None:
        raise InputError(
            "randomised p-values without a key", "Give key=, or calibrate with randomised=False."
        )
    words = np.asarray(_key_words(key))
    if words.dtype.kind not in "ui" or words.size == 0:
        raise InputError(f"a key of type {type(key).__name__}", "Give an integer or a JAX key.")
    return np.ascontiguousarray(words, "<u4").tobytes().hex()


def _key_words(key: Any) -> Any:
    if isinstance(key, np.ndarray | list | tuple):
        return key
    if isinstance(key, jax.Array) and jnp.issubdtype(key.dtype, jax.dtypes.prng_key):
        return jax.random.key_data(key)
    return key
