"""The README prints what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRINTED = [
    "null: type-I error at 5 %",
    "null: randomised global p, Kolmogorov-Smirnov",
    "all events, from a bootstrap: type-I error at 5 %",
    "planted: inclusive median local Z",
    "planted: share of 20 seeds above 3 sigma global",
    "empty: searches of 20 above 2 sigma global",
]


@pytest.mark.parametrize("name", PRINTED)
def test_the_table_equals_the_committed_result(name: str) -> None:
    committed = json.loads((ROOT / "validation" / "results" / "spine.json").read_text(encoding="utf-8"))
    row = next(row for row in committed["rows"] if row["name"] == name)
    line = f"| {row['value']:.3g} | "
    lines = [text for text in (ROOT / "README.md").read_text(encoding="utf-8").splitlines() if line in text]
    assert any(text.endswith("| yes |" if row["met"] else "| **no** |") for text in lines)
