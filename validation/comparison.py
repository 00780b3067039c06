"""Keeps the numbers of ``strangeness compare --full`` for the documentation, without curves and pictures.

``python -m validation.comparison compared/result.json`` writes ``docs/results/comparison.json``. A second
file, the result of the same command with ``--seeds 1``, gives the memory: kept fits are not measured again.
"""

from __future__ import annotations

import sys
from pathlib import Path

from strangeness.report.schema import ComparisonSection, Report, read_report, write_report

KEPT = Path(__file__).resolve().parents[1] / "docs" / "results" / "comparison.json"


def stripped(report: Report, measured: Report) -> Report:
    """The report with its rows alone, and the memory of each detector from ``measured``."""
    memory: dict[str, float | None] = {}
    for row in (row for one in measured.comparisons for row in one.rows):
        memory[row.detector] = max(row.memory or 0.0, memory.get(row.detector) or 0.0)
    return report.model_copy(update={"comparisons": [_rows_only(one, memory) for one in report.comparisons]})


def _rows_only(section: ComparisonSection, memory: dict[str, float | None]) -> ComparisonSection:
    rows = [row.model_copy(update={"curve": None, "memory": memory[row.detector]}) for row in section.rows]
    return section.model_copy(update={"rows": rows, "images": None, "displays": []})


if __name__ == "__main__":
    write_report(stripped(read_report(sys.argv[1]), read_report(sys.argv[-1])), KEPT)
