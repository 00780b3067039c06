"""Stratified resampling: one flat spectrum for all classes, nothing twice."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from strangeness.core.errors import InputError
from strangeness.events.generation.resample import Grid, fullness, later_in_event, stratified

GRID = Grid(pt_bins=20, eta_bins=4)


def jets(n: int, slope: float, width: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A falling pT spectrum and a bell in eta, both wider than the grid."""
    rng = np.random.default_rng(seed)
    return 540.0 + rng.exponential(slope, n), rng.normal(0.0, width, n)


def drawn(pt: np.ndarray, eta: np.ndarray, number: int, seed: int = 0) -> np.ndarray:
    second = np.zeros(len(pt), dtype=bool)
    return stratified(GRID.cells(pt, eta), second, GRID, number, np.random.default_rng(seed))


def test_pt_and_eta_alone_tell_nothing_after_resampling() -> None:
    spectra = [
        jets(200_000, slope, width, seed) for seed, (slope, width) in enumerate([(70, 1.3), (160, 0.9)])
    ]
    before = roc_auc_score(np.repeat([0, 1], 200_000), np.concatenate([pt for pt, _ in spectra]))
    assert before > 0.6
    kept = [
        (pt[index], eta[index])
        for (pt, eta), number in zip(spectra, (10_000, 5_000), strict=True)
        for index in [drawn(pt, eta, number)]
    ]
    label = np.repeat([0, 1], [len(kept[0][0]), len(kept[1][0])])
    # the stratified draw leaves only differences inside a cell of 5 GeV and 0.5 in |eta|
    assert roc_auc_score(label, np.concatenate([k[0] for k in kept])) == pytest.approx(0.5, abs=0.005)
    assert roc_auc_score(label, np.abs(np.concatenate([k[1] for k in kept]))) == pytest.approx(0.5, abs=0.02)


def test_every_cell_has_the_same_number_and_no_row_comes_twice() -> None:
    pt, eta = jets(150_000, 90.0, 1.2, 5)
    index = drawn(pt, eta, 5_000)
    assert len(np.unique(index)) == len(index) == 63 * 80
    np.testing.assert_array_equal(np.bincount(GRID.cells(pt[index], eta[index])), np.full(80, 63))


def test_second_jets_of_an_event_come_last() -> None:
    cells = np.zeros(100, dtype=np.int64)
    grid = Grid(pt_bins=1, eta_bins=1)
    second = np.arange(100) >= 60
    few = stratified(cells, second, grid, 50, np.random.default_rng(0))
    many = stratified(cells, second, grid, 70, np.random.default_rng(0))
    assert not second[few].any()
    assert second[many].sum() == 10


@settings(deadline=None)
@given(st.lists(st.integers(0, 6), min_size=1, max_size=40), st.integers(0, 5))
def test_one_row_of_each_event_is_first(events: list[int], seed: int) -> None:
    event = np.array(events)
    later = later_in_event(event, np.random.default_rng(seed))
    assert sorted(event[~later]) == sorted(set(events))


def test_cells_agree_with_a_two_dimensional_histogram() -> None:
    pt, eta = jets(20_000, 90.0, 1.5, 6)
    cells = GRID.cells(pt, eta)
    expected, _, _ = np.histogram2d(np.abs(eta), pt, bins=(np.linspace(0, 2, 5), np.linspace(550, 650, 21)))
    np.testing.assert_array_equal(np.bincount(cells[cells >= 0], minlength=80), expected.ravel().astype(int))


def test_too_few_jets_is_an_error_that_says_how_many() -> None:
    pt, eta = jets(2_000, 90.0, 1.2, 7)
    assert fullness(GRID.cells(pt, eta), GRID, 10_000) < 1.0
    with pytest.raises(InputError, match="125 are needed"):
        drawn(pt, eta, 10_000)
