"""A few real events from end to end; only where Pythia and FastJet are installed."""

from __future__ import annotations

import dataclasses
from collections import Counter

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.events.generation import pythia, selection
from strangeness.events.generation.catalogue import DIJETS, Part, Sample
from strangeness.events.generation.processes import TOP, Process, wprime
from strangeness.events.generation.selection import Cuts, DijetCuts, JetCuts
from strangeness.events.generation.shards import generate
from strangeness.events.generation.substructure import Columns

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")


def made(process: Process, cuts: Cuts, events: int, seed: int = 1) -> tuple[Columns, Counter[str]]:
    sample = Sample("test", (Part(process, 1, 1),), cuts, shard_events=events)
    return generate(sample, sample.parts[0], 0, seed)


def test_a_resonance_has_its_masses() -> None:
    columns, counts = made(wprime(), DijetCuts(), 60)
    assert counts["generated"] == 60
    assert counts["selected"] == len(columns["mjj"]) > 30
    # the median of about 44 events; half of them lie within 110 GeV of it
    assert np.median(columns["mjj"]) == pytest.approx(3500, abs=100)
    heavy, light = np.maximum(columns["mj1"], columns["mj2"]), np.minimum(columns["mj1"], columns["mj2"])
    assert np.median(heavy) == pytest.approx(500, abs=25)
    assert np.median(light) == pytest.approx(106, abs=15)
    assert np.all(columns["pt1"] >= columns["pt2"])
    assert all(np.isfinite(values).all() for values in columns.values())


def test_matched_tops_have_the_top_mass_and_three_prongs() -> None:
    columns, counts = made(TOP, JetCuts(), 60)
    assert 5 < counts["matched"] < counts["selected"]
    assert np.median(columns["mass"]) == pytest.approx(174, abs=12)
    assert np.all((columns["pt"] > 550) & (columns["pt"] < 650) & (np.abs(columns["eta"]) < 2))
    assert columns["constituents_count"].sum() == len(columns["constituents_pt"])


def test_the_same_seed_gives_the_same_rows_and_another_does_not() -> None:
    first, _ = made(wprime(), DijetCuts(), 20, seed=5)
    again, _ = made(wprime(), DijetCuts(), 20, seed=5)
    other, _ = made(wprime(), DijetCuts(), 20, seed=6)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["mjj"], other["mjj"])


def test_batches_count_their_events_and_number_them() -> None:
    sizes = [len(batch) for batch, _ in pythia.batches(wprime(), 1, 25, size=10)]
    assert sizes == [10, 10, 5]
    sample = dataclasses.replace(DIJETS, shard_events=20)
    columns, _ = generate(sample, sample.parts[1], 3, 1)
    assert columns["event"].min() >= 60
    assert columns["event"].max() < 80


def test_no_event_with_two_jets_gives_empty_columns() -> None:
    batch, _ = next(pythia.batches(wprime(), 1, 3))
    impossible = DijetCuts(leading_pt=1e5)
    columns, counts = selection.rows(batch, wprime(), impossible, np.random.default_rng(0))
    assert counts["selected"] == 0
    assert all(len(values) == 0 for values in columns.values())


def test_a_setting_that_pythia_does_not_know_is_named() -> None:
    with pytest.raises(InputError, match="No:such = on"):
        pythia.generator(Process("wrong", ("No:such = on",)), 1)
