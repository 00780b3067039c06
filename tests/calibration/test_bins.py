"""Bins of the context against comparisons one by one."""

import numpy as np
import pytest

from strangeness.calibration import bins as module
from strangeness.calibration.bins import bin_index, by_bin, finite_context, increasing
from strangeness.core.errors import InputError


@pytest.mark.parametrize("edges", [2, 3, 64, 65, 200])
def test_an_edge_belongs_to_the_bin_above_and_the_last_to_the_last(edges: int) -> None:
    limits = np.cumsum(np.arange(1.0, edges + 1))
    context = np.concatenate([limits, limits[:-1] + 0.4, [limits[-1] - 0.1]])
    expected = [max(i for i in range(edges - 1) if limits[i] <= value) for value in context]
    assert bin_index(context, limits).tolist() == expected


@pytest.mark.parametrize("edges", [3, 64, 65])
def test_few_edges_are_compared_and_many_searched(monkeypatch: pytest.MonkeyPatch, edges: int) -> None:
    called = []
    real = module._by_comparison
    monkeypatch.setattr(module, "_by_comparison", lambda *values: called.append(1) or real(*values))
    bin_index(np.array([0.5]), np.arange(float(edges)))
    assert len(called) == (edges <= 64)


def test_chunks_join(monkeypatch: pytest.MonkeyPatch) -> None:
    context = np.random.default_rng(0).uniform(0, 4, 23)
    monkeypatch.setattr(module, "_CHUNK", 5)
    assert bin_index(context, np.arange(5.0)).tolist() == np.floor(context).tolist()


def test_the_first_context_outside_is_named() -> None:
    edges = np.array([1.0, 2, 3])
    assert bin_index(np.array([1.0, 3.0]), edges).tolist() == [0, 1]
    for context, words in (
        ([1.5, 0.999, 7.0], r"context of 0\.999 outside the calibrated range 1 to 3 \(2 of 3 events\)"),
        ([1.5, 3.001], r"context of 3\.001 .* \(1 of 2 events\)"),
    ):
        with pytest.raises(InputError, match=words):
            bin_index(np.array(context), edges)


@pytest.mark.parametrize("bins", [1, 4, 2**15, 2**16 + 3])
def test_rows_of_each_bin_keep_their_order(bins: int) -> None:
    where = np.array([3, 0, 3, 1, 0, bins - 1]) % bins
    found = by_bin(where, bins)
    assert len(found) == bins
    for i in {0, 1 % bins, 2 % bins, 3 % bins, bins - 1}:
        assert found[i].tolist() == [row for row, value in enumerate(where) if value == i]


def test_contexts_are_finite_and_as_many_as_scores() -> None:
    assert finite_context([1, 2]).tolist() == [1, 2] == finite_context([1, 2], 2).tolist()
    assert finite_context([], 0).size == 0
    for context, n, words in (
        ([1.0, 2.0], 3, r"shape \(2,\) for 3"),
        ([1.0, 2.0], 1, r"shape \(2,\) for 1"),
        ([[1.0, 2.0]], 2, r"shape \(1, 2\)"),
        ([[1.0, 2.0]], None, r"shape \(1, 2\)"),
        ([1.0, np.nan], 2, "NaN or infinite"),
        ([np.inf], None, "NaN or infinite"),
    ):
        with pytest.raises(InputError, match=words):
            finite_context(context, n)


def test_edges_rise() -> None:
    assert increasing([1, 2]).tolist() == [1, 2]
    for edges in ([1.0], [], [1.0, 1.0], [1.0, 2.0, 1.5], [1.0, np.nan], [[1.0, 2.0]]):
        with pytest.raises(InputError, match="Mondrian edges"):
            increasing(edges)
    with pytest.raises(InputError, match=r"limits \[0.0, .*, 11.0\]$|limits"):
        increasing(np.r_[np.arange(14.0), 0], "limits")
