"""A full disk, and a process that is killed while it writes: a file is whole or not there."""

from __future__ import annotations

import errno
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.cli import hostile
from tests.cli.samples import columns, workspace, write

RUN_FILES = ["config.json", "chain.strange", "scores.parquet", "report.html", "costs.json", "result.json"]
COMPARE = ["--detectors", "pca", "--seeds", "1", "--features", "a,b", "--quiet", "--out", "out"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Writing more to a file fails, as on a full disk; Python ignores the signal."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def _tree(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _samples(folder: Path) -> None:
    write(folder / "one.parquet", columns(80, 1))
    write(folder / "two.parquet", columns(80, 2))


@pytest.mark.parametrize("name", RUN_FILES)
def test_a_search_on_a_full_disk_leaves_nothing(
    strangeness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    config = workspace(tmp_path)
    replace = os.replace

    def full(source: object, target: object) -> None:
        if Path(str(target)).name == name:
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(str(source), str(target))

    before = _tree(tmp_path)
    monkeypatch.setattr(os, "replace", full)
    said = strangeness("search", config, "--out", tmp_path / "run", "--quiet").error()
    assert f"{name}': No space left on device. Free some space" in said
    assert _tree(tmp_path) == before and not (tmp_path / "run").exists()


@pytest.mark.parametrize("size", [0, 500])
def test_every_writer_on_a_full_disk_leaves_nothing(
    strangeness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.chdir(tmp_path)
    _samples(tmp_path)
    chain = hostile.stored(tmp_path / "chain.strange", "linear")
    before = _tree(tmp_path)
    for command in (
        ["score", chain, "one.parquet", "--out", "s.parquet", "--quiet"],
        [
            "search",
            "one.parquet",
            "--reference",
            "two.parquet",
            "--detector",
            "pca",
            "--out",
            "out",
            "--quiet",
        ],
        ["compare", "one.parquet", "two.parquet", *COMPARE, "--workers", "0"],
        ["compare", "one.parquet", "two.parquet", *COMPARE, "--workers", "1"],
    ):
        with files_of_at_most(size):
            said = strangeness(*command).error()
        assert "cannot write" in said, said
        assert _tree(tmp_path) == before and not (tmp_path / "out").exists()


_HELD = """
import os, sys, time
from pathlib import Path
from strangeness.cli import main
replace = os.replace
def held(source, target):
    if Path(target).name.endswith(sys.argv[1]):
        Path("held").touch()
        time.sleep(600)
    replace(source, target)
os.replace = held
main(sys.argv[2:])
"""


def _killed(folder: Path, name: str, *arguments: str) -> None:
    """Run a command until it has written all of a file but not yet given it its name; then kill it."""
    process = subprocess.Popen([sys.executable, "-c", _HELD, name, *arguments], cwd=folder)
    try:
        _until((folder / "held").exists, process)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == -signal.SIGKILL
    (folder / "held").unlink()


def _until(condition: Callable[[], bool], process: subprocess.Popen[Any] | None = None) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end and (process is None or process.poll() is None)
        time.sleep(0.05)


@pytest.mark.parametrize("name", ["config.json", "chain.strange", "result.json"])
def test_a_search_that_was_killed_in_writing_runs_again(strangeness, tmp_path: Path, name: str) -> None:
    """What it had half written is removed in the end, and a folder with nothing else is no other run."""
    config = workspace(tmp_path)
    _killed(tmp_path, name, "search", str(config), "--out", "run", "--quiet")
    run = tmp_path / "run"
    assert not (run / name).exists() and len(list(run.glob(f".{name}.*"))) == 1
    assert not (run / "result.json").exists()
    assert strangeness("search", config, "--out", run, "--quiet").code == 0
    assert sorted(path.name for path in run.iterdir()) == sorted(RUN_FILES)


def test_a_score_that_was_killed_in_writing_runs_again(strangeness, tmp_path: Path) -> None:
    _samples(tmp_path)
    hostile.stored(tmp_path / "chain.strange", "linear")
    arguments = ["score", "chain.strange", "one.parquet", "--quiet", "--out"]
    _killed(tmp_path, "s.parquet", *arguments, "s.parquet")
    out = tmp_path / "s.parquet"
    assert not out.exists()
    arguments = ["score", tmp_path / "chain.strange", tmp_path / "one.parquet", "--quiet", "--out", out]
    assert strangeness(*arguments).code == 0 and out.exists()


def test_a_comparison_that_was_killed_in_writing_goes_on(
    strangeness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _samples(tmp_path)
    monkeypatch.chdir(tmp_path)
    command = ["compare", "one.parquet", "two.parquet", *COMPARE, "--workers", "0"]
    _killed(tmp_path, "result.json", *command)
    assert list(Path("out/checkpoints/fits").glob("*.npz"))
    assert not Path("out/result.json").exists()
    assert strangeness(*command).code == 0
    assert sorted(path.name for path in Path("out").iterdir()) == [
        "config.json",
        "report.html",
        "result.json",
    ]


_PARENT = """
import multiprocessing, sys, time
from tests.cli.sleeper import asleep
context = multiprocessing.get_context("spawn")
ours, theirs = context.Pipe(duplex=False)
process = context.Process(target=asleep, args=(theirs, sys.argv[1]), daemon=True)
process.start()
print(process.pid, flush=True)
time.sleep(600)
"""


def test_no_process_of_a_comparison_outlives_it(tmp_path: Path, repository: Path) -> None:
    """Killed outright, it cannot end its child, which must notice by itself."""
    command = [sys.executable, "-c", _PARENT, str(tmp_path / "begun")]
    parent = subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    try:
        child = int(parent.stdout.readline())
        _until((tmp_path / "begun").exists, parent)
        assert _alive(child)
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    _until(lambda: not _alive(child))


def _alive(pid: int) -> bool:
    """Whether there is such a process that is no zombie."""
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")
