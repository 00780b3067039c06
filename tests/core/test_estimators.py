"""Scorers: a pure function of event and key, padded to buckets, traced once a bucket."""

from dataclasses import replace
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, Batch, concatenate, make_batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer, bucket
from strangeness.detectors.mahalanobis import Mahalanobis

TRACES: list[tuple[int, ...]] = []


class Counted(Scorer):
    """Sums a row, and remembers each time that it is traced."""

    scale: Any

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (2,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        TRACES.append(x.shape)
        assert keys is None
        return self.scale * (x[:, 0] + x[:, 1])


class Noisy(Scorer):
    """A number for each event and key, whatever its features."""

    stochastic: ClassVar[bool] = True
    scale: Any

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (2,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return self.scale * jax.vmap(jax.random.normal)(keys)


class NoisyOnHost(Noisy):
    traceable: ClassVar[bool] = False


class OnHost(Scorer):
    """Keeps what it is given: the host path sees double precision and no padding."""

    traceable: ClassVar[bool] = False

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (2,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        assert keys is None and x.dtype == np.float64
        return x[:, 0]


@pytest.fixture
def batch(rng: np.random.Generator) -> Batch:
    return make_batch(rng.normal(size=(50, 2)), name="toy")


@pytest.mark.parametrize(
    ("n", "size"), [(1, 8), (8, 8), (9, 16), (16, 16), (17, 32), (1000, 1024), (1024, 1024), (1025, 2048)]
)
def test_buckets_are_powers_of_two(n: int, size: int) -> None:
    assert bucket(n) == size


def test_one_trace_a_bucket(batch: Batch) -> None:
    scorer = Counted(jnp.float32(2.0))
    TRACES.clear()
    for n in (1, 3, 8, 9, 15, 16, 20, 32, 5, 50):
        part = batch.take(np.arange(n))
        expected = 2 * part.x.astype(np.float32).sum(axis=1)
        assert np.allclose(
            scorer(part), expected, rtol=0, atol=1e-6
        )  # a few float32 roundings of numbers near 1
    assert sorted(TRACES) == [(8, 2), (16, 2), (32, 2), (64, 2)]
    Counted(jnp.float32(3.0))(batch)  # another fitted value is data, not a new program
    assert len(TRACES) == 4


SCORERS = [Counted(jnp.float32(2.0)), Noisy(jnp.float32(1.0)), OnHost(), None]


@pytest.mark.parametrize("scorer", SCORERS, ids=["traced", "stochastic", "host", "mahalanobis"])
def test_split_permuted_and_padded_batches_score_the_same(
    batch: Batch, scorer: Scorer | None, rng: np.random.Generator
) -> None:
    scorer = scorer or Mahalanobis().fit_scorer(ArraySource(batch), key=jax.random.key(0))
    key = jax.random.key(5)
    whole = scorer(batch, key=key)
    assert whole.dtype == np.float64 and whole.shape == (50,)
    assert np.array_equal(scorer(batch, key=key), whole)
    # Products of matrices may be summed in another order for another shape: a few units of float32.
    close = {"rtol": 1e-5, "atol": 0}
    order = rng.permutation(50)
    assert np.allclose(scorer(batch.take(order), key=key), whole[order], **close)
    split = [scorer(part, key=key) for part in ArraySource(batch, 30)]
    assert np.allclose(np.concatenate(split), whole, **close)
    longer = concatenate([batch, make_batch(rng.normal(size=(10, 2)), name="more")])
    assert np.allclose(scorer(longer, key=key)[:50], whole, **close)


def test_noise_belongs_to_event_and_key(batch: Batch) -> None:
    scorer = Noisy(jnp.float32(1.0))
    one, two = scorer(batch, key=jax.random.key(1)), scorer(batch, key=jax.random.key(2))
    assert len(np.unique(one)) == 50 and not np.any(one == two)
    low, high = batch.id[3]
    own = jax.random.fold_in(jax.random.fold_in(jax.random.key(1), low), high)
    assert jax.random.normal(own) == pytest.approx(one[3], rel=1e-6)
    host = NoisyOnHost(jnp.float32(1.0))(batch.take(np.arange(8)), key=jax.random.key(1))
    assert np.allclose(host, one[:8], rtol=1e-6)


def test_refusals(batch: Batch) -> None:
    with pytest.raises(InputError, match="Noisy is stochastic and was given no key"):
        Noisy(jnp.float32(1.0))(batch)
    with pytest.raises(InputError, match=r"Counted was fitted on rows of shape \(2,\) and given \(3,\)"):
        Counted(jnp.float32(1.0))(make_batch(np.zeros((4, 3))))
    with pytest.raises(InputError, match="Counted was given nan in event 1, feature 0"):
        Counted(jnp.float32(1.0))(make_batch(np.array([[0.0, 0.0], [np.nan, 0.0]])))


def fitted(weight: Any, rows: int = 20) -> Any:
    x = np.random.default_rng(0).normal(size=(rows, 2))
    return Mahalanobis().training_events(ArraySource(make_batch(x, weight=weight)))


class Unweighted(Mahalanobis):
    """As its parent, for events of one weight."""

    card = replace(Mahalanobis.card, weights="none", name="unweighted")


def test_weights_that_the_card_excludes_are_refused() -> None:
    batch, x = fitted(None)
    assert x.dtype == np.float64 and len(batch) == 20
    spoiled = np.where(np.arange(20) == 3, np.nan, 1.0)
    with pytest.raises(InputError, match="mahalanobis was given a weight of nan"):
        fitted(spoiled)
    with pytest.raises(InputError, match="mahalanobis was given a weight of -1"):
        fitted(np.where(np.arange(20) == 3, -1.0, 1.0))
    with pytest.raises(InputError, match=r"weights .* mahalanobis sum to 0"):
        fitted(np.zeros(20))
    with pytest.raises(InputError, match="mahalanobis was given no event to fit"):
        Mahalanobis().training_events([])
    with pytest.raises(InputError, match="given 1 event to fit"):
        fitted(None, rows=1)
    source = ArraySource(make_batch(np.zeros((2, 2)), weight=np.array([1.0, 2.0])))
    with pytest.raises(InputError, match="unweighted cannot use weights, and they run from 1 to 2"):
        Unweighted().training_events(source)


def test_more_events_than_the_card_allows_are_refused_before_the_fit(batch: Batch) -> None:
    class Small(Mahalanobis):
        card: ClassVar = replace(Mahalanobis.card, row_limit=49)

    class Streamed(Mahalanobis):
        card: ClassVar = replace(Mahalanobis.card, row_limit=49, in_memory=False)

    source = ArraySource(batch, chunk=20)
    with pytest.raises(InputError, match="mahalanobis was given 50 events to fit and holds at most 49"):
        Small().training_events(source)
    assert len(Streamed().training_events(source)[1]) == 50
