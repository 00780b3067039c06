"""The folder of a run: never overwrites, resumes the same configuration, leaves nothing of a failed run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangeness.core.errors import ConfigError, FileError, Interrupted
from strangeness.core.files import write_text
from strangeness.core.run import running

RESULT, PAGE, CHAIN, SCORES = "result.json", "report.html", "chain.strange", "scores.parquet"
COSTS, WORKSPACE, HEPDATA, CHANNELS = "costs.json", "workspace.json", "hepdata", "channels"
CONFIG, CHECKPOINTS, FROZEN = "config.json", "checkpoints", "frozen.json"
_MADE = (CONFIG, CHAIN, SCORES, COSTS, PAGE, WORKSPACE)


@dataclass(frozen=True)
class Folder:
    """An output folder and whether it was there before the run."""

    path: Path
    existed: bool

    @property
    def checkpoints(self) -> Path:
        """Where training keeps its state until the run has finished."""
        return self.path / CHECKPOINTS


def refuse_finished(path: Path) -> None:
    """Raise a FileError when ``path`` holds a finished run or what is no run at all."""
    refuse_other(path)
    if (path / RESULT).exists():
        raise FileError(f"'{path}' already holds a finished run ({RESULT})", "Choose another --out folder.")


def refuse_other(path: Path) -> None:
    """Raise a FileError when ``path`` is a file or holds what is no run, a frozen configuration apart."""
    if path.exists() and not path.is_dir():
        raise FileError(f"'{path}' is a file", "Choose another --out folder.")
    ours = {*_strays(path), path / FROZEN, path / CHECKPOINTS}
    if path.is_dir() and not (path / CONFIG).exists() and set(path.iterdir()) - ours:
        raise FileError(f"'{path}' holds files that are not a run", "Choose another --out folder.")


@contextmanager
def run_folder(path: Path, config: Mapping[str, Any], *, quiet: bool) -> Iterator[Folder]:
    """The folder for a run of ``config``; inside the block checkpoints are kept and progress is shown.

    Interrupted, the folder keeps what is needed to resume. Failed, it is left as it was found. Finished, the
    checkpoints are removed, and what a killed run had half written.

    Raises:
        FileError: when the folder holds a finished run or cannot be written.
        ConfigError: when it holds an interrupted run of another configuration, naming what differs.
        Interrupted: on Ctrl-C.
    """
    refuse_finished(path)
    folder = Folder(path, path.exists())
    resumed = _same_configuration(path, config)
    try:
        write_text(path / CONFIG, json.dumps(config, indent=1, allow_nan=False) + "\n")
        with running(checkpoints=folder.checkpoints, progress=not quiet):
            yield folder
    except Interrupted:
        raise
    except KeyboardInterrupt as stop:
        raise Interrupted("the run was interrupted", "Run the same command again to resume.") from stop
    except BaseException:
        if not resumed:
            _left_as_found(folder)
        raise
    shutil.rmtree(folder.checkpoints, ignore_errors=True)
    for stray in _strays(path):
        stray.unlink(missing_ok=True)


def _strays(path: Path) -> list[Path]:
    """Temporary files of a run that was killed while it wrote; nothing reads them."""
    return [stray for name in (*_MADE, RESULT) for stray in path.glob(f".{name}.*")]


def _same_configuration(path: Path, config: Mapping[str, Any]) -> bool:
    """Whether ``path`` holds an interrupted run of this configuration."""
    file = path / CONFIG
    if not file.exists():
        return False
    try:
        before = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FileError(
            f"'{file}' is damaged ({error})", "Remove the folder, or choose another --out."
        ) from error
    different = difference(before, config)
    if different is not None:
        raise ConfigError(
            f"'{path}' holds an interrupted run with another configuration: {different}",
            "Choose another --out folder, or give the same configuration to resume.",
        )
    return True


def difference(before: Any, now: Any, key: str = "") -> str | None:
    """The first key in which two configurations differ, with both values."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [name for name in {**before, **now} if name != "hash"]:
            where = f"{key}.{name}" if key else name
            if (found := difference(before.get(name), now.get(name), where)) is not None:
                return found
        return None
    if before == now:
        return None
    return f"'{key}' was {json.dumps(before)} and is {json.dumps(now)}"


def _left_as_found(folder: Folder) -> None:
    """Remove what the run has made; the folder itself when it was not there before."""
    if not folder.existed:
        shutil.rmtree(folder.path, ignore_errors=True)
        return
    shutil.rmtree(folder.checkpoints, ignore_errors=True)
    for made in (HEPDATA, CHANNELS):
        shutil.rmtree(folder.path / made, ignore_errors=True)
    for made in _MADE:
        (folder.path / made).unlink(missing_ok=True)
