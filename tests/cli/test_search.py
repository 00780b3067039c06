"""``strangeness search`` from files to a folder, its bad inputs, and a training stopped and resumed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pyarrow.parquet as pq
import pytest

from strangeness.catalogue import load
from strangeness.core.identity import as_uint64
from strangeness.core.train import _Loop
from strangeness.events.reading import read
from strangeness.events.source import without_features
from strangeness.report.schema import read_report
from tests.cli.samples import columns, workspace, write

FILES = ["chain.strange", "config.json", "costs.json", "report.html", "result.json", "scores.parquet"]
OPTIONS = ("--features", "a,b,c", "--range", 3000, 6000, "--alpha", 0.1)


def _tree(folder: Path) -> dict[str, bytes | None]:
    """Every file with its content and every folder below ``folder``."""
    return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(folder.rglob("*"))}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished run of all parts."""
    from strangeness.cli import main

    folder = tmp_path_factory.mktemp("finished")
    assert main(["search", str(workspace(folder, search="controls = true")), "--quiet"]) == 0
    return folder


def test_a_run_leaves_its_files_and_nothing_else(finished: Path) -> None:
    assert sorted(path.name for path in (finished / "run").iterdir()) == FILES
    report = read_report(finished / "run" / "result.json")
    section = report.searches[0]
    assert section.result["alpha"] == 0.1 and section.result["n_pseudo"] == 200
    assert [control.name for control in section.controls] == ["no selection", "a alone", "sum of features"]
    names = ["mahalanobis", "a alone", "sum of features"]
    assert [curve.name for curve in section.curves] == [*names, "supervised (told the truth)"]
    assert [cost.name for cost in section.costs] == names
    assert section.calibration is not None and section.images is None
    assert [display.score for display in section.displays] == sorted(
        (display.score for display in section.displays), reverse=True
    )
    assert {note.name for note in section.displays[0].features} == {"a", "b", "c"}
    assert report.provenance["seed"] == 3
    page = (finished / "run" / "report.html").read_text(encoding="utf-8")
    assert section.statement.split(",")[0] in page


def test_files_of_one_name_in_two_folders_hold_different_events(tmp_path: Path) -> None:
    from strangeness.cli.config import FileTable
    from strangeness.cli.sources import opened

    folders = [tmp_path / name for name in ("a", "b")]
    for seed, folder in enumerate(folders):
        folder.mkdir()
        write(folder / "events.parquet", columns(50, seed))
    data, reference = (
        without_features(opened(FileTable(file=str(folder / "events.parquet")), role))
        for folder, role in zip(folders, ("data", "reference"), strict=True)
    )
    assert not np.intersect1d(as_uint64(data.id), as_uint64(reference.id)).size


def test_the_planted_excess_is_where_it_was_planted(finished: Path) -> None:
    result = read_report(finished / "run" / "result.json").searches[0].result
    assert result["window"][0] < 4000 < result["window"][1]
    # 60 events over about 25 selected ones in the window.
    assert result["local_p"] < 1e-4


def test_scores_and_artefact_agree(finished: Path) -> None:
    table = pq.read_table(finished / "run" / "scores.parquet").to_pydict()
    assert sorted(table) == ["context", "id", "p", "score"]
    assert len(table["p"]) == 1260 and 0 < min(table["p"]) <= max(table["p"]) <= 1
    chain, about = load(finished / "run" / "chain.strange")
    assert about["configuration"] == json.loads((finished / "run" / "config.json").read_text())
    batch = read(finished / "data.parquet", name="data data").without_truth().batch(context="mjj")
    again = dict(zip(as_uint64(batch.id).tolist(), chain.score(batch).tolist(), strict=True))
    np.testing.assert_allclose([again[i] for i in table["id"]], table["score"], rtol=1e-6)


def test_a_finished_run_is_not_overwritten(strangeness, finished: Path) -> None:
    before = _tree(finished)
    assert "already holds a finished run" in strangeness("search", finished / "analysis.toml").error()
    assert _tree(finished) == before


