"""The fast scans against a double loop over SciPy tails."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.windows import (
    WindowTable,
    checked_widths,
    largest_excess,
    scan_all,
    window_list,
    window_p,
    window_sums,
)

WIDTHS = (1, 2, 4)


def brute(counts: np.ndarray, expected: np.ndarray, widths: tuple[int, ...]) -> tuple[float, int, int]:
    best = (0.0, 0, widths[0])
    for width in widths:
        for first in range(counts.size - width + 1):
            n, b = counts[first : first + width].sum(), expected[first : first + width].sum()
            t = -stats.poisson.logsf(n - 1, b) if n > b else 0.0
            if t > best[0] + 1e-12:
                best = (t, first, width)
    return best


@settings(max_examples=60)
@given(st.integers(0, 10**6), st.floats(0.05, 200.0))
def test_scans_equal_a_double_loop(seed: int, mean: float) -> None:
    rng = np.random.default_rng(seed)
    expected = mean * rng.uniform(0.2, 2.0, (9, 5))
    counts = rng.poisson(expected * rng.choice([0.7, 1.0, 1.6])).astype(float)
    scan = scan_all(counts, expected, WIDTHS)
    fast = largest_excess(counts, expected, WIDTHS)
    assert np.array_equal(fast, scan.t)
    for column in range(5):
        t, first, width = brute(counts[:, column], expected[:, column], WIDTHS)
        assert scan.t[column] == pytest.approx(t, rel=1e-10, abs=1e-10)
        if t > 0:
            assert (scan.first[column], scan.width[column]) == (first, width)


def test_fast_scan_is_exact_in_the_far_tail_and_without_excess() -> None:
    expected = np.full((6, 3), 2.0)
    counts = np.zeros((6, 3))
    counts[2, 0], counts[3, 1] = 2000.0, 5.0
    assert np.array_equal(largest_excess(counts, expected, (1, 2)), scan_all(counts, expected, (1, 2)).t)
    assert largest_excess(counts, expected, (1, 2))[2] == 0.0
    assert largest_excess(counts, expected, (1, 2))[0] > 1000


@given(st.floats(1e-4, 1e5), st.floats(0.0, 12.0))
def test_signed_deviance_bounds_the_significance(b: float, sigmas: float) -> None:
    n = np.floor(b + sigmas * np.sqrt(b)) + 1
    t = window_p(np.array([n]), np.array([b]))[0]
    bound = np.sqrt(2 * (n * np.log(n / b) - (n - b)))
    assert -stats.norm.ppf(np.exp(-t)) <= bound * (1 + 1e-9) + 1e-9


def test_empty_expectation_is_not_skipped() -> None:
    # a mean of 1e-3 under 30 events: the first term of the tail, b^n / n!
    t = window_p(np.array([30.0]), np.array([1e-3]))[0]
    assert t == pytest.approx(-(30 * np.log(1e-3) - 1e-3 - np.log(np.arange(1, 31)).sum()), rel=1e-4)


def test_table_equals_the_scan_and_reaches_beyond_itself() -> None:
    rng = np.random.default_rng(0)
    expected = rng.uniform(0.1, 30, 12)
    sums = np.concatenate([s for _, s in window_sums(expected[:, None], WIDTHS)])[:, 0]
    table = WindowTable(lambda n, w: window_p(n, sums[w : w + 1]), sums, np.sqrt(sums), 12, WIDTHS)
    counts = rng.poisson(expected[:, None], (12, 3000))
    counts[4, 7] = 900
    full = scan_all(counts.astype(float), np.broadcast_to(expected[:, None], counts.shape).copy(), WIDTHS)
    np.testing.assert_allclose(table.largest(counts), full.t, rtol=1e-12)
    one = table.scan(counts[:, 7].astype(float))
    assert (one.first[0], one.width[0], one.t[0]) == (full.first[7], full.width[7], table.largest(counts)[7])


def test_windows_are_listed_in_the_order_of_their_sums() -> None:
    first, width = window_list(5, (1, 3))
    assert list(zip(first, width, strict=True)) == [(i, 1) for i in range(5)] + [(i, 3) for i in range(3)]
    sums = dict(window_sums(np.arange(5.0)[:, None], (1, 3)))
    assert sums[3][:, 0].tolist() == [3.0, 6.0, 9.0]


@pytest.mark.parametrize("widths", [(), (0, 1), (2, 40)])
def test_widths_must_fit(widths: tuple[int, ...]) -> None:
    with pytest.raises(InputError, match="window widths"):
        checked_widths(widths, 10)


def test_widths_are_sorted_and_may_be_as_many_as_the_bins() -> None:
    assert checked_widths((3, 1, 3), 3) == (1, 3) and checked_widths([10], 10) == (10,)
    for widths in ((0,), (11,), (-1, 2)):
        with pytest.raises(InputError, match="from 1 to 10"):
            checked_widths(widths, 10)


def table(top: np.ndarray | None = None) -> tuple[WindowTable, list[tuple[int, list[float]]]]:
    """A table whose law is (window + 1) times the count, with what was asked of it."""
    asked: list[tuple[int, list[float]]] = []

    def law(n: np.ndarray, window: int) -> np.ndarray:
        asked.append((window, n.tolist()))
        return (window + 1.0) * n

    mean = np.array([2.5, 4.0, 6.5])
    return WindowTable(law, mean, np.array([1.0, 0.5, 2.0]), 2, (1, 2), top), asked


def test_tables_reach_nine_deviations_and_a_dozen() -> None:
    one, asked = table()
    assert one.low.tolist() == [2, 4, 6] and one.high.tolist() == [12 + 12, 9 + 12, 25 + 12]
    assert [rows.size for rows in one.rows] == [23, 18, 32] and asked[0] == (0, list(range(2, 25)))
    capped, _ = table(np.array([5.0, 100, 7]))
    assert capped.high.tolist() == [5, 21, 7]


def test_counts_beyond_a_table_are_evaluated_alone() -> None:
    one, asked = table(np.array([5.0, 6, 9]))
    asked.clear()
    # at the end of the table, one beyond it in one column, and below its start (held at the start)
    counts = np.array([[5, 6, 0], [4, 3, 0]])
    assert one.largest(counts).tolist() == [27.0, 27.0, 18.0]
    assert asked == [(0, [6.0])]
    asked.clear()
    assert one.largest(np.array([[2, 50], [8, 2]])).tolist() == [30.0, 156.0]
    assert asked == [(0, [50.0]), (1, [8.0]), (2, [10.0, 52.0])]
    best = np.zeros(3)
    one._beyond(np.array([5, 6, 7]), 0, best)
    assert best.tolist() == [0, 6, 7]


def test_a_table_scans_one_histogram_with_its_law() -> None:
    one, _ = table()
    scan = one.scan(np.array([3.0, 1.0]))
    assert (scan.t.tolist(), scan.first.tolist(), scan.width.tolist()) == ([12.0], [0], [2])
