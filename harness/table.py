"""The table and the progress bar, on standard error: standard output belongs to the JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from harness.rows import Row


def show(title: str, rows: list[Row], console: Console) -> None:
    """Print the rows as a table; a row without a measurement reads ``not run``."""
    table = Table(title=title, title_justify="left")
    for key in rows[0] if rows else ():
        table.add_column(key, justify="left" if key in ("name", "goal", "why") else "right", overflow="fold")
    for row in rows:
        table.add_row(*(_cell(key, row) for key in row))
    console.print(table)


def _cell(key: str, row: Row) -> Text:
    if key == "met":
        return Text(verdict(row), style="green" if row["met"] else "yellow")
    value = row[key]
    return Text("-" if value is None else number(value))


def verdict(row: Row) -> str:
    """``met``, ``not run`` or ``missed``."""
    if row["met"]:
        return "met"
    return "not run" if row["why"].startswith("not run") else "missed"


def number(value: Any) -> str:
    """A number with four digits, anything else as text."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


@contextmanager
def progress(console: Console) -> Iterator[Callable[[str, int], None]]:
    """A bar for each case; yields the function to call after every shard with (case, number of shards)."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=console) as bars:

        def done(case: str, shards: int) -> None:
            if case not in tasks:
                tasks[case] = bars.add_task(case, total=shards)
            bars.advance(tasks[case])

        yield done
