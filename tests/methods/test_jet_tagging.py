"""Jets both ways round: splits, the mixture that CWoLa trains on, and controls whose areas are known."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pytest
from scipy import stats

from strangeness.core.batch import Batch, collect
from strangeness.core.identity import as_uint64, identities
from strangeness.detectors.controls import LinearScorer, OneFeature
from strangeness.detectors.cwola import CWoLa
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Constituents, Events
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.methods import comparison
from strangeness.methods.comparison import MIXED_SHARE, Budget, Compared, Entry, Unit, fit
from strangeness.methods.jet_tagging import CLASSES, CONTROLS, DIRECTIONS, FEATURES, classes_of, compare
from strangeness.representations import KinematicFeatures

SEEDS = (1, 2)
N = 600


@dataclass
class Recording(OneFeature):
    """A detector trained on data against reference that remembers what it was given."""

    card: ClassVar[Any] = CWoLa.card
    seen: list[Batch] = field(default_factory=list)

    def fit_scorer(self, source: Any, *, key: Any) -> LinearScorer:
        self.seen.append(collect(source))
        return super().fit_scorer(source, key=key)


@lru_cache(maxsize=1)
def _jets() -> Events:
    """The first 600 shipped jets of each class."""
    jets = read(sample_path("jets"))
    truth = np.asarray(jets.truth)
    return jets.take(np.concatenate([np.flatnonzero(truth == code)[:N] for code in range(len(CLASSES))]))


@lru_cache(maxsize=1)
def _results() -> dict[tuple[str, str, str], Compared]:
    rows = compare(_jets(), {"mahalanobis": Mahalanobis()}, SEEDS)
    return {(row.detector, row.trained_on, row.finds): row for row in rows}


def _area_scatter(result: Compared, seed: int) -> float:
    """Standard deviation of an area under the curve where nothing differs (Mann-Whitney)."""
    m, n = len(result.background[seed]), len(result.signal[seed])
    return float(np.sqrt((m + n + 1) / (12 * m * n)))


def test_every_detector_and_control_goes_in_all_four_directions() -> None:
    labels = ["mahalanobis", *CONTROLS]
    assert list(_results()) == [(label, *pair) for label in labels for pair in DIRECTIONS]
    for result in _results().values():
        assert len(result.auc) == len(result.rejection) == len(result.background) == len(SEEDS)
        assert result.parameters > 0 and result.seconds > 0
        assert not {"background", "signal"} & set(result.row()) and result.row()["auc"] == result.auc


@pytest.mark.parametrize("pair", DIRECTIONS)
def test_the_transverse_momentum_alone_tells_nothing(pair: tuple[str, str]) -> None:
    result = _results()[("pT alone", *pair)]
    for seed, area in enumerate(result.auc):
        # four standard deviations where the two pT spectra are one
        assert abs(area - 0.5) < 4 * _area_scatter(result, seed)


@pytest.mark.parametrize("control", list(CONTROLS))
@pytest.mark.parametrize("other", ["top", "w"])
def test_one_feature_the_other_way_round_has_the_complement(control: str, other: str) -> None:
    """The fit only shifts and scales one feature, and the test halves are the same: exact."""
    forward, backward = (_results()[(control, *pair)] for pair in (("qcd", other), (other, "qcd")))
    np.testing.assert_allclose(np.add(forward.auc, backward.auc), 1.0, atol=1e-9)


def test_tops_are_heavier_than_qcd_jets_and_have_more_particles() -> None:
    for control in ("mass alone", "multiplicity alone"):
        assert min(_results()[(control, "qcd", "top")].auc) > 0.6


def test_areas_are_those_of_the_scores() -> None:
    for result in _results().values():
        for area, background, signal in zip(result.auc, result.background, result.signal, strict=True):
            rank = stats.mannwhitneyu(signal, background).statistic / (len(signal) * len(background))
            assert area == pytest.approx(rank, abs=1e-12)


def test_halves_of_a_seed_are_apart_and_another_seed_has_others() -> None:
    batch = _jets()
    first, second = comparison._halves(batch, 1), comparison._halves(batch, 2)
    for halves in (first, second):
        train, test = (as_uint64(halves[name].id) for name in ("train", "test"))
        assert not np.intersect1d(train, test).size and len(train) + len(test) == len(batch)
    both = np.intersect1d(as_uint64(first["test"].id), as_uint64(second["test"].id)).size
    # Independent halves share a quarter; five binomial standard deviations.
    assert abs(both - len(batch) / 4) < 5 * np.sqrt(len(batch) * 3 / 16)


@pytest.mark.parametrize("pair", DIRECTIONS)
def test_data_of_a_weakly_supervised_training_hold_one_in_twenty(pair: tuple[str, str]) -> None:
    codes = [CLASSES.index(name) for name in pair]
    strange = _jets().take(np.asarray(_jets().truth) == codes[1])
    detector = Recording()
    classes = classes_of(_jets())
    run = fit(Unit(Entry("recording", FEATURES, detector), *pair, 1), classes, Budget(events=10**9))
    fitted = detector.seen[0]
    foreign = np.isin(as_uint64(fitted.id), as_uint64(strange.id))
    assert not np.any(foreign & (fitted.sample == 0))
    data = fitted.sample == 1
    # the nearest whole number of jets
    assert abs(foreign.sum() - MIXED_SHARE * data.sum()) <= 1
    tested = sum(map(len, run.scores.values()))
    assert len(np.unique(as_uint64(fitted.id))) == len(fitted) and len(fitted) + tested < 2 * N
    # reference and data are halves of the ordinary training jets: five binomial standard deviations
    kept = np.sum(~foreign)
    assert abs(np.sum(fitted.sample == 0) - kept / 2) < 5 * np.sqrt(kept / 4)


def test_neither_truth_nor_constituents_reach_a_detector() -> None:
    n = 4
    ones = np.ones(n, np.float32)
    lists = Constituents(np.arange(n + 1), ones, ones, ones)
    features = {"pt": np.ones(n)}
    events = Events(features, identities("toy", n), np.ones(n), constituents=lists, truth=np.zeros(n))
    (batch,) = comparison._batches([events], Entry("pt", KinematicFeatures(("pt",)), OneFeature()))
    assert set(batch.x) == {"pt"}


def test_the_same_seeds_give_the_same_scores() -> None:
    again = compare(_jets(), {}, SEEDS[:1])
    for result in again:
        before = _results()[(result.detector, result.trained_on, result.finds)]
        np.testing.assert_array_equal(result.signal[0], before.signal[0])
        assert result.auc[0] == before.auc[0]
