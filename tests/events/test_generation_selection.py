"""From events to rows: what is spared the clustering, weights, flavours, the early veto, no detector."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import Any

import awkward as ak
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.events.generation import pythia, selection
from strangeness.events.generation.clustering import antikt
from strangeness.events.generation.detector import Objects
from strangeness.events.generation.processes import DIJET, Z_JETS, with_window
from strangeness.events.generation.request import Request, requested
from strangeness.events.generation.selection import renumbered, stable, visible, within_windows
from strangeness.events.generation.shards import generate
from strangeness.events.generation.substructure import Columns

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")


def made(request: Request, events: int, seed: int = 1) -> tuple[Columns, Counter[str]]:
    sample = dataclasses.replace(requested(request), shard_events=events, batch_events=events)
    return generate(sample, sample.parts[0], 0, seed)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60), st.integers(1, 5))
@settings(max_examples=30, deadline=None)
def test_no_jet_has_more_than_what_lies_within_three_radii(seed: int, objects: int, events: int) -> None:
    rng = np.random.default_rng(seed)
    event = np.sort(rng.integers(0, events, objects))
    centre = rng.uniform(-np.pi, np.pi, events)[event]
    phi = np.mod(centre + rng.normal(0.0, 0.7, objects) + np.pi, 2 * np.pi) - np.pi
    seen = Objects(event, rng.exponential(50.0, objects) + 0.1, rng.normal(0.0, 0.7, objects), phi)
    jets = antikt(seen, events, 1.0, 1.0)
    hardest = ak.to_numpy(ak.fill_none(ak.max(jets.pt, axis=1), 0.0))
    assert np.all(hardest <= within_windows(seen, events, 1.0) * (1 + 1e-9))


def test_events_are_renumbered_without_the_others() -> None:
    values = np.arange(5.0)
    seen = renumbered(Objects(np.array([0, 1, 1, 3, 3]), values, values, values), np.array([1, 3]), 4)
    assert seen.event.tolist() == [0, 0, 1, 1] and seen.pt.tolist() == [1.0, 2.0, 3.0, 4.0]


def test_the_early_veto_selects_the_same_share_of_tried_events() -> None:
    plain, without = made(Request("dijet", 10**6), 500)
    quick = dataclasses.replace(requested(Request("dijet", 10**6)), shard_events=250)
    assert quick.early is not None and quick.early.pt == 1070.0
    _, with_veto = generate(quick, quick.parts[0], 0, 2)
    shares = [counts["selected"] / counts["generated"] for counts in (without, with_veto)]
    # about 120 selected of 500 tried in each: four binomial deviations of the difference
    assert abs(shares[0] - shares[1]) < 4 * np.sqrt(2 * 0.24 * 0.76 / 450)
    assert with_veto["generated"] > 400 and "pthat" in plain


def test_a_veto_that_lets_none_pass_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pythia, "PATIENCE", 50)
    with pytest.raises(InputError, match=r"none of [0-9]+ events of 'dijet-100' has partons of 5000 GeV"):
        next(pythia.batches(with_window(DIJET, 100.0), 1, 10, early=pythia.EarlyVeto(5000.0)))


def test_a_biased_process_carries_weights_that_undo_it() -> None:
    plain, _ = made(Request("dijet", 10**6, window=(1300.0, 2600.0), cuts={"pt_min": 500.0}), 400)
    bent, _ = made(Request("dijet", 10**6, window=(1300.0, 2600.0), cuts={"pt_min": 500.0}, bias=4.0), 400)
    assert "weight" not in plain
    weight = bent["weight"]
    np.testing.assert_allclose(weight / weight[0], (bent["pthat"][0] / bent["pthat"]) ** 4, rtol=1e-4)
    means = [np.average(plain["pthat"]), np.average(bent["pthat"], weights=weight)]
    # spread of pTHat about 170 GeV; n_eff of the weighted ones is above 150
    assert abs(means[0] - means[1]) < 4 * 170.0 * np.sqrt(1 / len(plain["pthat"]) + 1 / 150)
    assert np.average(bent["pthat"]) > means[1] + 50.0


def test_quark_jets_are_labelled_by_their_parton() -> None:
    columns, counts = made(Request("quark", 100), 60)
    assert set(columns["label"]) <= {1, 4, 5} and counts["matched"] == len(columns["label"]) > 3


def test_without_a_detector_jets_hold_all_visible_particles() -> None:
    request = Request("wprime", 100)
    seen, _ = made(request, 40)
    true, counts = made(dataclasses.replace(request, detector=False), 40)
    assert counts["selected"] > 15
    # the measured jets are those of the same events: their masses differ by the resolution alone
    both = np.intersect1d(seen["event"], true["event"])
    ratio = [columns["mjj"][np.isin(columns["event"], both)] for columns in (seen, true)]
    assert 0.9 < np.median(ratio[0] / ratio[1]) < 1.05


def test_leptons_of_a_z_are_taken_out() -> None:
    events: Any = next(pythia.batches(Z_JETS, 3, 40))[0]
    kept, everything = visible(stable(events, Z_JETS.remove)), visible(stable(events))
    gone = np.bincount(everything.event, everything.pt, 40) - np.bincount(kept.event, kept.pt, 40)
    assert np.all(gone > 20.0)
    assert selection.stable(events).event.max() == 39
