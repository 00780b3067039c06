"""Help, version, list and wrong usage; what is a bug keeps its traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import strangeness as package
from strangeness.core.errors import InputError, MissingDependency

COMMANDS = ([], ["demo"], ["search"], ["list"], ["sample"], ["sample", "make"])


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command) or "top")
def test_every_help_has_an_example(strangeness, command: list[str]) -> None:
    answer = strangeness(*command, "--help")
    assert answer.code == 0 and answer.err == ""
    assert "Example" in answer.out and "strangeness " + " ".join(command[:1]) in answer.out


def test_without_a_command_the_help_is_shown(strangeness) -> None:
    assert strangeness().out.startswith("Usage: strangeness")


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "strangeness", "list", "--no-such-option"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "No such option: --no-such-option" in done.stderr


def test_version(strangeness) -> None:
    assert strangeness("--version").out == f"strangeness {package.__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["serch"], "No such command 'serch'"),
        (["search"], "nothing to search was given"),
        (["search", "x.parquet", "--alpha", "high"], "--alpha"),
        (["demo", "--sed", "1"], "--sed"),
        (["sample", "make", "jets"], "--out"),
    ],
)
def test_wrong_usage_is_one_line(strangeness, arguments: list[str], message: str) -> None:
    assert message in strangeness(*arguments).error()


def test_list_names_detectors_with_their_citations(strangeness) -> None:
    rows = json.loads(strangeness("list", "--json").out)
    assert {"mahalanobis", "pca", "dense-autoencoder", "cwola"} <= {row["name"] for row in rows}
    assert all(row["citation"] and row["summary"] and isinstance(row["needs"], list) for row in rows)
    table = strangeness("list").out
    assert all(row["name"] in table for row in rows)


def test_sample_make_refuses_to_overwrite(strangeness, tmp_path: Path) -> None:
    there = tmp_path / "jets.parquet"
    there.write_text("mine")
    assert "exists" in strangeness("sample", "make", "jets", "--out", there).error()
    assert there.read_text() == "mine"


def test_sample_make_names_the_known_samples(strangeness, tmp_path: Path) -> None:
    assert (
        "no sample is called 'jet'. Did you mean"
        in strangeness("sample", "make", "jet", "--out", tmp_path / "x.parquet").error()
    )


def test_sample_make_passes_everything_on(strangeness, tmp_path: Path, monkeypatch) -> None:
    seen = []

    def make_sample(*arguments, **options) -> dict:
        seen.append((arguments, options))
        return {"parts": [{"kept": 3}, {"kept": 4}]}

    monkeypatch.setattr("strangeness.events.generation.make.make_sample", make_sample)
    out, work = tmp_path / "x.parquet", tmp_path / "work"
    answer = strangeness("sample", "make", "dijets", "--out", out, "--work", work, "--seed", 5)
    assert "7 events" in answer.out
    assert seen == [(("dijets", out, work), {"seed": 5, "workers": 1, "quiet": False})]


MENDABLE = [InputError("two\nlines", "Mend it."), MissingDependency("fastjet", "generate")]


@pytest.mark.parametrize("error", MENDABLE)
def test_errors_that_a_user_can_mend_are_one_line(strangeness, monkeypatch, error: Exception) -> None:
    def listed(**_: object) -> str:
        raise error

    monkeypatch.setattr("strangeness.cli.listing.listed", listed)
    assert strangeness("list").error() == " ".join(str(error).split())


def test_bugs_keep_their_traceback(strangeness, monkeypatch) -> None:
    def listed(**_: object) -> str:
        raise KeyError("a bug")

    monkeypatch.setattr("strangeness.cli.listing.listed", listed)
    with pytest.raises(KeyError, match="a bug"):
        strangeness("list")
