"""A run's strangest events and average images, found again among the events of a stream."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import numpy as np
import pytest

from strangeness.calibration.conformal import SplitConformal
from strangeness.chain import FittedChain, Outcome, Scored
from strangeness.core.batch import ArraySource
from strangeness.core.identity import as_uint64
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.report.runs import average_images_of, displays_of
from strangeness.representations import JetImages, KinematicFeatures, average_image
from tests.report.examples import hunted
from tests.report.whole import jets

KEY = jax.random.key(0)


@lru_cache
def outcome() -> tuple[Outcome, Events]:
    """Mahalanobis on two features of 300 jets; the second half, in another order, was tested."""
    events = jets()
    batch = events.batch()
    map_ = KinematicFeatures(("mass", "multiplicity"), log=("mass",)).fit_map(ArraySource(batch), key=KEY)
    scorer = Mahalanobis().fit_scorer(ArraySource(map_(batch)), key=KEY)
    score = scorer(map_(batch))
    null = SplitConformal().fit_null(score[:150], batch.take(np.arange(150)))
    order = np.random.default_rng(1).permutation(np.arange(150, 300))
    part = batch.take(order)
    tested = Scored(part.with_x(np.zeros(150)), score[order], null(score[order], part, key=1))
    return Outcome(hunted(), FittedChain(map_, scorer, null), tested, tested), events


def chunks(events: Events, size: int = 37) -> list[Events]:
    return [events.take(np.arange(i, min(i + size, len(events)))) for i in range(0, len(events), size)]


def test_the_strangest_are_found_in_a_stream_with_their_features() -> None:
    run, events = outcome()
    shown = displays_of(run, chunks(events), columns=("mass",), most=3)
    assert [display.score for display in shown] == sorted(run.tested.score, reverse=True)[:3]
    for display in shown:
        row = [f"Event {word:016x}" for word in as_uint64(events.id)].index(display.name)
        assert display.context["mass"] == events.features["mass"][row]
        assert display.p == run.tested.p[run.tested.score == display.score][0]
        assert {note.name for note in display.features} == {"log(1 + mass)", "multiplicity"}
        mass = next(note for note in display.features if note.name == "log(1 + mass)")
        assert mass.value == np.log1p(events.features["mass"][row])
        assert mass.median == np.median(np.log1p(events.features["mass"]))
        assert mass.score_at_median is not None


def test_the_reference_says_what_is_ordinary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.report.runs.MOST_REFERENCE", 50)
    run, events = outcome()
    (shown,) = displays_of(run, events, chunks(events), most=1)
    multiplicity = next(note for note in shown.features if note.name == "multiplicity")
    assert multiplicity.median == np.median(events.features["multiplicity"][:50])


def test_image_detectors_show_what_they_saw_and_its_error() -> None:
    run, events = outcome()
    map_ = JetImages(pixels=8).fit_map(ArraySource(events.batch()), key=KEY)
    chain: Any = FittedChain(map_, run.chain.scorer, run.chain.null)
    seen = Outcome(run.result, chain, run.tested, run.checked)
    (shown,) = displays_of(seen, events, most=1, errors_of=lambda x: (x - 0.5) ** 2)
    assert shown.image is not None and shown.error is not None and shown.features == []
    assert shown.image.half_width == 0.7
    # Four significant digits.
    np.testing.assert_allclose(shown.error.values, (np.array(shown.image.values) - 0.5) ** 2, atol=1e-3)
    (plain,) = displays_of(seen, events, most=1)
    assert plain.error is None


def test_average_images_are_those_of_the_tested_jets() -> None:
    run, events = outcome()
    found = average_images_of(run, chunks(events), 0.3, images=JetImages(pixels=8))
    assert found is not None
    tested = np.isin(as_uint64(events.id), as_uint64(run.tested.batch.id))
    few = np.isin(as_uint64(events.id), as_uint64(run.tested.batch.id)[run.tested.p <= 0.3])
    assert [shown.events for shown in found.pictures] == [150, few.sum()]
    map_ = JetImages(pixels=8).fit_map(ArraySource(events.batch()), key=KEY)
    for shown, mask in zip(found.pictures, (tested, few), strict=True):
        expected = average_image(map_(events.take(mask).batch()).x)[..., 0]
        # Four significant digits.
        np.testing.assert_allclose(shown.values, expected, rtol=1e-3)


def test_events_without_particles_have_no_images() -> None:
    run, events = outcome()
    assert average_images_of(run, Events(events.features, events.id, events.weight), 0.3) is None
    found = average_images_of(run, events, 0.0)
    assert found is not None and [shown.label for shown in found.pictures] == ["all tested"]
