"""The tables of the committed comparison of all detectors on the shipped jets."""

from __future__ import annotations

import numpy as np

from strangeness.report.schema import ComparisonRow, read_report
from tests.docs.markdown import table
from validation.comparison import KEPT


def _rows() -> list[ComparisonRow]:
    (section,) = read_report(KEPT).comparisons
    return section.rows


def _band(values: list[float]) -> str:
    low, middle, high = np.quantile(values, [0.16, 0.5, 0.84])
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]"


def areas() -> str:
    """Median and central 68 % of the areas over the seeds, controls last."""
    rows = _rows()
    pairs = list(dict.fromkeys((row.trained_on, row.finds) for row in rows))
    found = {(row.detector, row.trained_on, row.finds): _band(row.auc) for row in rows}
    body = [(_label(row), *(found[row.detector, *pair] for pair in pairs)) for row in _detectors(rows)]
    return table(("detector", *(f"{first} → {second}" for first, second in pairs)), body)


def costs() -> str:
    """What a fit with its scoring costs: median over seeds, one core, a process for each detector."""
    body = [
        (
            _label(row),
            "" if row.parameters is None else f"{row.parameters:,}",
            f"{row.events or 0:,}",
            "" if row.seconds is None else f"{row.seconds:.3g}",
            "" if row.memory is None else f"{row.memory:.0f}",
        )
        for row in _detectors(_rows())
    ]
    return table(("detector", "parameters", "training events", "time [s]", "memory [MB]"), body)


def _detectors(rows: list[ComparisonRow]) -> list[ComparisonRow]:
    first = {row.detector: row for row in reversed(rows)}
    return sorted(
        (first[name] for name in dict.fromkeys(row.detector for row in rows)), key=lambda r: r.control
    )


def _label(row: ComparisonRow) -> str:
    return f"*{row.detector}*" if row.control else row.detector


TABLES = {"compared areas": areas, "compared costs": costs}