def test_options_and_json(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path)
    answer = strangeness("search", path, "--seed", 4, "--out", tmp_path / "other", "--quiet", "--json")
    assert answer.code == 0 and answer.err == ""
    assert answer.out == (tmp_path / "other" / "result.json").read_text()
    assert json.loads(answer.out)["provenance"]["seed"] == 4


def _bad_files(folder: Path) -> dict[str, tuple[list[object], str]]:
    """Name -> (arguments, what the error says), each on files made here."""
    good, mc = workspace(folder).with_name("data.parquet"), folder / "reference.parquet"
    (folder / "words.parquet").write_text("not a table")
    (folder / "cut.parquet").write_bytes(good.read_bytes()[:-200])
    with h5py.File(folder / "whole.h5", "w") as file:
        file["events"] = np.zeros((500, 2101))
    (folder / "cut.h5").write_bytes((folder / "whole.h5").read_bytes()[:3000])
    some = columns(800, 7)
    write(folder / "lacks.parquet", {name: some[name] for name in ("mjj", "a", "b")})
    write(folder / "nan.parquet", {**some, "b": np.where(np.arange(800) == 5, np.nan, some["b"])})
    write(folder / "nan_mass.parquet", {**some, "mjj": np.where(np.arange(800) == 5, np.inf, some["mjj"])})
    write(folder / "one.parquet", {name: values[:1] for name, values in some.items()})
    write(folder / "tev.parquet", {**some, "mjj": some["mjj"] / 1000})
    low = some["mjj"] < 3500
    write(folder / "low.parquet", {name: values[low] for name, values in some.items()})

    def run(data: object, reference: object, *more: object) -> list[object]:
        return [data, "--reference", reference, "--detector", "mahalanobis", *OPTIONS, *more]

    return {
        "missing file": (run(folder / "none.parquet", mc), "none.parquet"),
        "missing reference": (run(good, folder / "none.parquet"), "none.parquet"),
        "a folder": (run(folder, mc), "is a folder"),
        "wrong format": (run(folder / "words.parquet", mc), "words.parquet"),
        "truncated parquet": (run(folder / "cut.parquet", mc), "cut.parquet"),
        "truncated hdf5": (run(folder / "cut.h5", mc), "cut.h5"),
        "missing column": (run(folder / "lacks.parquet", mc), "'c'"),
        "nan": (run(folder / "nan.parquet", mc), "nan"),
        "infinite mass": (run(folder / "nan_mass.parquet", mc), "inf"),
        "empty selection": (run(good, mc, "--range", 8000, 9000), "no event with mjj"),
        "one-event reference": (run(good, folder / "one.parquet"), "event"),
        "reference in other units": (run(good, folder / "tev.parquet"), "no event with mjj"),
        "context outside the reference": (run(good, folder / "low.parquet"), "outside the reference's mjj"),
        "the same events twice": (run(good, good), "is both data and reference"),
        "neither reference nor region": (
            [good, "--detector", "pca", *OPTIONS],
            "neither a reference nor a region",
        ),
        "unknown detector": ([good, "--detector", "mahalanob", *OPTIONS], "Did you mean mahalanobis"),
        "no detector": ([good, *OPTIONS], "no detector was named"),
        "unknown context": (run(good, mc, "--context", "mj"), "mj"),
    }


CASES = (
    "missing file", "missing reference", "a folder", "wrong format", "truncated parquet", "truncated hdf5",
    "missing column", "nan", "infinite mass", "empty selection", "one-event reference",
    "reference in other units", "context outside the reference", "the same events twice",
    "neither reference nor region", "unknown detector", "no detector", "unknown context",
)  # fmt: skip


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, tuple[list[object], str]]]:
    folder = tmp_path_factory.mktemp("bad")
    return folder, _bad_files(folder)


@pytest.mark.parametrize("case", CASES)
def test_bad_input_is_one_line_and_leaves_nothing(strangeness, bad, case: str) -> None:
    folder, cases = bad
    arguments, message = cases[case]
    before = _tree(folder)
    assert message in strangeness("search", *arguments, "--out", folder / "run", "--quiet").error()
    assert _tree(folder) == before


