"""The dijet search: its bins, its pseudo-experiments, and the inclusive scan that it is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.calibration.mondrian import Mondrian
from strangeness.core.identity import as_uint64
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.events.events import Events
from strangeness.methods import dijet_search as dijets
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.gate import Gate


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A reference of half the data's size, where its size does not matter."""
    monkeypatch.setattr(dijets, "REFERENCE_FACTOR", 0.5)
    yield


def _ids(events: Events) -> NDArray[np.uint64]:
    return as_uint64(events.id)


def test_there_is_one_calibration_bin_for_each_bin_of_the_histogram() -> None:
    gate = Gate(n_toys=7)
    analysis = dijets.dijet_search(Mahalanobis(), alpha=0.02, n_pseudo=17, gate=gate)
    assert isinstance(analysis.search, BumpHunt) and isinstance(analysis.calibrator, Mondrian)
    edges = analysis.search.bin_edges()
    np.testing.assert_array_equal(analysis.calibrator.edges, edges)
    assert (edges[0], edges[-1]) == dijets.MJJ_RANGE
    np.testing.assert_allclose(edges[1:] / edges[:-1], 1.025, atol=5e-4)  # 2.5 % wide, to a whole number
    assert (analysis.search.alpha, analysis.search.n_pseudo, analysis.gate) == (0.02, 17, gate)
    assert dijets.dijet_search(Mahalanobis()).gate is None
    assert dijets.dijet_search(Mahalanobis()).search.alpha == dijets.ALPHA


def test_the_shipped_sample_is_split_by_truth_inside_the_range() -> None:
    background, signal = dijets.shipped_dijets()
    assert not np.any(background.truth) and np.all(np.asarray(signal.truth) == 1)
    for events in (background, signal):
        mass = events.column("mjj")
        assert mass.min() >= dijets.MJJ_RANGE[0] and mass.max() < dijets.MJJ_RANGE[1]
    inside = (signal.column("mjj") > dijets.SIGNAL_WINDOW[0]) & (
        signal.column("mjj") < dijets.SIGNAL_WINDOW[1]
    )
    assert inside.mean() > 0.5  # the window is where the signal lies


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("bootstrapped", [False, True])
def test_a_seed_makes_the_same_events_and_another_makes_others(bootstrapped: bool) -> None:
    first, again, other = (
        dijets.pseudo_experiment(seed, planted=100.0, bootstrapped=bootstrapped) for seed in (3, 3, 4)
    )
    for one, two in ((first.data, again.data), (first.reference, again.reference)):
        np.testing.assert_array_equal(one.id, two.id)
        for name in one.features:
            np.testing.assert_array_equal(one.column(name), two.column(name))
    background = [e.data.take(np.asarray(e.data.truth) == 0) for e in (first, other)]
    parts = [*background, first.reference, other.reference]
    every = np.concatenate([_ids(part) for part in parts])
    assert np.unique(every).size == every.size
    if not bootstrapped:
        mass = np.concatenate([part.column("mjj") for part in parts])
        assert np.unique(mass).size == mass.size


@pytest.mark.usefixtures("small")
def test_sizes_and_truth_of_a_pseudo_experiment() -> None:
    toy = dijets.pseudo_experiment(5, planted=100.0)
    n = len(dijets.shipped_dijets()[0])
    truth = np.asarray(toy.data.truth)
    assert toy.reference.truth is None
    # five standard deviations of each Poisson number
    assert abs(np.sum(truth == 0) - n) < 5 * np.sqrt(n)
    assert abs(len(toy.reference) - 0.5 * n) < 5 * np.sqrt(0.5 * n)
    assert abs(np.sum(truth == 1) - 100) < 50
    assert set(toy.data.features) == {"mjj", *dijets.COLUMNS}
    assert set(_ids(toy.data)[truth == 1]) <= set(_ids(dijets.shipped_dijets()[1]))


def test_the_same_background_lies_under_every_strength() -> None:
    empty, planted = dijets.pseudo_data(6), dijets.pseudo_data(6, planted=200.0)
    assert not np.any(empty.truth)
    np.testing.assert_array_equal(planted.id[np.asarray(planted.truth) == 0], empty.id)


