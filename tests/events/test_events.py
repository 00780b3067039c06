"""The Events type: shapes, selections, and truth that nothing fitted can reach."""

from dataclasses import replace
from typing import Any, NoReturn

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource
from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events import Constituents, Events, concatenate_events
from strangeness.representations import KinematicFeatures


class Forbidden:
    """Truth that raises whatever is done with it."""

    def _refuse(self, *_: Any) -> NoReturn:
        raise AssertionError("truth was read")

    __len__ = __array__ = __getitem__ = __iter__ = __bool__ = __eq__ = __repr__ = __float__ = _refuse
    __hash__ = None  # type: ignore[assignment]

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"truth was asked for {name}")


def test_truth_is_never_read_on_the_way_to_a_score(events: Events) -> None:
    guarded = replace(events, truth=Forbidden(), constituents=None)
    with pytest.raises(AssertionError, match="truth was"):
        guarded.take(np.arange(3))
    blind = guarded.without_truth()
    assert blind.truth is None
    batch = blind.inside("mjj", 0.0, 1e4).take(np.arange(20)).batch(context="mjj", region=(3000.0, 4000.0))
    source = ArraySource(replace(batch, weight=np.ones(len(batch))))
    fitted = KinematicFeatures(("mj1", "mjj")).fit_map(source, key=jax.random.key(0))
    mapped = fitted(next(iter(source)))
    scorer = Mahalanobis().fit_scorer(ArraySource(mapped), key=jax.random.key(0))
    assert np.all(np.isfinite(scorer(mapped)))


def test_a_batch_with_truth_does_not_read_it_either(events: Events) -> None:
    batch = replace(events, truth=Forbidden()).batch(data=True)
    assert set(batch.x) == {"mjj", "mj1", "constituents"}
    assert np.all(batch.sample == 1)
    assert np.all(batch.region)


def test_a_region_is_half_open_in_the_context(events: Events) -> None:
    batch = events.batch(context="mjj", region=(3000.0, 5000.0))
    mjj = events.features["mjj"]
    assert np.array_equal(batch.region, (mjj >= 3000) & (mjj < 5000))
    assert np.array_equal(batch.context, mjj)
    assert np.array_equal(batch.id, events.id)


@pytest.mark.parametrize("rows", [np.array([4, 0, 4, 22]), np.arange(23) % 3 == 0, np.array([], np.int64)])
def test_take_selects_lists_and_columns_alike(events: Events, rows: np.ndarray) -> None:
    taken = events.take(rows)
    index = np.arange(23)[rows]
    assert len(taken) == len(index)
    assert events.constituents is not None and taken.constituents is not None
    for new, old in enumerate(index):
        a, b = events.constituents.offsets[old : old + 2]
        c, d = taken.constituents.offsets[new : new + 2]
        assert np.array_equal(events.constituents.pt[a:b], taken.constituents.pt[c:d])
        assert np.array_equal(events.constituents.phi[a:b], taken.constituents.phi[c:d])
    assert np.array_equal(taken.truth, events.truth[index])
    assert np.array_equal(taken.features["mj1"], events.features["mj1"][index])


@pytest.mark.parametrize("most", [None, 1, 3, 10])
def test_padding_equals_a_loop(events: Events, most: int | None) -> None:
    lists = events.constituents
    assert lists is not None
    padded = lists.padded(most)
    width = int(lists.counts.max()) if most is None else most
    assert padded.shape == (23, width, 3)
    for row in range(23):
        low, high = lists.offsets[row : row + 2]
        expected = np.zeros((width, 3), np.float32)
        kept = min(width, high - low)
        for axis, values in enumerate((lists.pt, lists.eta, lists.phi)):
            expected[:kept, axis] = values[low : low + kept]
        assert np.array_equal(padded[row], expected)