def test_every_case_is_run(bad) -> None:
    assert set(CASES) == set(bad[1])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("alpha", "alfa", "unknown key 'search.alfa'"),
        ("seed = 3", "seed = 'three'", "'seed'"),
        ('"mahalanobis"', '"mahalanobs"', "Did you mean mahalanobis"),
        ("data.parquet", "date.parquet", "date.parquet"),
        ('out = "run"', "", "no output folder"),
    ],
)
def test_bad_configurations_are_one_line_and_leave_nothing(
    strangeness, tmp_path: Path, old: str, new: str, message: str
) -> None:
    path = workspace(tmp_path, **{old: new})
    before = _tree(tmp_path)
    assert message in strangeness("search", path).error()
    assert _tree(tmp_path) == before


def test_options_beside_a_configuration_are_refused(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path)
    assert "--alpha beside the configuration" in strangeness("search", path, "--alpha", 0.05).error()


TRAINED = 'name = "dense-autoencoder"\n[detector.training]\nepochs = 6\nbatch_size = 64'


def test_training_stopped_by_ctrl_c_resumes_to_the_same_result(
    strangeness, tmp_path: Path, monkeypatch, request: pytest.FixtureRequest
) -> None:
    folders = [tmp_path / "whole", tmp_path / "stopped"]
    paths = []
    for folder in folders:
        folder.mkdir()
        paths.append(workspace(folder, **{'name = "mahalanobis"': TRAINED}))
    assert strangeness("search", paths[0], "--quiet").code == 0

    epochs = []
    epoch = _Loop.epoch

    def counted(self: _Loop, state: object, number: int, label: str) -> object:
        epochs.append(number)
        if epochs == [0, 1, 2, 3]:
            signal.raise_signal(signal.SIGINT)
        return epoch(self, state, number, label)  # type: ignore[arg-type]

    # Where the tests run in the background of a shell, Ctrl-C is ignored from the start.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    monkeypatch.setattr(_Loop, "epoch", counted)
    message = strangeness("search", paths[1], "--quiet").error()
    assert "interrupted in epoch 3" in message and "Run the same command again to resume" in message
    assert sorted(path.name for path in (folders[1] / "run").iterdir()) == ["checkpoints", "config.json"]

    other = strangeness("search", paths[1], "--seed", 9).error()
    assert "'seed' was 3 and is 9" in other

    epochs.clear()
    assert strangeness("search", paths[1], "--quiet").code == 0
    assert epochs == [3, 4, 5]
    assert sorted(path.name for path in (folders[1] / "run").iterdir()) == FILES
    whole, resumed = (json.loads((folder / "run" / "result.json").read_text()) for folder in folders)
    assert whole["searches"] == resumed["searches"]
    assert (folders[0] / "run" / "scores.parquet").read_bytes() == (
        folders[1] / "run" / "scores.parquet"
    ).read_bytes()


def test_ctrl_c_in_a_terminal_ends_in_one_line(tmp_path: Path) -> None:
    trained = 'name = "dense-autoencoder"\n[detector.training]\nepochs = 1000\npatience = 1000'
    path = workspace(tmp_path, **{'name = "mahalanobis"': trained})
    heard = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)"
    command = [sys.executable, "-c", f"{heard}; from strangeness.cli import main; sys.exit(main())"]
    run = subprocess.Popen(
        [*command, "search", str(path), "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        end = time.monotonic() + 300
        while not list((tmp_path / "run").glob("checkpoints/*.npz")) and time.monotonic() < end:
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=120)
    finally:
        run.kill()
    assert (run.returncode, out, len(err.splitlines())) == (2, "", 1), err
    assert "to resume" in err


def test_stopped_outside_training_says_how_to_resume(strangeness, tmp_path: Path, monkeypatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    path = workspace(tmp_path)
    monkeypatch.setattr("strangeness.cli.search.search_section", stopped)
    assert "Run the same command again to resume" in strangeness("search", path, "--quiet").error()
    monkeypatch.undo()
    assert strangeness("search", path, "--quiet").code == 0
