"""The rows of the two tables, with one rule for ``met``: measured, inside the bounds, nothing against it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from harness.cases import Measured
from harness.targets import Target

Row = dict[str, Any]
MakeRow = Callable[[Target, Measured | None, str], Row]


def benchmark_row(target: Target, measured: Measured | None, against: str = "") -> Row:
    """A row ``{name, ours, rival, ratio, goal, met, why}``; ``against`` says why it cannot count as met."""
    sides = {"ours": measured.ours, "rival": measured.rival} if measured else {"ours": None, "rival": None}
    ratio = _finite(measured.value) if measured else None
    met, why = _verdict(target, measured, against)
    return {"name": target.name, **sides, "ratio": ratio, "goal": target.goal, "met": met, "why": why}


def validation_row(target: Target, measured: Measured | None, against: str = "") -> Row:
    """A row ``{name, value, low, high, met, why}``; ``against`` says why it cannot count as met."""
    value = _finite(measured.value) if measured else None
    met, why = _verdict(target, measured, against)
    low, high = _finite(target.low), _finite(target.high)
    return {"name": target.name, "value": value, "low": low, "high": high, "met": met, "why": why}


def _verdict(target: Target, measured: Measured | None, against: str) -> tuple[bool, str]:
    if measured is None:
        return False, against or "not run"
    met = target.met(measured.value)
    missed = "" if met else target.miss or f"{measured.value:g} is not {target.goal}"
    return met and not against, "; ".join(part for part in (against, missed, measured.note) if part)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
