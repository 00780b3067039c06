"""Keeps the numbers of ``strangeness compare --full`` for the documentation, without curves and pictures.

``python -m validation.comparison compared/result.json`` writes ``docs/results/comparison.json``.
"""

from __future__ import annotations

import sys
from pathlib import Path

from strangeness.report.schema import ComparisonSection, Report, read_report, write_report

KEPT = Path(__file__).resolve().parents[1] / "docs" / "results" / "comparison.json"


def stripped(report: Report) -> Report:
    """The report with its rows alone."""
    return report.model_copy(update={"comparisons": [_rows_only(one) for one in report.comparisons]})


def _rows_only(section: ComparisonSection) -> ComparisonSection:
    rows = [row.model_copy(update={"curve": None}) for row in section.rows]
    return section.model_copy(update={"rows": rows, "images": None, "displays": []})


if __name__ == "__main__":
    write_report(stripped(read_report(sys.argv[1])), KEPT)
