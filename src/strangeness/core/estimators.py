"""The three steps of the chain: configuration, fit, pure function (Map, Scorer, Null)."""

from __future__ import annotations

import abc
from collections.abc import Collection
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import KINDS, Batch, Source, concatenate, rows_of
from strangeness.core.cards import MethodCard, RepresentationCard
from strangeness.core.contract import TabularContract
from strangeness.core.errors import InputError


class Map(eqx.Module):
    """A fitted representation: a batch with a new ``x``, the same rows and the same identities."""

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        """Those of the available columns that it reads, ``constituents`` among them; all by default."""
        return tuple(available)

    @abc.abstractmethod
    def __call__(self, batch: Batch) -> Batch: ...


class Representation(abc.ABC):
    """A dataclass of options that is fitted to a ``Map``.

    Attributes:
        makes: the input kind of the detectors that can stand behind it.
        card: what it computes, cites, and does not depend on.
    """

    makes: ClassVar[str] = "tabular"
    card: ClassVar[RepresentationCard | None] = None

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        """Those of the available columns that it reads, ``constituents`` among them; all by default."""
        return tuple(available)

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
        """Scores (n,) of the rows ``x`` (n, *row_shape); ``id`` (n, 2); ``keys`` (n,) or None."""

    @property
    @abc.abstractmethod
    def row_shape(self) -> tuple[int, ...]:
        """Shape of a row: (features,), (height, width, channels) or (particles, coordinates)."""

    def __call__(self, batch: Batch, *, key: PRNGKeyArray | None = None) -> NDArray[np.float64]:
        """Scores (n,) of a batch.

        Raises:
            InputError: for NaN, infinite or non-numeric values, rows of another shape, a missing key.
        """
        who = type(self).__name__
        x = rows_of(batch, who, _KIND_OF_AXES[len(self.row_shape)])
        if x.shape[1:] != self.row_shape:
            raise InputError(
                f"{who} was fitted on rows of shape {self.row_shape} and given {x.shape[1:]}",
                "Use the representation that it was fitted with.",
            )
        if self.stochastic and key is None:
            raise InputError(f"{who} is stochastic and was given no key", "Pass key=jax.random.key(seed).")
        return self.of_rows(x, batch.id, key)

    def of_rows(
        self, x: NDArray[Any], id: NDArray[np.uint32], key: PRNGKeyArray | None
    ) -> NDArray[np.float64]:
        """Scores (n,) of rows (n, *row_shape) that were checked before; ``id`` (n, 2)."""
        if self.traceable:
            return np.asarray(_traced_in_blocks(self, x, id, key), np.float64)
        keys = event_keys(key, jnp.asarray(id)) if self.stochastic and key is not None else None
        return np.asarray(self.rows(x, id, keys), np.float64)


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

    def training_events(self, source: Source) -> tuple[Batch, NDArray[Any]]:
        """All events of a source and their rows (n, ...): where ``fit_scorer`` begins.

        Rows are float64 for tabular input and float32 for all other.

        Raises:
            InputError: for what ``rows_of`` refuses, fewer than two events, or more than the card allows, or
                weights that it excludes.
        """
        batches = list(source)
        n, limit = sum(len(part) for part in batches), self.card.row_limit
        if self.card.in_memory and n > limit:
            raise InputError(
                f"{self.card.name} was given {n:,} events to fit and holds at most {limit:,}", "Give fewer."
            )
        if not batches:
            raise InputError(f"{self.card.name} was given no event to fit", "Loosen the selection.")
        batch = concatenate(batches)
        kind = self.card.input_kind
        x = rows_of(batch, self.card.name, kind).astype(np.float64 if kind == "tabular" else np.float32)
        if len(x) < 2:
            raise InputError(f"{self.card.name} was given 1 event to fit", "Give two or more.")
        _refuse_weights(batch.weight, self.card)
        return batch, x


def _refuse_weights(weight: NDArray[np.float64], card: MethodCard) -> None:
    if not np.all(np.isfinite(weight)):
        raise InputError(f"{card.name} was given a weight of {weight[~np.isfinite(weight)][0]}", "Repair it.")
    if card.weights == "none" and np.any(weight != weight[0]):
        raise InputError(
            f"{card.name} cannot use weights, and they run from {weight.min():g} to {weight.max():g}",
            "Give every event the same weight, or resample the events by it.",
        )
    if card.weights == "positive" and np.any(weight < 0):
        raise InputError(f"{card.name} was given a weight of {weight.min():g}", "Give zero or more.")
    if not np.sum(weight) > 0:
        raise InputError(f"the weights of {card.name} sum to {np.sum(weight):g}", "Give a positive sum.")


class Null(eqx.Module):
    """A fitted calibration: scores to p-values under the null hypothesis."""

    @abc.abstractmethod
    def __call__(self, score: NDArray[np.float64], batch: Batch, *, key: Any) -> NDArray[np.float64]: ...

    @abc.abstractmethod
    def selection_law(self, alpha: float) -> Any:
        """The ``stats.selection.SelectionLaw`` of the background efficiency of p <= alpha."""


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


_KIND_OF_AXES = {axes.count(",") + 1: kind for kind, axes in KINDS.items()}
_BLOCK = 2**20
"""Numbers that are scored at once, so that images do not fill the memory."""


def _traced_in_blocks(
    scorer: Scorer, x: NDArray[Any], id: NDArray[np.uint32], key: PRNGKeyArray | None
) -> NDArray[Any]:
    step = max(bucket(_BLOCK // int(np.prod(x.shape[1:])) + 1) // 2, 8)
    starts = range(0, len(x), step)
    return np.concatenate([_padded_score(scorer, x[i : i + step], id[i : i + step], key) for i in starts])


def _padded_score(
    scorer: Scorer, x: NDArray[Any], id: NDArray[np.uint32], key: PRNGKeyArray | None
) -> NDArray[Any]:
    n = len(x)
    extra = bucket(n) - n
    rows = np.concatenate([x, np.broadcast_to(x[:1], (extra, *x.shape[1:]))]).astype(float_dtype())
    words = np.concatenate([id, np.broadcast_to(id[:1], (extra, 2))])
    return np.asarray(_traced_score(scorer, rows, words, key if scorer.stochastic else None))[:n]


@eqx.filter_jit
def _traced_score(scorer: Scorer, x: Any, id: Any, key: PRNGKeyArray | None) -> Array:
    return scorer.rows(x, id, None if key is None else event_keys(key, id))
