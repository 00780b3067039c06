"""One run an output file: two at once, or a resumed one with other settings, are refused."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strangeness.core.errors import FileError, InputError


@contextmanager
def claimed(out: str | os.PathLike[str], settings: Mapping[str, Any]) -> Iterator[None]:
    """Hold ``out`` for a run with ``settings`` (JSON values), through the file ``.<out>.run`` beside it.

    The file stays where a run is killed: the next one must have the same settings. It goes when a run ends.

    Raises:
        FileError: when another run holds it, or it cannot be written.
        InputError: when an unfinished run had other settings.
    """
    target = Path(out)
    path = target.parent / f".{target.name}.run"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stream = open(path, "a+b", buffering=0)  # noqa: SIM115 - only opening it may fail here
    except OSError as error:
        raise FileError(f"cannot write '{path}': {error.strerror}", "Choose another place.") from error
    with stream:
        _hold(stream, target)
        stream.seek(0)
        _refuse_other(stream.read(), settings, target, path)
        _write(stream, json.dumps(dict(settings)).encode(), path)
        yield
        path.unlink(missing_ok=True)


def _hold(stream: Any, target: Path) -> None:
    """Lock an open file; the system frees it when the process ends, however it ends."""
    try:
        import fcntl
    except ImportError:  # Windows has no such locks; there two runs at once only waste time
        return
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise FileError(
            f"another run is writing '{target}'", "Wait for it, or choose another file."
        ) from error


def _write(stream: Any, text: bytes, path: Path) -> None:
    try:
        stream.truncate(0)
        written = stream.write(text)
    except OSError as error:
        raise FileError(f"cannot write '{path}': {error.strerror}", "Free some space.") from error
    if written < len(text):
        raise FileError(f"cannot write '{path}': the disk is full", "Free some space.")


def _refuse_other(text: bytes, settings: Mapping[str, Any], target: Path, path: Path) -> None:
    try:
        before = json.loads(text)
    except ValueError:
        return  # killed before it had written what it was
    if not isinstance(before, dict):
        return
    for name in sorted(before.keys() | settings.keys()):
        old, new = before.get(name), settings.get(name)
        if old != new:
            raise InputError(
                f"the unfinished run into '{target}' had {name} = {_short(old)}, not {_short(new)}",
                f"Give the same settings to go on, another file, or remove '{path}' to start anew.",
            )


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
