"""Batches: neutral values, selections, sources, and refusals."""

import numpy as np
import pytest

from strangeness.core.batch import DATA, ArraySource, Batch, Source, collect, concatenate, make_batch, rows_of
from strangeness.core.errors import InputError
from strangeness.core.identity import identities


@pytest.fixture
def batch(rng: np.random.Generator) -> Batch:
    x = {"a": rng.normal(size=(10, 2)), "b": (rng.normal(size=10),)}
    return make_batch(
        x, sample=np.arange(10) % 2, region=np.arange(10) > 4, context=rng.normal(size=10), name="toy"
    )


def same(a: Batch, b: Batch) -> bool:
    fields = ("id", "sample", "region", "context", "weight")
    equal = all(np.array_equal(getattr(a, field), getattr(b, field)) for field in fields)
    return equal and np.array_equal(a.x["a"], b.x["a"]) and np.array_equal(a.x["b"][0], b.x["b"][0])


def test_neutral_values() -> None:
    batch = make_batch(np.zeros((3, 2)))
    assert len(batch) == 3
    assert np.array_equal(batch.id, identities("array", 3))
    assert batch.sample.tolist() == [0, 0, 0] and batch.region.all()
    assert batch.context.tolist() == [0, 0, 0] and batch.weight.tolist() == [1, 1, 1]
    assert batch.labelled(DATA).sample.tolist() == [1, 1, 1]


def test_a_batch_cannot_be_changed(batch: Batch) -> None:
    with pytest.raises(AttributeError):
        batch.weight = np.zeros(10)  # type: ignore[misc]


def test_take_by_mask_and_by_index_agree(batch: Batch) -> None:
    mask = np.array([1, 0, 0, 1, 1, 0, 0, 0, 0, 1], bool)
    assert same(batch.take(mask), batch.take(np.flatnonzero(mask)))
    assert np.array_equal(batch.take(mask).x["a"], batch.x["a"][mask])


@pytest.mark.parametrize("chunk", [1, 3, 10, 99, None])
def test_a_source_yields_the_same_again_and_loses_nothing(batch: Batch, chunk: int | None) -> None:
    source = ArraySource(batch, chunk)
    assert isinstance(source, Source)
    assert max(len(part) for part in source) <= (chunk or 10)
    assert same(collect(source), batch) and same(collect(source), batch)


def test_with_x_keeps_rows(batch: Batch) -> None:
    assert batch.with_x(np.ones((10, 1))).id is batch.id
    for x in (np.ones((9, 1)), {"a": np.ones(10), "b": np.ones(9)}, None, np.float64(3)):
        with pytest.raises(InputError, match="rows for 10 events"):
            batch.with_x(x)


def test_nothing_to_join() -> None:
    with pytest.raises(InputError, match="the source yields no batch"):
        concatenate([])


@pytest.mark.parametrize(
    ("x", "columns", "message"),
    [
        (np.zeros((0, 2)), {}, "the selection 'toy' is empty"),
        (np.zeros((3, 2)), {"id": identities("a", 2)}, "'id' of 'toy' has 2 rows for 3 events"),
        (np.zeros((3, 2)), {"id": np.arange(3)}, "'id' of 'toy' has shape"),
        (np.zeros((3, 2)), {"region": [True]}, "'region' of 'toy' has 1 rows for 3 events"),
        (np.zeros((3, 2)), {"context": np.zeros(4)}, "'context' of 'toy' has 4 rows for 3 events"),
        (np.zeros((3, 2)), {"weight": np.zeros(4)}, "'weight' of 'toy' has 4 rows for 3 events"),
        (np.zeros((3, 2)), {"sample": [0, 1]}, "'sample' of 'toy' has 2 rows for 3 events"),
        ({"a": np.zeros(3), "b": np.zeros(2)}, {}, "'x' of 'toy' has 2 rows for 3 events"),
    ],
)
def test_columns_of_other_lengths_are_refused(x: object, columns: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make_batch(x, name="toy", **columns)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.zeros(3), r"not shape \(3,\)"),
        (np.zeros((3, 0)), r"not shape \(3, 0\)"),
        (np.array([["a"]]), "of <U1"),
        (np.array([[1.0, np.nan], [np.inf, 0.0]]), "toy was given nan in event 0, feature 1"),
        (np.array([[1.0, 2.0], [-np.inf, 0.0]]), "toy was given -inf in event 1, feature 0"),
    ],
)
def test_what_is_no_finite_matrix_is_refused(x: np.ndarray, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rows_of(make_batch(x), "toy")


def test_an_empty_matrix_is_refused() -> None:
    empty = make_batch(np.zeros((3, 2))).take(np.array([], np.int64))
    with pytest.raises(InputError, match="toy was given no event"):
        rows_of(empty, "toy")


def test_integers_are_a_matrix() -> None:
    assert rows_of(make_batch(np.arange(6).reshape(3, 2)), "toy").shape == (3, 2)


def test_rows_of_images_and_sets() -> None:
    images = np.zeros((3, 4, 4, 1), np.float32)
    assert rows_of(make_batch(images), "toy", "image").shape == images.shape
    with pytest.raises(
        InputError, match=r"real array \(events, particles, coordinates\), not shape \(3, 4, 4, 1\)"
    ):
        rows_of(make_batch(images), "toy", "set")
    images[2, 1, 3, 0] = np.nan
    with pytest.raises(InputError, match=r"nan in event 2, place \(1, 3, 0\)"):
        rows_of(make_batch(images), "toy", "image")
