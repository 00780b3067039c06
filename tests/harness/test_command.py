"""The command writes JSON, prints a table on standard error, and answers in exit codes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.command import parser, run
from harness.results import Harness

Toy = Callable[..., Harness]


def _run(harness: Harness, tmp_path: Path, *arguments: str) -> tuple[int, dict]:
    file = tmp_path / "out.json"
    words = [*arguments, "--json", str(file), "--cache", str(tmp_path / "cache")]
    code = run(harness, parser(harness).parse_args(words))
    return code, json.loads(file.read_text()) if file.exists() else {}


def test_full_then_check(toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    harness = toy()
    assert _run(harness, tmp_path, "toy")[0] == 0
    code, made = _run(harness, tmp_path, "toy", "--full")
    assert (code, made["mode"], len(made["rows"])) == (0, "full", 4)
    code, checked = _run(harness, tmp_path, "toy")
    assert (code, checked["mode"], len(checked["checks"])) == (0, "check", 2)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "share of heads" in printed.err and "not run" in printed.err


def test_disagreement_is_an_error(toy: Toy, tmp_path: Path) -> None:
    _run(toy(), tmp_path, "toy", "--full")
    assert _run(toy(extra=1), tmp_path, "toy")[0] == 1


def test_all_capabilities_without_a_name(toy: Toy, tmp_path: Path) -> None:
    assert len(_run(toy(), tmp_path)[1]["rows"]) == 4


def test_unknown_name_lists_the_known_ones(
    toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run(toy(), tmp_path, "tyo")[0] == 2
    assert "Known names: toy" in capsys.readouterr().err


def test_stopped_run_says_how_to_continue(
    toy: Toy, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stop").touch()
    assert _run(toy(), tmp_path, "toy", "--full")[0] == 130
    assert "continues" in capsys.readouterr().err


def test_json_goes_to_standard_output(toy: Toy, capsys: pytest.CaptureFixture[str]) -> None:
    harness = toy()
    run(harness, parser(harness).parse_args(["toy"]))
    assert len(json.loads(capsys.readouterr().out)["rows"]) == 4
