"""The demo in small: the planted resonance is found where it is, beside its controls."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from strangeness.analysis import Analysis
from strangeness.core.estimators import Detector
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.methods import demo, dijet_search
from strangeness.methods.demo import JET_SEEDS, SearchRun, demo_search, jet_detectors
from strangeness.methods.planted import planted_strength
from strangeness.search.gate import Gate

ALPHA = 0.01  # the smaller reference cannot calibrate 0.005 in the last bins


def _smaller(detector: Detector, **options: Any) -> Analysis:
    gate = None if options.get("gate") is None else Gate(n_simulated=200, n_toys=20, n_pseudo=60)
    return dijet_search.dijet_search(detector, alpha=ALPHA, n_pseudo=300, gate=gate)


@pytest.fixture(scope="module")
def runs() -> Iterator[dict[bool, SearchRun]]:
    """The demo's planted search and its empty one, seed 1, with a small reference and fewer trees."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dijet_search, "REFERENCE_FACTOR", 1.5)
        patch.setattr(demo, "dijet_search", _smaller)
        patch.setattr(demo, "CWoLaTrees", lambda: CWoLaTrees(trees=60, learning_rate=0.03))
        yield {planted: demo_search(1, with_resonance=planted) for planted in (True, False)}


def test_the_planted_window_is_found(runs: dict[bool, SearchRun]) -> None:
    result = runs[True].outcome.result
    low, high = dijet_search.SIGNAL_WINDOW
    assert low <= result.window[0] < result.window[1] <= high
    # With 1.5 instead of 4 times the data as reference, forms of this small search gave local significances
    # of 3.1 to 4.6 and global p-values of 0.007 to 0.07 on this seed.
    assert result.local_p < 2e-3
    assert result.global_p < 0.1


def test_the_empty_search_is_the_same_background_and_finds_less(runs: dict[bool, SearchRun]) -> None:
    planted, empty = runs[True], runs[False]
    assert (planted.planted, empty.planted, empty.n_planted) == (planted_strength(), 0.0, 0)
    background = planted.data.take(np.asarray(planted.data.truth) == 0)
    np.testing.assert_array_equal(background.id, empty.data.id)
    assert empty.outcome.result.local_p > planted.outcome.result.local_p
    # the cut adds to what the mass alone shows
    z = planted.outcome.result.local_z
    assert planted.inclusive_z < 3.0 and (z is None or z > planted.inclusive_z)


def test_the_planted_number_is_poisson_around_the_stored_one(runs: dict[bool, SearchRun]) -> None:
    expected = planted_strength()
    assert abs(runs[True].n_planted - expected) < 4 * np.sqrt(expected)  # four standard deviations


@pytest.mark.parametrize("planted", [True, False])
def test_checks_run_and_pass_and_controls_stand_beside(runs: dict[bool, SearchRun], planted: bool) -> None:
    run = runs[planted]
    assert len(run.outcome.result.checks) == 6 and not run.outcome.result.blocked
    assert set(run.controls) == set(dijet_search.controls())
    for result in run.controls.values():
        assert not result.checks and result.alpha == ALPHA
    half = len(run.data) / 2
    assert abs(run.outcome.counts["test"] - half) < 5 * np.sqrt(half / 2)  # five standard deviations


def test_the_detectors_of_the_demo_are_named_by_their_cards_and_one_is_untrained() -> None:
    detectors = jet_detectors()
    assert len(detectors) == 7 and len(set(detectors)) == 7
    for name, detector in detectors.items():
        assert name.removesuffix(", untrained") == detector.card.name
    assert detectors["dense-autoencoder, untrained"].training.epochs == 0  # type: ignore[attr-defined]
    assert len(JET_SEEDS) == 5


def test_jets_are_compared_with_the_detectors_and_seeds_of_the_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    jets = read(sample_path("jets"))
    some = replace(jets, constituents=None).take(np.arange(0, len(jets), 40))
    monkeypatch.setattr(demo, "read", lambda path: some)
    monkeypatch.setattr(demo, "jet_detectors", lambda: {"mahalanobis": Mahalanobis()})
    monkeypatch.setattr(demo, "JET_SEEDS", (1,))
    results = demo.compare_jets()
    assert {result.detector for result in results} >= {"mahalanobis", "pT alone"}
    assert all(len(result.auc) == 1 for result in results)
