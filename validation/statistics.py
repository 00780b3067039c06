"""Statistics against what they must satisfy: calibration, searches, the gate, and sculpting."""

from __future__ import annotations

from validation import (
    statistics_calibration,
    statistics_gate,
    statistics_power,
    statistics_sculpting,
    statistics_search,
    statistics_study,
)

CASES = [
    *statistics_calibration.CASES,
    *statistics_search.CASES,
    *statistics_gate.CASES,
    *statistics_sculpting.CASES,
    *statistics_study.CASES,
    *statistics_power.CASES,
]
