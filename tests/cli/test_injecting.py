"""``strangeness sensitivity`` from files to a page, without the data."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest

from strangeness.cli import injecting
from strangeness.methods import injection_runs
from strangeness.methods.injection import trial
from strangeness.report.schema import read_report
from tests.cli.samples import columns, workspace, write

COUNT = {"range = [3000, 6000]": 'kind = "counting"\nregion = [3700, 4300]'}


def _workspace(folder: Path, **changes: str) -> Path:
    path = workspace(folder, **{**COUNT, **changes})
    (folder / "data.parquet").unlink()
    made = columns(300, 5, signal=600)
    write(folder / "signal.parquet", {name: values[300:] for name, values in made.items()})
    return path


def _options(folder: Path, *more: object) -> list[object]:
    given = [
        "--signal",
        folder / "signal.parquet",
        "--strengths",
        "0,30,60",
        "--repetitions",
        4,
        "--workers",
        0,
    ]
    return ["sensitivity", folder / "analysis.toml", *given, "--quiet", *more]


def test_a_study_writes_its_curves_and_a_page(strangeness, tmp_path: Path) -> None:
    _workspace(tmp_path)
    answer = strangeness(*_options(tmp_path, "--contamination", "0,2"))
    assert answer.code == 0, answer
    run = tmp_path / "run"
    assert sorted(path.name for path in run.iterdir()) == ["config.json", "report.html", "result.json"]
    (section,) = read_report(run / "result.json").injections
    assert [curve.contamination for curve in section.curves] == [0.0, 0.02] and section.events == 3969 / 5
    clean, spoilt = section.curves
    assert clean.strengths == [0, 30, 60] and clean.median[2] > 3 > clean.median[0]
    assert clean.reach is not None and f"{clean.reach:.3g} signal events" in answer.out
    assert spoilt.median[2] < clean.median[2] and clean.repetitions == 4
    page = (run / "report.html").read_text(encoding="utf-8")
    for label in ("Sensitivity of a search", "injected signal events", "global significance"):
        assert label in page


def test_a_stopped_study_goes_on(strangeness, tmp_path: Path, monkeypatch, request) -> None:
    _workspace(tmp_path)
    made: list[Any] = []

    def stopped(*arguments: Any) -> Any:
        made.append(arguments[1:])
        if len(made) == 6:
            signal.raise_signal(signal.SIGINT)
        return trial(*arguments)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    monkeypatch.setattr(injection_runs, "trial", stopped)
    assert "Run the same command again to resume" in strangeness(*_options(tmp_path)).error()
    assert len(list((tmp_path / "run" / "checkpoints" / "injections").iterdir())) == 5
    assert strangeness(*_options(tmp_path)).code == 0
    assert len(made) == 6 + 7


def test_sidebands_take_a_background_of_their_own(strangeness, tmp_path: Path) -> None:
    changes = {'[reference]\nfile = "reference.parquet"\n': "", "bins = 4": 'kind = "split"'}
    _workspace(tmp_path, **changes)
    assert "without background events" in strangeness(*_options(tmp_path)).error()
    answer = strangeness(
        *_options(tmp_path, "--background", tmp_path / "reference.parquet", "--contamination", "0,1")
    )
    assert answer.code == 0, answer
    (section,) = read_report(tmp_path / "run" / "result.json").injections
    assert section.events == 4000 and len(section.curves) == 2


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--strengths", "0,many"), "--strengths 0,many. Give numbers joined by commas"),
        (("--strengths", ""), "strengths []"),
        (("--strengths", "900"), "600 signal events in the searched range for a strength of 900"),
        (("--contamination", "80"), "contaminations"),
        (("--events", 3900), "3900 data events of 3969 background events"),
        (("--signal", "none.parquet"), "none.parquet"),
        (("--workers", -1), "-1 workers"),
        (("--repetitions", 0), "0 repetitions"),
    ],
)
def test_wrong_options_are_one_line_and_leave_nothing(
    strangeness, tmp_path: Path, more: Any, said: str
) -> None:
    _workspace(tmp_path)
    assert said in strangeness(*_options(tmp_path, *more)).error()
    assert not (tmp_path / "run").exists()


def test_a_file_of_events_is_no_configuration(strangeness, tmp_path: Path) -> None:
    _workspace(tmp_path)
    file = tmp_path / "reference.parquet"
    message = strangeness("sensitivity", file, "--signal", file, "--strengths", "1").error()
    assert "is no configuration" in message


def test_the_numbers_of_an_option() -> None:
    assert injecting.Injected(Path("s"), "0, 5,10").numbers("strengths") == (0.0, 5.0, 10.0)
