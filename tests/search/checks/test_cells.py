"""The tables of the sculpting check against loops over events."""

from itertools import pairwise

import numpy as np
import pytest

from strangeness.search.checks.cells import (
    Cells,
    Selected,
    _nested,
    cell_edges,
    simulated,
    tables,
    windows_of,
)
from strangeness.search.checks.reference import ReferenceEvents, dilution, reference_events
from strangeness.stats.selection import SelectionLaw

LAW = SelectionLaw(np.array([0.0, 4, 10]), np.r_[50.0, 20.0], np.r_[450.0, 180.0], 0.1, np.array([499, 199]))
CUTS = np.array([0.1, 0.4])


def test_cells_are_cut_at_the_inner_edges_of_both() -> None:
    mass = np.arange(9.0)
    assert cell_edges(mass, LAW, 3, np.array([0.0, 1, 2, 5, 9])).tolist() == [1, 2, 4, 5]
    # four equally filled cells of 0 .. 8, and the law's edge, which one of them has too
    assert cell_edges(mass, LAW, 4, None).tolist() == [2, 4, 6]
    assert cell_edges(mass, LAW, 2, None).tolist() == [4]
    assert cell_edges(mass, LAW, 1, None).tolist() == [4]


def test_windows_are_every_run_of_cells() -> None:
    assert windows_of(3, (1, 2)).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [0, 1, 1]]
    assert windows_of(2, (2,)).tolist() == [[1, 1]]
    # no width fits: single cells
    assert windows_of(2, (3, 4)).tolist() == [[1, 0], [0, 1]] and windows_of(1, (2,)).tolist() == [[1]]


def by_hand(events: ReferenceEvents, inner: np.ndarray) -> tuple[list[int], list[list[int]]]:
    total, selected = [], [[] for _ in CUTS]
    limits = [-np.inf, *inner, np.inf]
    less = dilution(events, CUTS)
    for low, high in pairwise(limits):
        rows = [i for i in range(events.p.size) if low <= events.context[i] < high]
        weight = [float(events.weights[i]) for i in rows]
        count = round(sum(weight) ** 2 / sum(w * w for w in weight) / less) if sum(weight) > 0 else 0
        total.append(count)
        for found, cut in zip(selected, CUTS, strict=True):
            passing = sum(w for i, w in zip(rows, weight, strict=True) if events.p[i] <= cut)
            found.append(round(count * passing / sum(weight)) if sum(weight) > 0 else 0)
    return total, selected


