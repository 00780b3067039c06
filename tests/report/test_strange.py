"""Displays, pictures and feature notes against values by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.report.strange import (
    MOST_PARTICLES,
    event_display,
    feature_notes,
    image_set,
    picture,
    strangest,
)
from tests.report.whole import jets


def test_strangest_come_first_and_ties_keep_their_order() -> None:
    assert strangest([1.0, 3.0, 2.0, 3.0], 3).tolist() == [1, 3, 2]


def test_notes_by_hand_for_a_linear_score() -> None:
    reference = np.array([[0.0, 10.0], [1.0, 20.0], [2.0, 30.0], [3.0, 90.0]])
    (notes,) = feature_notes(lambda x: x @ [10.0, 1.0], [[9.0, 20.0]], reference, ["a", "b"])
    first, second = notes
    # Score 110; a at its median 1.5: 15 + 20; b at its median 25: 90 + 25.
    assert (first.name, first.median, first.below, first.score_at_median) == ("a", 1.5, 1.0, 35.0)
    assert (second.name, second.value, second.below, second.score_at_median) == ("b", 20.0, 0.25, 115.0)


def test_notes_ask_for_no_score_without_events() -> None:
    assert feature_notes(lambda x: x[:, 0], np.empty((0, 2)), np.ones((3, 2)), ["a", "b"]) == []


@pytest.mark.parametrize(
    ("rows", "reference"), [(np.ones((1, 3)), np.ones((4, 2))), (np.ones((1, 2)), np.ones((0, 2)))]
)
def test_notes_of_other_shapes_are_refused(rows: Any, reference: Any) -> None:
    with pytest.raises(InputError, match="2 names"):
        feature_notes(lambda x: x[:, 0], rows, reference, ["a", "b"])


def test_a_display_holds_the_hardest_particles() -> None:
    events = jets(4)
    shown = event_display(events, 2, 1.5, p=0.01, columns=("mass",))
    assert events.constituents is not None
    own = events.constituents.take(np.array([2]))
    assert len(shown.pt) + shown.left_out == len(own.pt) and shown.pt == sorted(shown.pt, reverse=True)
    # Four significant digits.
    assert abs(shown.pt[0] / own.pt.max() - 1) < 1e-3
    assert shown.context == {"mass": float(events.features["mass"][2])} and shown.name.startswith("Event ")


def test_soft_particles_are_counted_and_events_without_particles_are_shown(monkeypatch: Any) -> None:
    assert MOST_PARTICLES > 100
    monkeypatch.setattr("strangeness.report.strange.MOST_PARTICLES", 3)
    events = jets(4)
    shown = event_display(events, 0, 1.5)
    assert len(shown.pt) == 3 and shown.left_out == int(events.features["multiplicity"][0]) - 3
    bare = event_display(type(events)(events.features, events.id, events.weight), 0, 2.0, name="one")
    assert (bare.pt, bare.left_out, bare.p, bare.name) == ([], 0, None, "one")


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="no column 'mas'"):
        event_display(jets(2), 0, 1.0, columns=("mas",))


def test_pictures_add_channels_and_sets_average() -> None:
    images = np.arange(2 * 2 * 3 * 2, dtype=float).reshape(2, 2, 3, 2)
    assert picture(images[0], 0.7, "one").values == [[1, 5, 9], [13, 17, 21]]
    found = image_set({"both": images, "none": images[:0]}, 0.7, weights={"both": np.array([1.0, 0.0])})
    assert [p.label for p in found.pictures] == ["both"] and found.pictures[0].events == 2
    assert found.pictures[0].values == [[1, 5, 9], [13, 17, 21]]


@pytest.mark.parametrize("values", [np.ones(3), np.full((2, 2), np.nan), np.ones((1, 2, 2, 1))])
def test_what_is_no_picture_is_refused(values: Any) -> None:
    with pytest.raises(InputError, match="a picture of shape"):
        picture(values, 0.7, "x")
