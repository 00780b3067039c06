"""The bounds that a row has to meet, and the rule that they only ever become stricter."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Bounds = dict[str, float | None]
_KEYS = {"name", "what", "source", "low", "high", "at_least", "at_most", "miss"}


@dataclass(frozen=True)
class Target:
    """One row's bounds: ``low <= value <= high``, where a missing bound is infinite.

    ``what`` says what the value is, ``source`` where the bounds come from, and ``miss`` why they are not met.
    """

    name: str
    what: str
    source: str
    low: float = -math.inf
    high: float = math.inf
    miss: str = ""

    def met(self, value: float) -> bool:
        """Whether the value is finite and inside the bounds."""
        return math.isfinite(value) and self.low <= value <= self.high

    @property
    def goal(self) -> str:
        """The bounds in words."""
        sides = [f">= {self.low:g}"] * (self.low > -math.inf) + [f"<= {self.high:g}"] * (self.high < math.inf)
        return " and ".join(sides)


def load_targets(folder: Path) -> dict[str, list[Target]]:
    """The targets of a harness by capability: ``folder`` holds CAPABILITY.toml with rows ``[[CAPABILITY]]``.

    More rows of a capability may lie in CAPABILITY-PART.toml.

    Raises:
        ValueError: for rows of another capability, an unknown key, a missing text, a row without bounds, or a
            name that is used twice.
    """
    targets: dict[str, list[Target]] = {}
    for file in sorted(folder.glob("*.toml")):
        tables = tomllib.loads(file.read_text(encoding="utf-8"))
        capability = file.stem.partition("-")[0]
        if set(tables) != {capability}:
            raise ValueError(f"{file} holds rows of {', '.join(tables)}, not of {capability} alone")
        targets.setdefault(capability, []).extend(_target(row) for row in tables[capability])
    names = [target.name for rows in targets.values() for target in rows]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ValueError(f"{folder} names these rows twice: {', '.join(twice)}")
    return targets


def _target(row: Mapping[str, Any]) -> Target:
    name = row.get("name", "?")
    if wrong := set(row) - _KEYS:
        raise ValueError(f"row '{name}' has unknown keys: {', '.join(sorted(wrong))}")
    if missing := {"name", "what", "source"} - set(row):
        raise ValueError(f"row '{name}' lacks: {', '.join(sorted(missing))}")
    low = float(row.get("at_least", row.get("low", -math.inf)))
    high = float(row.get("at_most", row.get("high", math.inf)))
    if (math.isinf(low) and math.isinf(high)) or not low <= high:
        raise ValueError(f"row '{name}' needs bounds with low <= high")
    return Target(name, row["what"], row["source"], low, high, row.get("miss", ""))


def bounds(targets: Mapping[str, list[Target]]) -> dict[str, Bounds]:
    """Low and high by row, as JSON values (an infinite bound is null)."""
    return {
        target.name: {"low": _finite(target.low), "high": _finite(target.high)}
        for rows in targets.values()
        for target in rows
    }


def _finite(bound: float) -> float | None:
    return bound if math.isfinite(bound) else None


def loosened(frozen: Mapping[str, Bounds], current: Mapping[str, Bounds]) -> list[str]:
    """The frozen rows that were removed or made easier."""
    gone = [f"'{name}' was removed" for name in frozen if name not in current]
    kept = [name for name in frozen if name in current]
    low = [
        f"the low bound of '{n}' was loosened" for n in kept if _below(current[n]["low"], frozen[n]["low"])
    ]
    high = [
        f"the high bound of '{n}' was loosened" for n in kept if _above(current[n]["high"], frozen[n]["high"])
    ]
    return gone + low + high


def _below(new: float | None, old: float | None) -> bool:
    return old is not None and (new is None or new < old)


def _above(new: float | None, old: float | None) -> bool:
    return old is not None and (new is None or new > old)


def freeze(folders: Mapping[str, Path], frozen: Path) -> list[str]:
    """Write the current bounds to ``frozen`` unless one was loosened; the complaints are returned."""
    before = json.loads(frozen.read_text(encoding="utf-8")) if frozen.exists() else {}
    now = {harness: bounds(load_targets(folder)) for harness, folder in folders.items()}
    complaints = [c for harness in before for c in loosened(before[harness], now.get(harness, {}))]
    if not complaints:
        frozen.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return complaints
