"""Timings that can be compared: one core, alternating repetitions in one run, medians."""

from __future__ import annotations

import os
import time
import tracemalloc
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from harness.cases import Measured, Raw

Seconds = Callable[[], float]


def stay_on_one_core() -> None:
    """Keep this process and its children on one core, where the system can do that."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def seconds(work: Callable[[], Any]) -> float:
    """The wall time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def alternate(ours: Seconds, rival: Seconds, repetitions: int) -> dict[str, list[float]]:
    """Times of both sides in turns, so that a slow moment of the machine meets both."""
    times: dict[str, list[float]] = {"ours": [], "rival": []}
    for _ in range(repetitions):
        times["rival"].append(rival())
        times["ours"].append(ours())
    return times


def speed_ratio(shards: Sequence[Raw]) -> Measured:
    """How many times faster ours is: the rival's median time over ours (times are those of equal work)."""
    ours, rival = _medians(shards)
    return Measured(rival / ours, ours, rival)


def cost_ratio(shards: Sequence[Raw]) -> Measured:
    """How many times more ours costs: our median time over the rival's."""
    ours, rival = _medians(shards)
    return Measured(ours / rival, ours, rival)


def _medians(shards: Sequence[Raw]) -> tuple[float, float]:
    ours = median([time for shard in shards for time in shard["ours"]])
    rival = median([time for shard in shards for time in shard["rival"]])
    return ours, rival


def ratios_agree(factor: float) -> Callable[[Raw, Raw], list[str]]:
    """A comparison of repeated timings: their ratios differ at most by ``factor``, all else is equal."""

    def agree(committed: Raw, again: Raw) -> list[str]:
        before, now = (speed_ratio([raw]).value for raw in (committed, again))
        if max(before, now) <= factor * min(before, now):
            return []
        return [f"ratio {before:.3g} committed, {now:.3g} again (allowed: a factor {factor:g})"]

    return agree


def peak_bytes(work: Callable[[], Any]) -> int:
    """The largest amount of memory that one call holds at once, its result included (Python and NumPy)."""
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        result = work()
        peak = tracemalloc.get_traced_memory()[1]
        del result
    finally:
        tracemalloc.stop()
    return peak - before
