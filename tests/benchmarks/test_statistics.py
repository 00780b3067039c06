"""The cases of calibration have rows of their own, and both sides are given the same events."""

import numpy as np

from benchmarks import statistics
from strangeness.calibration.bins import bin_index


def test_names_are_unique() -> None:
    rows = [row for case in statistics.CASES for row in case.rows]
    assert len(rows) == len(set(rows)) == len(statistics.CASES)


def test_bins_of_the_rival_are_ours() -> None:
    _, batch = statistics._sample(np.random.default_rng(0), 1000)
    ours = bin_index(batch.context, np.array(statistics.EDGES))
    assert np.array_equal(statistics._bins(batch), ours)


def test_ratio_is_the_rivals_time_over_ours() -> None:
    found = statistics._ratio("row", "note")([{"ours": [2.0], "rival": [50.0]}])["row"]
    assert found.value == 25.0 and found.note == "note"
