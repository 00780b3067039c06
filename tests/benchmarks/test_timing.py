"""Ratios of medians, comparisons within a factor, and peak memory that counts the result."""

import itertools

import numpy as np
import pytest

from benchmarks.timing import alternate, cost_ratio, peak_bytes, ratios_agree, seconds, speed_ratio


def test_sides_take_turns() -> None:
    order: list[str] = []
    clock = itertools.count()
    times = alternate(
        lambda: (order.append("ours"), next(clock))[1], lambda: (order.append("rival"), next(clock))[1], 3
    )
    assert order == ["rival", "ours"] * 3
    assert times == {"ours": [1, 3, 5], "rival": [0, 2, 4]}


def test_ratios_are_those_of_the_medians() -> None:
    shards = [{"ours": [1.0, 9.0], "rival": [4.0, 8.0]}, {"ours": [2.0], "rival": [6.0]}]
    assert (speed_ratio(shards).value, speed_ratio(shards).ours, speed_ratio(shards).rival) == (3.0, 2.0, 6.0)
    assert cost_ratio(shards).value == pytest.approx(1 / 3)


def test_repeated_ratios_agree_within_a_factor() -> None:
    agree = ratios_agree(2.0)
    before = {"ours": [1.0], "rival": [10.0]}
    assert agree(before, {"ours": [1.0], "rival": [19.0]}) == []
    assert len(agree(before, {"ours": [1.0], "rival": [21.0]})) == 1
    assert len(agree(before, {"ours": [1.0], "rival": [4.9]})) == 1


def test_peak_counts_the_result_and_what_was_needed_for_it() -> None:
    array = np.ones(1_000_000)
    assert peak_bytes(lambda: array + 1.0) == pytest.approx(8e6, rel=0.01)
    # The difference and its square are held at once.
    assert peak_bytes(lambda: np.square(array - 0.5)) == pytest.approx(16e6, rel=0.01)


def test_seconds_are_positive() -> None:
    assert seconds(lambda: sum(range(1000))) > 0
