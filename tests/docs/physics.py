"""The numbers of generated jets, from the committed result of the validation."""

from __future__ import annotations

import json
from pathlib import Path

from tests.docs.markdown import table

_RESULT = Path(__file__).resolve().parents[2] / "validation" / "results" / "events.json"


def physics() -> str:
    """Every number with its range and where the range comes from."""
    if not _RESULT.exists():
        return "*No full run has been committed yet.*"
    rows = json.loads(_RESULT.read_text(encoding="utf-8"))["rows"]
    return table(
        ("", "value", "range", "met", "counts"), [_row(row) for row in rows if row["value"] is not None]
    )


def _row(row: dict[str, object]) -> tuple[str, ...]:
    ends = ["" if row[end] is None else f"{row[end]:.4g}" for end in ("low", "high")]
    return (
        str(row["name"]),
        f"{row['value']:.4g}",
        " to ".join(ends),
        "yes" if row["met"] else "no",
        str(row["why"]),
    )


TABLES = {"physics": physics}