@pytest.mark.parametrize("weighted", [False, True])
def test_tables_are_counts_of_events(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    inner = np.array([1.0, 2.5, 4.0, 6.0, 8.0])
    parts = []
    for n in (400, 900):
        mass = rng.choice(np.r_[rng.uniform(0, 6, 200), inner[:3]], n)
        p = np.where(rng.random(n) < 0.1, 0.1, rng.random(n))
        parts.append(reference_events(p, mass, rng.exponential(size=n) + 0.3 if weighted else None))
    held, calibrated = parts
    total, selected = by_hand(held, inner)
    more, chosen = by_hand(calibrated, inner)
    assert total[-1] == 0 == total[-2]
    cells, seen = tables(held, calibrated, LAW, inner, CUTS, (1, 2))
    assert cells.held.tolist() == total[:4] and cells.calibrated.tolist() == more[:4]
    assert seen.held[:, :, 0].tolist() == [row[:4] for row in selected]
    assert seen.calibrated[:, :, 0].tolist() == [row[:4] for row in chosen]
    assert cells.owner.tolist() == [0, 0, 0, 1] and cells.windows.shape == (7, 4)
    low = [-np.inf, *inner]
    mean = [held.context[(held.context >= low[i]) & (held.context < inner[i])].mean() for i in range(4)]
    assert cells.centre == pytest.approx(mean)
    alone, without = tables(held, None, LAW, inner, CUTS, (1,))
    assert alone.held.tolist() == total[:4] and not alone.calibrated.any() and not without.calibrated.any()


def test_a_cell_of_events_without_weight_is_none() -> None:
    events = reference_events([0.05, 0.9, 0.05, 0.9], [1.0, 1.0, 5.0, 5.0], [0.0, 0.0, 1.0, 1.0])
    cells, seen = tables(events, None, LAW, np.array([4.0]), CUTS, (1,))
    assert (
        cells.owner.tolist() == [1] and cells.held.tolist() == [2] and seen.held[:, 0, 0].tolist() == [1, 1]
    )


def test_simulated_tables_have_the_efficiencies_of_their_bins() -> None:
    cells = Cells(
        np.arange(4.0),
        np.array([0, 0, 1, 1]),
        np.array([100, 300, 200, 50]),
        np.array([1000, 500, 0, 0]),
        windows_of(4, (1,)),
    )
    chosen = np.array([[130.0, 20, 0, 0], [450, 300, 0, 0]])[:, :, None]
    seen = Selected(np.zeros((2, 4, 1)), chosen)
    ratio = np.array([[1.0, 0.5, 1, 2], [1, 0.5, 1, 1.5]])
    rng = np.random.default_rng(1)
    for factor in (None, ratio):
        size = 4000
        toys = simulated(cells, seen, LAW, CUTS, size, rng, factor)
        times = np.ones((2, 4)) if factor is None else factor
        mean = CUTS[:, None] * cells.held * times
        # Beta-binomial counts: the variance of the binomial times 1 + (n - 1) / (n_cal + 2), five errors
        shared = 1 + times**2 * cells.held / np.array([501, 501, 201, 201])
        error = 5 * np.sqrt(mean * shared / size)
        assert np.all(np.abs(toys.held.mean(axis=2) - mean) < error)
        known = np.array([150 / 1500, 750 / 1500])[:, None] * np.array([1000, 500, 0, 0]) * times
        assert np.all(np.abs(toys.calibrated.mean(axis=2) - known) <= 5 * np.sqrt(known / size))
        assert np.all(toys.held[1] >= toys.held[0]) and not toys.calibrated[:, 2:].any()
        # cells of one bin share its efficiency, cells of two bins nothing
        across = np.corrcoef(toys.held[0])
        assert across[0, 1] > 0.1 and abs(across[0, 2]) < 5 / np.sqrt(size)


def test_known_shares_are_those_of_the_bin_alone() -> None:
    cells = Cells(
        np.arange(3.0), np.array([0, 1, 1]), np.array([9, 9, 9]), np.array([1, 300, 500]), windows_of(3, (1,))
    )
    chosen = np.array([[1.0, 50, 110], [1, 200, 280]])[:, :, None]
    size = 4000
    toys = simulated(cells, Selected(0 * chosen, chosen), LAW, CUTS, size, np.random.default_rng(4))
    assert np.all(toys.calibrated[:, 0] == 1)
    mean = np.array([[60.0, 100], [180, 300]])
    assert np.all(np.abs(toys.calibrated[:, 1:].mean(axis=2) - mean) < 5 * np.sqrt(mean / size))


def test_the_centre_of_one_event_is_its_mass() -> None:
    cells, _ = tables(
        reference_events([0.5, 0.5, 0.5], [1.0, 7.0, 8.0]), None, LAW, np.array([4.0]), CUTS, (1,)
    )
    assert cells.centre.tolist() == [1.0, 7.5]


def test_nested_counts_are_binomial_parts() -> None:
    size = 3000
    efficiency = np.repeat(np.array([[0.2, 0.0, 1.0], [0.5, 0.0, 1.2]])[:, :, None], size, axis=2)
    counts = _nested(np.array([40, 30, 20]), efficiency, np.random.default_rng(2))
    assert not counts[:, 1].any() and np.all(counts[1, 2] == 20)
    assert counts[1, 0].mean() == pytest.approx(20, abs=5 * np.sqrt(10 / size))
    assert counts[0, 0].mean() == pytest.approx(8, abs=5 * np.sqrt(6.4 / size))
    assert counts[0, 2].mean() == pytest.approx(20 / 1.2, abs=5 * np.sqrt(20 / 6 / 1.2 / size))
    # those of the tighter cut are two of five of the looser ones
    rest = counts[0, 0] - 0.4 * counts[1, 0]
    assert abs(np.corrcoef(rest, counts[1, 0])[0, 1]) < 5 / np.sqrt(size)
