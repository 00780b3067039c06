"""The three steps of the chain: configuration, fit, pure function (Map, Scorer, Null)."""

from __future__ import annotations

import abc
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source, tabular
from strangeness.core.cards import MethodCard
from strangeness.core.contract import TabularContract
from strangeness.core.errors import InputError


class Map(eqx.Module):
    """A fitted representation: a batch with a new ``x``, the same rows and the same identities."""

    @abc.abstractmethod
    def __call__(self, batch: Batch) -> Batch: ...


class Representation(abc.ABC):
    """A dataclass of options that is fitted to a ``Map``."""

    @abc.abstractmethod
    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> Map: ...


class Scorer(eqx.Module):
    """A fitted detector: a pure function of (batch, key) to one score an event, HIGHER = STRANGER.

    A subclass stores arrays, JSON values and other such modules, and writes ``rows`` alone. It may set

    * ``traceable``: ``rows`` is JAX code (jitted, differentiated, exported); otherwise it runs on the host;
    * ``stochastic``: ``rows`` uses its keys, one an event, made from the call's key and the event's identity.
    """

    traceable: ClassVar[bool] = True
    stochastic: ClassVar[bool] = False

    @abc.abstractmethod
    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        """Scores (n,) of the rows ``x`` (n, d); ``id`` (n, 2); ``keys`` (n,) or None."""

    @property
    @abc.abstractmethod
    def n_features(self) -> int:
        """Number of features d of a row."""

    def __call__(self, batch: Batch, *, key: PRNGKeyArray | None = None) -> NDArray[np.float64]:
        """Scores (n,) of a batch.

        Raises:
            InputError: for NaN, infinite or non-numeric values, another number of features, a missing key.
        """
        who = type(self).__name__
        x = tabular(batch, who)
        if x.shape[1] != self.n_features:
            raise InputError(
                f"{who} was fitted on {self.n_features} features and given {x.shape[1]}",
                "Use the representation that it was fitted with.",
            )
        if self.stochastic and key is None:
            raise InputError(f"{who} is stochastic and was given no key", "Pass key=jax.random.key(seed).")
        score = _padded_score(self, x, batch.id, key) if self.traceable else self.rows(x, batch.id, None)
        return np.asarray(score, np.float64)


class Detector(TabularContract, abc.ABC):
    """A dataclass of hyperparameters that is fitted to a ``Scorer``.

    Attributes:
        card: what the method is, needs and cites.
        stores: the Module classes that its artefact may hold beside those of ``nn``.
    """

    card: ClassVar[MethodCard]
    stores: ClassVar[tuple[type[eqx.Module], ...]]

    @abc.abstractmethod
    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> Scorer: ...


class Null(eqx.Module):
    """A fitted calibration: scores to p-values under the null hypothesis."""

    @abc.abstractmethod
    def __call__(self, score: NDArray[np.float64], batch: Batch, *, key: Any) -> NDArray[np.float64]: ...


class Calibrator(abc.ABC):
    """A dataclass of options that is fitted to a ``Null`` on scores of reference events."""

    @abc.abstractmethod
    def fit_null(self, score: NDArray[np.float64], batch: Batch) -> Null: ...


def bucket(n: int) -> int:
    """The power of two (at least 8) that ``n`` rows are padded to, so that few shapes are traced."""
    return max(8, 1 << (n - 1).bit_length())


def float_dtype() -> Any:
    """float64 when JAX runs with x64, float32 otherwise."""
    return jnp.result_type(float)


def event_keys(key: PRNGKeyArray, id: Array) -> PRNGKeyArray:
    """One key an event: ``fold_in`` of both words of its identity; independent of order and chunk."""
    return jax.vmap(lambda word: jax.random.fold_in(jax.random.fold_in(key, word[0]), word[1]))(id)


def _padded_score(
    scorer: Scorer, x: NDArray[Any], id: NDArray[np.uint32], key: PRNGKeyArray | None
) -> NDArray[Any]:
    n = len(x)
    extra = bucket(n) - n
    rows = np.concatenate([x, np.broadcast_to(x[:1], (extra, x.shape[1]))]).astype(float_dtype())
    words = np.concatenate([id, np.broadcast_to(id[:1], (extra, 2))])
    return np.asarray(_traced_score(scorer, rows, words, key if scorer.stochastic else None))[:n]


@eqx.filter_jit
def _traced_score(scorer: Scorer, x: Array, id: Array, key: PRNGKeyArray | None) -> Array:
    return scorer.rows(x, id, None if key is None else event_keys(key, id))
