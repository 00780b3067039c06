"""Where a long fit keeps its checkpoint and whether it shows progress: the run that surrounds a call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Run:
    """Surroundings of a fit, kept out of its arguments because they cannot change its result.

    Attributes:
        checkpoints: folder for checkpoints, or None to keep none.
        progress: whether long work shows a bar on standard error.
    """

    checkpoints: Path | None = None
    progress: bool = False


_current: ContextVar[Run] = ContextVar("strangeness_run", default=Run())  # noqa: B039 - Run is frozen


def current_run() -> Run:
    """The innermost ``running`` block's settings."""
    return _current.get()


@contextmanager
def running(**changes: Any) -> Iterator[Run]:
    """Set ``checkpoints`` or ``progress`` for the calls inside the block."""
    run = replace(current_run(), **changes)
    token = _current.set(run)
    try:
        yield run
    finally:
        _current.reset(token)


@contextmanager
def progress(label: str, total: int) -> Iterator[Callable[[int, str], None]]:
    """A bar with count, text and time left on standard error, when the run shows it and there is a terminal.

    A ``total`` of 0 stands for one that is not known.

    Yields:
        a function of (steps done in all, text to show).
    """
    if not current_run().progress:
        yield lambda done, text="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda done, text="": None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=total or None, text="")
        yield lambda done, text="": bar.update(task, completed=done, text=text)
