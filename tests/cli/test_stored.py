"""What is left of a run serves again: ``score``, ``show``, ``cite`` and ``report``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.cli.samples import columns, workspace, write


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a finished run."""
    from strangeness.cli import main

    folder = tmp_path_factory.mktemp("stored")
    assert main(["search", str(workspace(folder, search="controls = false")), "--quiet"]) == 0
    return folder


def test_a_new_process_gives_the_same_scores(run: Path) -> None:
    """Of the same file: the same identities, scores to the last bit, and p-values."""
    command = [
        sys.executable,
        "-m",
        "strangeness.cli",
        "score",
        "run/chain.strange",
        "data.parquet",
        "--quiet",
    ]
    code = "import sys; from strangeness.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, *command[3:], "--out", "again.parquet", "--json"]
    done = subprocess.run(command, cwd=run, capture_output=True, text=True, check=True, env=os.environ)
    said = json.loads(done.stdout)
    again, before = (pq.read_table(run / name) for name in ("again.parquet", "run/scores.parquet"))
    assert said["events"] == again.num_rows
    mine = dict(
        zip(
            again["id"].to_pylist(),
            zip(again["score"].to_pylist(), again["p"].to_pylist(), strict=True),
            strict=True,
        )
    )
    theirs = zip(before["id"].to_pylist(), before["score"].to_pylist(), before["p"].to_pylist(), strict=True)
    for identity, score, p in theirs:
        assert mine[identity] == (score, p)
    (run / "again.parquet").unlink()


def test_events_outside_the_range_get_a_score_and_no_p_value(strangeness, run: Path, tmp_path: Path) -> None:
    new = columns(300, 17)
    new["mjj"][:20] = 9000.0
    write(tmp_path / "new.parquet", new)
    answer = strangeness(
        "score", run / "run" / "chain.strange", tmp_path / "new.parquet", "--out", tmp_path / "s.parquet"
    )
    table = pq.read_table(tmp_path / "s.parquet")
    assert "300 events; of 280 with a p-value" in answer.out
    assert table["p"].null_count == 20 and table["score"].null_count == 0
    p = np.array(table["p"].to_pylist()[20:], float)
    # Background events: the number at p <= 0.1 is binomial, five standard deviations, and the calibration's.
    assert abs(np.sum(p <= 0.1) - 28) < 5 * np.sqrt(28)


def test_score_refuses_in_one_line(strangeness, run: Path, tmp_path: Path) -> None:
    chain, data = run / "run" / "chain.strange", run / "data.parquet"
    (tmp_path / "there.parquet").write_text("mine")
    some = columns(50, 3)
    write(tmp_path / "lacks.parquet", {name: some[name] for name in ("mjj", "a", "b")})
    cases = [
        ((chain, data, "--out", tmp_path / "there.parquet"), "there.parquet' exists"),
        ((run / "run" / "result.json", data), "is not an artefact or is damaged"),
        ((chain, tmp_path / "none.parquet"), "no file"),
        ((chain, tmp_path / "lacks.parquet", "--out", tmp_path / "x.parquet"), "has no column 'c'"),
    ]
    for arguments, said in cases:
        assert said in strangeness("score", *arguments, "--quiet").error()
    assert (tmp_path / "there.parquet").read_text() == "mine"
    assert not (tmp_path / "x.parquet").exists()


def test_show_tells_what_a_file_holds(strangeness, run: Path) -> None:
    said = strangeness("show", run / "run" / "chain.strange").out
    assert "class: MahalanobisScorer" in said and "context: mjj" in said
    result = json.loads(strangeness("show", run / "run" / "result.json", "--json").out)
    assert result["kind"] == "result" and result["seed"] == 3 and "Search" in result["statements"]
    assert "is not JSON" in strangeness("show", run / "data.parquet").error()


def test_cite_gives_bibtex(strangeness, run: Path) -> None:
    assert strangeness("cite", "pca", "pca").out.count("@misc{") == 1
    whole = strangeness("cite", run / "run" / "result.json").out
    assert "Mahalanobis" in whole and "BumpHunter" in whole and whole.count("@misc{") == 3
    listed = json.loads(strangeness("cite", "--json").out)
    assert len(listed) > 5 and all(one["bibtex"].startswith("@misc{") for one in listed)
    assert "unknown detector 'pcb'" in strangeness("cite", "pcb").error()


def test_report_makes_the_page_anew_and_overwrites_none(strangeness, run: Path, tmp_path: Path) -> None:
    result, page = run / "run" / "result.json", run / "run" / "report.html"
    assert "complete in itself" in strangeness("report", result, "--out", tmp_path / "page.html").out
    assert (tmp_path / "page.html").read_text() == page.read_text()
    before = page.read_text()
    assert "exists" in strangeness("report", result).error()
    assert page.read_text() == before


def test_times_that_belong_to_another_result_are_refused(strangeness, run: Path, tmp_path: Path) -> None:
    (tmp_path / "result.json").write_bytes((run / "run" / "result.json").read_bytes())
    (tmp_path / "costs.json").write_text("[[]]")
    assert "costs.json' does not belong" in strangeness("report", tmp_path / "result.json").error()
    (tmp_path / "costs.json").unlink()
    assert strangeness("report", tmp_path / "result.json").code == 0
