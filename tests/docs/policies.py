"""The table of what each policy's p-value is worth, from the committed calibration study."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from harness.results import read_result
from tests.docs.markdown import table
from tests.docs.tables import REPOSITORY

RESULT = REPOSITORY / "validation" / "results" / "statistics.json"
STRENGTHS = (20, 40, 60, 80)
_POWER = {"linear": 1e-4, "trees": 1e-2}
_ROWS = (
    ("linear, half-split", "global", 0.0001),
    ("linear, same-data", "global", 0.0001),
    ("linear, same-data", "naive local", 0.0001),
    ("trees, half-split", "global", 0.001),
    ("trees, same-data", "global", 0.01),
    ("trees, same-data", "naive local", 0.01),
    ("trees, five folds", "global", 0.01),
    ("trees, five folds", "naive local", 0.01),
)


def policies() -> str:
    """What was seen without a signal, and which share of data sets with one was found."""
    committed = read_result(RESULT)
    if committed is None:
        raise FileNotFoundError(RESULT)
    rows = {row["name"]: row for row in committed.rows}

    def seen(what: str, p: str, at: float) -> tuple[str, ...]:
        null = rows[f"study, {what}: {p} p at {at:g}, observed over expected"]
        level = f"{_POWER[what.split(',')[0]]:g}"
        found = [_share(rows[f"study, {what}: power at {level}, {n} events"], p) for n in STRENGTHS]
        return (
            what,
            _kind(what, p),
            f"{at:g}",
            # a missed prediction comes first in what is said of a row, the counts last
            null["why"].rpartition("; ")[2] if null["value"] is not None else "not run yet",
            *found,
        )

    heads = ("detector, policy", "p-value", "at", "without a signal", *(f"{n} events" for n in STRENGTHS))
    return table(heads, [seen(*row) for row in _ROWS])


def _kind(what: str, p: str) -> str:
    if p != "global":
        return "naive"
    return "its law" if "half-split" in what else "by repetition"


def _share(row: Mapping[str, Any], p: str) -> str:
    return "" if p != "global" or row["value"] is None else f"{row['value']:.3f}"


TABLES = {"policies": policies}
