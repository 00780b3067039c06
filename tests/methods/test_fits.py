"""A comparison on even terms: who is trained on what, within which budget, and what is kept of it."""

from __future__ import annotations

import multiprocessing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from strangeness.core import workers
from strangeness.core.batch import Batch
from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.core.train import Training
from strangeness.detectors.controls import OneFeature
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.methods import fits
from strangeness.methods.comparison import Budget, Entry, Unit, directions, fit, units, within
from strangeness.methods.fits import Plan, compare, content
from strangeness.representations import KinematicFeatures

FEATURES = KinematicFeatures(("a", "b"))
BUDGET = Budget()


def _class(name: str, n: int, shift: float) -> Events:
    a, b = np.random.default_rng([7, *name.encode()]).normal(shift, 1.0, (2, n))
    return Events({"a": a, "b": b, "unused": a}, identities(name, n), np.ones(n))


def _classes() -> dict[str, Events]:
    return {"low": _class("low", 400, 0.0), "high": _class("high", 200, 1.5)}


@dataclass
class Recording(OneFeature):
    """Remembers what it was fitted to."""

    seen: list[Batch] = field(default_factory=list, repr=False)

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        self.seen += list(source)
        return super().fit_scorer(source, key=key)


@dataclass
class Supervised(Recording):
    card: ClassVar[Any] = replace(OneFeature.card, needs=("reference", "data"), uses_truth=True)


def _run(entry: Entry, **options: Any) -> list[Any]:
    pairs = directions(("low", "high"))
    return compare(_classes(), [entry], pairs=pairs, seeds=(1, 2), budget=BUDGET, **options)


def test_directions_stand_in_pairs() -> None:
    found = directions(("a", "b", "c"))
    assert found == [("a", "b"), ("b", "a"), ("a", "c"), ("c", "a"), ("b", "c"), ("c", "b")]


def test_one_fit_serves_all_classes_unless_the_other_is_needed() -> None:
    pairs = directions(("a", "b", "c"))
    plain, needy = Entry("plain", FEATURES, Mahalanobis()), Entry("needy", FEATURES, Supervised())
    assert [unit.finds for unit in units(plain, pairs, (1, 2))] == [None] * 6
    assert len(units(needy, pairs, (1, 2))) == 12


def test_every_class_gives_as_many_events_as_the_smallest_can() -> None:
    for name in ("low", "high"):
        detector = Recording()
        made = fit(Unit(Entry("x", FEATURES, detector), name, None, 1), _classes(), BUDGET)
        # Halves are drawn by a hash, so the smaller one of 200 events may hold a few less.
        assert made.events == len(detector.seen[0]) <= 100
        assert made.events > 100 - 5 * np.sqrt(200 / 4)
        tested = {key: len(score) for key, score in made.scores.items()}
        assert set(tested) == {"low", "high"} and abs(tested["low"] - 200) < 5 * np.sqrt(400 / 4)


def test_a_supervised_reference_sees_both_classes_within_the_same_budget() -> None:
    detector = Supervised()
    made = fit(Unit(Entry("x", FEATURES, detector), "low", "high", 1), _classes(), Budget(events=60))
    batch, strange = detector.seen[0], set(as_uint64(_classes()["high"].id).tolist())
    assert made.events == 60 and np.sum(batch.sample == 1) == 30
    assert {int(i) in strange for i in as_uint64(batch.id)[batch.sample == 1]} == {True}


def test_passes_are_cut_to_the_budget() -> None:
    detector = DenseAutoencoder(training=Training(epochs=9))
    assert within(detector, Budget(epochs=4)).get_params()["training"].epochs == 4
    assert within(detector, Budget(epochs=20)) is detector and within(detector, BUDGET) is detector


def test_kept_fits_are_not_made_again_and_give_the_same(tmp_path: Path) -> None:
    first, again = Recording(), Recording()
    before = _run(Entry("x", FEATURES, first), kept=tmp_path)
    after = _run(Entry("x", FEATURES, again), kept=tmp_path)
    assert len(first.seen) == 4 and not again.seen and len(list(tmp_path.iterdir())) == 4
    for one, two in zip(before, after, strict=True):
        assert (one.auc, one.seconds, one.parameters) == (two.auc, two.seconds, two.parameters)
        for seed in (0, 1):
            np.testing.assert_array_equal(one.signal[seed], two.signal[seed])
    _run(Entry("x", KinematicFeatures(("b", "a")), again), kept=tmp_path)
    assert len(again.seen) == 4  # another representation is another fit


def test_a_damaged_fit_is_named(tmp_path: Path) -> None:
    _run(Entry("x", FEATURES, OneFeature()), kept=tmp_path)
    broken = sorted(tmp_path.iterdir())[0]
    broken.write_bytes(broken.read_bytes()[:50])
    with pytest.raises(FileError, match="is damaged"):
        _run(Entry("x", FEATURES, OneFeature()), kept=tmp_path)


def test_processes_give_the_same_and_measure_memory(tmp_path: Path) -> None:
    entries = [Entry("one", FEATURES, OneFeature()), Entry("far", FEATURES, Mahalanobis(), control=True)]
    options: dict[str, Any] = {"pairs": directions(("low", "high")), "seeds": (1,), "budget": BUDGET}
    here = compare(_classes(), entries, **options)
    there = compare(_classes(), entries, workers=2, **options)
    for one, two in zip(here, there, strict=True):
        assert (one.detector, one.control, one.auc) == (two.detector, two.control, two.auc)
        assert two.memory is not None and two.memory >= 0


def test_an_error_in_a_process_is_the_users_error(tmp_path: Path) -> None:
    """What a process sends is raised here: an error for the user as it is, a bug with its traceback."""
    for columns, kind in ((("none",), InputError), ((1,), RuntimeError)):
        ours, theirs = multiprocessing.Pipe(duplex=False)
        entry = Entry("x", KinematicFeatures(columns), OneFeature())  # type: ignore[arg-type]
        workers.child(theirs, fits._made, (entry, _plan(kept=tmp_path)))
        with pytest.raises(kind, match=r"no column 'none'|'x' failed: Traceback"):
            workers.refuse_failure("x", ours)
        theirs.close()
    ours, theirs = multiprocessing.Pipe(duplex=False)
    theirs.close()
    with pytest.raises(RuntimeError, match="'x' failed: its process was killed"):
        workers.refuse_failure("x", ours)


def _plan(
    classes: dict[str, Events] | None = None, budget: Budget = BUDGET, kept: Path = Path("kept")
) -> Plan:
    known = classes or _classes()
    contents = {name: content(events) for name, events in known.items()}
    return Plan(known, directions(list(known)), (1,), budget, kept, contents)


def test_the_name_of_a_fit_changes_with_all_that_matters() -> None:
    unit = Unit(Entry("x", FEATURES, OneFeature()), "low", None, 1)
    low = _classes()["low"]
    moved = replace(low, features={**low.features, "a": low.features["a"] + 1e-9})  # the same identities
    names = {
        _plan().file(unit),
        _plan().file(replace(unit, seed=2)),
        _plan().file(replace(unit, trained_on="high")),
        _plan().file(replace(unit, entry=replace(unit.entry, detector=OneFeature(1)))),
        _plan(budget=Budget(events=50)).file(unit),
        _plan({**_classes(), "low": _class("other", 400, 0.0)}).file(unit),
        _plan({**_classes(), "low": moved}).file(unit),
    }
    assert len(names) == 7 and _plan().file(unit) == _plan().file(unit)
    assert _plan({**_classes(), "low": replace(low, truth=np.ones(400))}).file(unit) in names
