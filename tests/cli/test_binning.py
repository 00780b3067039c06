"""Calibration bins are the search's, merged where the reference is thin."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from strangeness.cli.binning import merged_edges


@given(st.lists(st.floats(0, 10, exclude_max=True), max_size=60), st.integers(1, 20))
def test_every_bin_holds_enough_and_the_range_stays(context: list[float], enough: int) -> None:
    edges = np.linspace(0, 10, 11)
    merged = merged_edges(edges, context, enough)
    assert merged[0] == 0 and merged[-1] == 10 and set(merged) <= set(edges)
    counts = np.histogram(context, merged)[0]
    assert len(counts) == 1 or counts.min() >= enough


def test_full_bins_stay() -> None:
    edges = np.array([1.0, 2, 3, 4])
    np.testing.assert_array_equal(merged_edges(edges, np.repeat([1.5, 2.5, 3.5], 5), 5), edges)
    np.testing.assert_array_equal(merged_edges(edges, np.repeat([1.5, 2.5, 3.5], [5, 5, 4]), 5), [1, 2, 4])
