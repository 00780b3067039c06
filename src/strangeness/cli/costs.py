"""Times and memory of a run in a file of their own: the result itself is the same whenever it is made."""

from __future__ import annotations

import json
from pathlib import Path

from strangeness.core.errors import FileError
from strangeness.core.files import write_text
from strangeness.report.parts import Cost
from strangeness.report.schema import Report, SearchSection


def untimed(report: Report) -> Report:
    """The report without what differs from run to run."""
    searches = [_with(s, [_timed(c, None, None) for c in s.costs]) for s in report.searches]
    return report.model_copy(update={"searches": searches})


def write_costs(report: Report, path: Path) -> None:
    """Write the times (s) and memory (MB) of every search of a report."""
    rows = [[c.model_dump(include={"name", "seconds", "memory"}) for c in s.costs] for s in report.searches]
    write_text(path, json.dumps(rows, indent=1, allow_nan=False) + "\n")


def with_costs(report: Report, path: Path) -> Report:
    """The report with the times in a file beside it, where there is one.

    Raises:
        FileError: when that file is damaged or belongs to another report.
    """
    if not path.exists():
        return report
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        searches = [
            _with(
                section,
                [_timed(c, t["seconds"], t["memory"]) for c, t in zip(section.costs, times, strict=True)],
            )
            for section, times in zip(report.searches, rows, strict=True)
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError(f"'{path}' does not belong to this result ({error})", "Remove it.") from error
    return report.model_copy(update={"searches": searches})


def _with(section: SearchSection, costs: list[Cost]) -> SearchSection:
    return section.model_copy(update={"costs": costs})


def _timed(cost: Cost, seconds: float | None, memory: float | None) -> Cost:
    return Cost.model_validate({**cost.model_dump(), "seconds": seconds, "memory": memory})
