"""A harness, what a run of it found, and the committed file of a full result."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from harness import facts
from harness.cases import Case, Measured, differences
from harness.rows import MakeRow, Row
from harness.shards import Shard
from harness.targets import Target, load_targets
from strangeness.core.files import write_text

SCHEMA = 1


@dataclass(frozen=True)
class Harness:
    """One of the two harnesses: its package, its folder, the shape of its rows.

    ``one_core`` keeps every measurement on one core: timings are not made side by side.
    """

    package: str
    folder: Path
    row: MakeRow
    one_core: bool

    def targets(self) -> dict[str, list[Target]]:
        """The targets by capability."""
        return load_targets(self.folder / "targets")

    def result_file(self, capability: str) -> Path:
        """Where the full result of a capability is committed."""
        return self.folder / "results" / f"{capability}.json"


@dataclass(frozen=True)
class Outcome:
    """What is known about a case: its rows, its shards, and why they cannot count (empty if they can)."""

    measured: Mapping[str, Measured] = field(default_factory=dict)
    shards: tuple[Shard, ...] = ()
    against: str = ""


def table(harness: Harness, capability: str, cases: list[Case], outcomes: Mapping[str, Outcome]) -> list[Row]:
    """One row for each target of the capability, in the order of its targets."""
    by_row = {row: outcomes[case.name] for case in cases for row in case.rows if case.name in outcomes}
    nothing = Outcome(against="not run: no case measures this row")
    rows = []
    for target in harness.targets()[capability]:
        outcome = by_row.get(target.name, nothing)
        rows.append(harness.row(target, outcome.measured.get(target.name), outcome.against))
    return rows


def write_result(
    harness: Harness, capability: str, root: int, outcomes: Mapping[str, Outcome], rows: list[Row]
) -> None:
    """Write the full result with everything that is needed to make a shard of it again."""
    shards = [shard for outcome in outcomes.values() for shard in outcome.shards]
    result = {
        "schema": SCHEMA,
        "harness": harness.package,
        "capability": capability,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "commits": sorted({shard.commit for shard in shards}),
        "seed": root,
        "versions": facts.versions(),
        "hardware": facts.hardware(),
        "rows": rows,
        "cases": {name: _case(outcome) for name, outcome in outcomes.items()},
    }
    write_text(harness.result_file(capability), json.dumps(result, indent=1, allow_nan=False) + "\n")


def _case(outcome: Outcome) -> dict[str, Any]:
    return {"against": outcome.against, "shards": [asdict(shard) for shard in outcome.shards]}


@dataclass(frozen=True)
class Committed:
    """A full result as it was committed."""

    seed: int
    made: str
    rows: list[Row]
    cases: dict[str, Outcome]


def read_result(file: Path) -> Committed | None:
    """The committed full result, or None where there is none yet."""
    if not file.exists():
        return None
    stored = json.loads(file.read_text(encoding="utf-8"))
    cases = {
        name: Outcome(shards=tuple(Shard(**shard) for shard in case["shards"]), against=case["against"])
        for name, case in stored["cases"].items()
    }
    return Committed(stored["seed"], stored["made"], stored["rows"], cases)


def contradictions(stored: list[Row], recomputed: list[Row]) -> dict[str, str]:
    """The rows whose stored numbers do not follow from the raw values, by name."""
    numbers = ("ours", "rival", "ratio", "value")
    before = {row["name"]: {key: row[key] for key in numbers if key in row} for row in stored}
    now = {row["name"]: {key: row[key] for key in numbers if key in row} for row in recomputed}
    found = {name: differences(before[name], now[name], 1e-9, name) for name in before if name in now}
    return {name: f"the stored table says otherwise: {wrong[0]}" for name, wrong in found.items() if wrong}
