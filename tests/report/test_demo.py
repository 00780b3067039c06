"""The demo's report from its pieces."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax
import numpy as np

from strangeness.calibration.conformal import SplitConformal
from strangeness.chain import FittedChain, Outcome, Scored
from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.identity import identities
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.methods.comparison import Compared
from strangeness.methods.demo import SearchRun
from strangeness.methods.planted import Planted
from strangeness.report.demo import demo_report
from strangeness.report.schema import Report
from strangeness.representations import KinematicMap
from strangeness.search.bump_hunt import BumpHunt
from tests.report.examples import hunted


def _chain(batch: Batch) -> FittedChain:
    """The mass as the score."""
    map_ = KinematicMap(("mjj",), ())
    scorer = OneFeature().fit_scorer(ArraySource(map_(batch)), key=jax.random.key(0))
    return FittedChain(map_, scorer, SplitConformal().fit_null(np.arange(500.0), batch.take(np.arange(500))))


def _run(signal: int) -> SearchRun:
    """2,000 falling background events and ``signal`` ones with larger scores."""
    rng = np.random.default_rng(4)
    n = 2000 + signal
    mass = np.clip(np.append(2700 + rng.exponential(500, 2000), rng.normal(3500, 50, signal)), 2700, 6999)
    truth = np.repeat([0, 1], [2000, signal])
    score, order = rng.normal(2.0 * truth), rng.permutation(n)
    ids = identities("demo", n)
    data = Events({"mjj": mass}, ids, np.ones(n), truth=truth)
    batch = make_batch({"mjj": mass[order]}, id=ids[order], context=mass[order])
    tested = Scored(batch, score[order], rng.uniform(size=n))
    outcome = Outcome(hunted(signal), _chain(batch), tested, tested, {"test": n})
    return SearchRun(float(signal), data, 1.4, outcome, {"mass alone": hunted(0)})


def _jet(detector: str, first: str, second: str, seeds: int) -> Compared:
    rng = np.random.default_rng(5)
    runs: Any = rng.normal(np.array([0.0, 1.0])[:, None, None], 1.0, (2, seeds, 1000))
    return Compared(
        detector,
        detector not in ("mahalanobis",),
        first,
        second,
        auc=[0.76] * 5,
        rejection=[4.0, float("nan")],
        max_sic=[1.5] * 5,
        parameters=10,
        events=500,
        seconds=0.5,
        memory=None,
        background=list(runs[0]),
        signal=list(runs[1]),
    )


@lru_cache
def _report() -> Report:
    jets = [
        _jet("mahalanobis", "qcd", "top", 3),
        _jet("pT alone", "qcd", "top", 1),
        _jet("dense-autoencoder, untrained", "qcd", "top", 1),
    ]
    return demo_report(
        _run(100),
        _run(0),
        jets,
        stored=Planted(100.0, 18, 1),
        detector="cwola-trees",
        hunt=BumpHunt(lo=2700, hi=7000),
        seed=1,
        samples={"dijets": {"sha256": "ab", "rows": np.int64(3), "share": float("nan")}},
    )


def test_the_report_quotes_both_counts_and_its_seed() -> None:
    report = _report()
    planted, empty = report.searches
    assert (
        "18 exceed 3 sigma global; this is seed 1" in planted.said[0] and "100 are there" in planted.said[0]
    )
    assert "1 exceed 2 sigma global; this is seed 1" in empty.said[0]
    assert report.provenance["samples"] == {"dijets": {"sha256": "ab", "rows": 3, "share": None}}


def test_curves_are_made_where_there_is_truth_of_both_classes() -> None:
    planted, empty = _report().searches
    assert empty.curves == []
    # Two unit Gaussians two apart: AUC = Phi(2 / sqrt 2) = 0.921, error of 100 signal events 0.014.
    assert abs(planted.curves[0].auc[0] - 0.921) < 4 * 0.014


def test_the_inclusive_spectrum_holds_every_tested_event() -> None:
    planted = _report().searches[0]
    assert planted.inclusive is not None and sum(planted.inclusive.counts) == 2100


def test_jets_know_controls_seeds_and_gaps() -> None:
    section = _report().jets
    assert section is not None
    assert [row.control for row in section.rows] == [False, True, True]
    assert [len(row.curve.auc) for row in section.rows if row.curve] == [3, 1, 1]
    assert section.rows[0].rejection == {"0.3": [4.0, None]}
    assert (section.rows[0].trained_on, section.rows[0].finds) == ("QCD", "top")


def test_searches_show_their_calibration_and_their_strangest_events() -> None:
    for section in _report().searches:
        assert section.calibration is not None and section.calibration.calibration == [500]
        assert [display.score for display in section.displays] == sorted(
            (display.score for display in section.displays), reverse=True
        )
        assert [note.name for display in section.displays for note in display.features] == ["mjj"] * 3
