"""The exchange with a rival, played by this interpreter itself."""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import rivals
from harness.cases import NotRun

ECHO = """
from exchange import inputs, reply
arguments, arrays = inputs()
reply({"got": arguments["factor"]}, doubled=arrays["x"] * arguments["factor"])
"""


@pytest.fixture
def rival(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path) -> Path:
    """A rival called ``echo``; its scripts lie in the returned folder."""
    python = tmp_path / "echo" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    (scripts / "exchange.py").write_text((repository / "benchmarks/scripts/exchange.py").read_text())
    monkeypatch.setenv("STRANGENESS_RIVALS", str(tmp_path))
    monkeypatch.setattr(rivals, "HERE", tmp_path)
    return scripts


posix = pytest.mark.skipif(os.name != "posix", reason="the stand-in for an interpreter is a shell script")


@posix
def test_values_and_arrays_go_there_and_back(rival: Path) -> None:
    (rival / "echo.py").write_text(ECHO)
    reply = rivals.call("echo", "echo.py", {"factor": 2}, x=np.arange(3.0))
    assert reply.values == {"got": 2}
    np.testing.assert_array_equal(reply.arrays["doubled"], [0.0, 2.0, 4.0])


@posix
def test_failing_script_is_an_error_with_its_words(rival: Path) -> None:
    (rival / "bad.py").write_text("raise SystemExit('no such option')")
    with pytest.raises(RuntimeError, match="echo failed: no such option"):
        rivals.call("echo", "bad.py", {})


@posix
def test_missing_rival_is_not_run(rival: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotRun, match="tortoise is missing in"):
        rivals.call("tortoise", "x.py", {})
    monkeypatch.delenv("STRANGENESS_RIVALS")
    with pytest.raises(NotRun, match="--make-envs"):
        rivals.call("tortoise", "x.py", {})


def test_every_environment_pins_its_rival(repository: Path) -> None:
    for file in (repository / "benchmarks/envs").glob("*.txt"):
        first = file.read_text().splitlines()[0]
        assert first.lower().startswith(f"{file.stem.lower()}=="), first


def test_rivals_are_not_installed_for_the_tests(repository: Path) -> None:
    project = (repository / "pyproject.toml").read_text().lower()
    assert not any(file.stem in project for file in (repository / "benchmarks/envs").glob("*.txt"))
