"""A progress bar with rate and time left, on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Report = Callable[[str, float, int], None]


@contextmanager
def progress(quiet: bool = False) -> Iterator[Report]:
    """Yield a function (part, share done from 0 to 1, rows found so far) that draws the bar."""
    if quiet:
        yield lambda name, share, rows: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeRemainingColumn

    shown = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]:.0f} rows/s"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    tasks: dict[str, tuple[TaskID, float]] = {}
    with Progress(*shown, console=Console(file=sys.stderr)) as bar:

        def report(name: str, share: float, rows: int) -> None:
            if name not in tasks:
                tasks[name] = bar.add_task(name, total=1.0, rate=0.0), time.monotonic()
            task, start = tasks[name]
            bar.update(task, completed=share, rate=rows / max(time.monotonic() - start, 1e-3))

        yield report