def test_concatenation_undoes_a_split(events: Events) -> None:
    joined = concatenate_events([events.take(np.arange(9)), events.take(np.arange(9, 23))])
    assert np.array_equal(joined.id, events.id)
    assert np.array_equal(joined.truth, events.truth)
    assert joined.constituents is not None and events.constituents is not None
    assert np.array_equal(joined.constituents.offsets, events.constituents.offsets)
    assert np.array_equal(joined.constituents.eta, events.constituents.eta)


def test_concatenation_keeps_truth_and_lists_only_if_all_have_them(events: Events) -> None:
    joined = concatenate_events([events, replace(events.without_truth(), constituents=None)])
    assert joined.truth is None and joined.constituents is None
    assert len(joined) == 46


def test_what_cannot_be_events_is_refused(events: Events) -> None:
    with pytest.raises(InputError, match="there are no events"):
        concatenate_events([])
    with pytest.raises(InputError, match=r"'mjj' has shape \(2,\) for 23 events"):
        replace(events, features={"mjj": np.zeros(2)})
    with pytest.raises(InputError, match=r"'weight' has shape \(23, 1\)"):
        replace(events, weight=np.ones((23, 1)))
    one = np.zeros(1, np.float32)
    with pytest.raises(InputError, match="1 lists of constituents for 23 events"):
        replace(events, constituents=Constituents(np.array([0, 1]), one, one, one))


def test_a_missing_column_names_the_nearest(events: Events) -> None:
    with pytest.raises(InputError, match=r"no column 'mj'. Did you mean"):
        events.column("mj")
    with pytest.raises(InputError, match="no column 'mjjj'"):
        events.batch(context="mjjj")
    other = replace(events, features={"mjj": events.features["mjj"]})
    with pytest.raises(InputError, match="no column 'mj1'"):
        concatenate_events([events, other])


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_used_column_must_be_finite(events: Events, value: float) -> None:
    spoiled = replace(events, features={"mjj": np.where(np.arange(23) == 5, value, 1.0)})
    with pytest.raises(InputError, match=f"'mjj' holds {value} in event 5"):
        spoiled.inside("mjj", 0, 10)
    assert np.isnan(spoiled.raw_column("mjj")[5]) or np.isinf(spoiled.raw_column("mjj")[5])


@pytest.mark.parametrize(
    ("offsets", "sizes"),
    [
        ([0, 2], (2, 2, 1)),
        ([0, 1], (2, 2, 2)),
        ([1, 2], (2, 2, 2)),
        ([0, 2, 1, 2], (2, 2, 2)),
        ([], (0, 0, 0)),
    ],
)
def test_constituents_that_disagree_are_refused(offsets: list[int], sizes: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="constituents have offsets"):
        Constituents(np.array(offsets, np.int64), *(np.zeros(size, np.float32) for size in sizes))


def test_frames_are_not_mixed(events: Events) -> None:
    assert events.constituents is not None
    other = replace(events, constituents=replace(events.constituents, relative=False))
    with pytest.raises(InputError, match="some constituents are relative to a jet axis and some are not"):
        concatenate_events([events, other])


def test_a_region_needs_its_context(events: Events) -> None:
    with pytest.raises(InputError, match=r"region \(3000.0, 4000.0\) was given without a context"):
        events.batch(region=(3000.0, 4000.0))


def test_identities_are_two_words(events: Events) -> None:
    with pytest.raises(InputError, match=r"'id' has shape \(23,\)"):
        replace(events, id=np.arange(23, dtype=np.uint32))


def test_an_empty_selection_says_what_there_is() -> None:
    events = Events({"mjj": np.array([2800.0, 6900.0])}, identities("a", 2), np.ones(2))
    assert len(events.inside("mjj", 2800, 6900)) == 1
    with pytest.raises(InputError, match=r"no event with mjj in \[2.7, 7\); it runs from 2800 to 6900"):
        events.inside("mjj", 2.7, 7.0)
    with pytest.raises(InputError, match="the selection 'events' is empty"):
        events.take(np.array([], np.int64)).batch()