def test_data_and_reference_are_independent_draws() -> None:
    toy_data, other = dijets.pseudo_data(7), dijets.pseudo_data(8)
    edges = dijets.dijet_search(Mahalanobis()).search.bin_edges()  # type: ignore[union-attr]
    law = np.interp(edges, dijets.shipped_parent().grid, dijets.shipped_parent().cumulative)
    expected = np.diff(law) * len(dijets.shipped_dijets()[0])
    pulls = [
        (np.histogram(e.column("mjj"), edges)[0] - expected) / np.sqrt(expected) for e in (toy_data, other)
    ]
    # Correlation of independent pulls in 29 bins: four times 1 / sqrt(29).
    assert abs(np.asarray(np.corrcoef(pulls))[0, 1]) < 4 / np.sqrt(len(expected))


@lru_cache(maxsize=1)
def _null_z() -> NDArray[np.float64]:
    return np.array([dijets.inclusive_local_z(dijets.pseudo_data(500 + i)) for i in range(60)])


def _fitted_away() -> float:
    """Share of the window's Poisson variance that a fit of four parameters to all bins takes up."""
    edges = dijets.dijet_search(Mahalanobis()).search.bin_edges()  # type: ignore[union-attr]
    law = np.interp(edges, dijets.shipped_parent().grid, dijets.shipped_parent().cumulative)
    expected = np.diff(law) * len(dijets.shipped_dijets()[0])
    design = DijetFunction(4).design(edges)[0]
    window = (edges[:-1] > dijets.SIGNAL_WINDOW[0]) & (edges[1:] < dijets.SIGNAL_WINDOW[1])
    weighted = design * np.sqrt(expected)[:, None]
    hat = weighted @ np.linalg.pinv(weighted, rcond=1e-12)
    root = np.sqrt(expected) * window
    return float(root @ hat @ root / (root @ root))


def test_the_inclusive_scan_is_gaussian_without_a_signal() -> None:
    z, sd = _null_z(), np.sqrt(1 - _fitted_away())
    assert 0.7 < sd < 0.9
    # Four standard deviations of the mean, and of the standard deviation, of 60 Gaussian values; 0.1 of the
    # mean is left to the difference between the parent's law and the dijet function.
    assert abs(z.mean()) < 4 * sd / np.sqrt(z.size) + 0.1
    assert abs(z.std(ddof=1) / sd - 1) < 4 / np.sqrt(2 * z.size)


def test_the_inclusive_scan_rises_with_the_signal() -> None:
    planted = [dijets.inclusive_local_z(dijets.pseudo_data(500 + i, planted=900.0)) for i in range(8)]
    # About 0.7 * 900 events in the window over 7250, of which the fit takes up a third: five sigma.
    assert np.min(planted - _null_z()[:8]) > 2.0


def test_the_inclusive_hunt_needs_no_detector_and_finds_what_is_large() -> None:
    data = dijets.pseudo_data(500, planted=1500.0)
    result = dijets.inclusive_search(data, seed=1, n_pseudo=60)
    low, high = dijets.SIGNAL_WINDOW
    assert low < sum(result.window) / 2 < high
    # About 1000 events over 7250 in the window: none of 60 pseudo-experiments reaches that.
    assert result.n_extreme == 0 and result.alpha is None
    assert sum(result.spectrum.counts) == len(data)
    assert result.to_dict() == dijets.inclusive_search(data, seed=1, n_pseudo=60).to_dict()
    # The randomised p-value alone depends on the seed here.
    assert (
        result.global_p_randomised != dijets.inclusive_search(data, seed=2, n_pseudo=60).global_p_randomised
    )


def test_the_cut_keeps_its_share_of_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dijets, "REFERENCE_FACTOR", 1.0)
    toy = dijets.pseudo_experiment(9)
    outcome = dijets.dijet_search(Mahalanobis(), alpha=0.03, n_pseudo=50).run(toy.data, toy.reference, seed=9)
    # The share that the cut keeps: four standard deviations of the calibration's and of the data's own.
    kept = float(np.mean(outcome.tested.p <= 0.03))
    n_cal = outcome.counts["calibrate"]
    assert abs(kept - 0.03) < 4 * np.sqrt(0.03 * 0.97 * (1 / n_cal + 1 / outcome.counts["test"]))


def test_controls_read_what_they_are_called() -> None:
    controls = dijets.controls()
    assert set(controls) == {"mass alone", "sum of features", "mahalanobis"}
    assert dijets.FEATURES.features[controls["mass alone"].index] == "mj_heavy"  # type: ignore[attr-defined]
