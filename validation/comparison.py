"""Keeps the numbers of ``strangeness compare --full`` for the documentation, without curves and pictures.

``python -m validation.comparison compared/result.json`` writes ``docs/results/comparison.json``. Further
files, results of the same command with ``--seeds 1``, give the memory, the largest of them: kept fits are not
measured again. Detectors that are in none of these have none.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from strangeness.report.schema import ComparisonSection, Report, read_report, write_report

KEPT = Path(__file__).resolve().parents[1] / "docs" / "results" / "comparison.json"


def stripped(report: Report, measured: Sequence[Report]) -> Report:
    """The report with its rows alone, and the memory of each detector from ``measured``."""
    memory: dict[str, float] = {}
    for row in (row for other in measured for one in other.comparisons for row in one.rows):
        if row.memory is not None:
            memory[row.detector] = max(row.memory, memory.get(row.detector, 0.0))
    return report.model_copy(update={"comparisons": [_rows_only(one, memory) for one in report.comparisons]})


def _rows_only(section: ComparisonSection, memory: Mapping[str, float]) -> ComparisonSection:
    rows = [
        row.model_copy(update={"curve": None, "memory": memory.get(row.detector)}) for row in section.rows
    ]
    return section.model_copy(update={"rows": rows, "images": None, "displays": []})


if __name__ == "__main__":
    first, *others = [read_report(path) for path in sys.argv[1:]]
    write_report(stripped(first, others or [first]), KEPT)
