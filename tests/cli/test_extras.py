"""Limits, spurious signals and tables that a configuration asks for."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import numpy as np
import pytest

from strangeness.cli import extras
from strangeness.report.schema import read_report
from strangeness.search.limits import model_of
from tests.cli.samples import columns, workspace, write

TABLES = """
[spurious_signal]
relative_width = 0.05
limit = 1.0

[limit]
signal = "signal.parquet"
luminosity = 100

[hepdata.keywords]
cmenergies = "13000.0"
"""


def _workspace(folder: Path, tables: str = TABLES, **replaced: str) -> Path:
    path = workspace(folder, **replaced)
    signal = {name: values[300:] for name, values in columns(300, 5, signal=400).items()}
    write(folder / "signal.parquet", signal)
    path.write_text(path.read_text() + tables)
    return path


def test_a_limit_its_likelihood_and_tables_are_written(strangeness, tmp_path: Path) -> None:
    answer = strangeness("search", _workspace(tmp_path), "--quiet")
    assert answer.code == 0, answer
    run = tmp_path / "run"
    section = read_report(run / "result.json").searches[0]
    assert section.limit is not None and section.spurious is not None, section.said
    assert section.limit.produced == 400 and 0.5 < section.limit.efficiency <= 1
    model = model_of(json.loads((run / "workspace.json").read_text()))
    assert model.config.poi_name == "mu"
    assert "limits.yaml" in {file.name for file in (run / "hepdata").iterdir()}
    assert "cmenergies" in (run / "hepdata" / "submission.yaml").read_text()
    page = (run / "report.html").read_text(encoding="utf-8")
    assert "Upper limit" in page and "Spurious signal" in page and escape(section.limit.statement) in page


def test_a_limit_that_cannot_be_had_does_not_end_the_search(strangeness, tmp_path: Path) -> None:
    path = _workspace(tmp_path)
    values = columns(300, 5)
    write(tmp_path / "signal.parquet", {**values, "mjj": np.full(300, 9000.0)})
    assert strangeness("search", path, "--quiet").code == 0
    section = read_report(tmp_path / "run" / "result.json").searches[0]
    assert section.limit is None and any("No upper limit: none of 300" in said for said in section.said)
    assert not (tmp_path / "run" / "workspace.json").exists()


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ("[limit]\nluminosity = 10", "lacks 'limit.signal'"),
        ('[limit]\nsignal = "none.parquet"', "none.parquet"),
        ('[limit]\nsignal = "signal.parquet"\nlevel = 1.5', "'limit.level'"),
        ("[spurious_signal]\nwidth = 0.1", "unknown key 'spurious_signal.width'"),
        ("[hepdata]\nkeywords = 3", "'hepdata.keywords'"),
    ],
)
def test_wrong_tables_are_one_line(strangeness, tmp_path: Path, tables: str, said: str) -> None:
    path = _workspace(tmp_path, tables)
    assert said in strangeness("search", path, "--quiet").error()
    assert not (tmp_path / "run").exists()


def test_a_table_that_does_not_fit_the_search_is_refused(strangeness, tmp_path: Path) -> None:
    path = _workspace(tmp_path, **{"alpha = 0.1": 'alpha = 0.1\nkind = "shape-scan"'})
    assert "'limit' does not belong to search.kind = 'shape-scan'" in strangeness("search", path).error()


def test_pyhf_is_asked_for_before_any_work(strangeness, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(extras.importlib.util, "find_spec", lambda name: None)
    message = strangeness("search", _workspace(tmp_path), "--quiet").error()
    assert "'pyhf' is not installed" in message and "strangeness[limits]" in message
