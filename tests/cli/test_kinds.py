"""Kinds of searches and choices that a configuration can ask for."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.report.schema import read_report
from tests.cli.samples import columns, workspace, write


def _run(strangeness: Any, folder: Path, search: str) -> Any:
    answer = strangeness("search", workspace(folder, search=f"controls = false\n{search}"), "--quiet")
    assert answer.code == 0, answer
    return read_report(folder / "run" / "result.json").searches[0]


def test_pseudo_experiments_stop_early(strangeness, tmp_path: Path) -> None:
    result = _run(strangeness, tmp_path, "stop_after = 2").result
    assert result["n_extreme"] <= 2 and any("Besag" in note for note in result["assumptions"])


def test_several_regions_are_counted(strangeness, tmp_path: Path) -> None:
    section = _run(strangeness, tmp_path, 'kind = "windows"\nregions = [[3300, 3700], [3800, 4200]]')
    assert section.result["kind"] == "counting windows" and section.result["window"] == [3800, 4200]
    assert section.result["n_pseudo"] == 0 and section.result["checks"]


def test_a_signal_shape_is_scanned(strangeness, tmp_path: Path) -> None:
    section = _run(strangeness, tmp_path, 'kind = "shape-scan"\nsignal_width = 0.02')
    assert section.result["kind"] == "shape scan" and section.inclusive is not None
    assert section.result["window"][0] < 4000 < section.result["window"][1]


def test_the_function_is_chosen_on_the_reference(strangeness, tmp_path: Path) -> None:
    section = _run(strangeness, tmp_path, 'parameters = "F-test"')
    assert "was chosen on the reference by the F test" in section.said[0]


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ('kind = "windows"', "Kind = 'windows' needs 'regions'"),
        ("regions = [[3300, 3700]]", "'regions' does not belong to kind = 'bump-hunt'"),
        ('kind = "windows"\nregions = [[3700, 3300]]', "should run from low to high"),
        ("signal_width = 0.1", "'signal_width' does not belong to kind = 'bump-hunt'"),
        ("stop_after = 500", "'stop_after' should be at most the 200 pseudo_experiments"),
        ('parameters = "G-test"', "'search.parameters'"),
        ('kind = "windows"\nregions = [[100, 200]]', "no event between 100 and 200 GeV"),
    ],
)
def test_wrong_choices_are_one_line(strangeness, tmp_path: Path, search: str, said: str) -> None:
    path = workspace(tmp_path, search=f"controls = false\n{search}")
    assert said in strangeness("search", path, "--quiet").error()


def test_an_f_test_needs_a_reference(strangeness, tmp_path: Path) -> None:
    changes = {
        '[reference]\nfile = "reference.parquet"\n': "",
        "range = [3000": "region = [3500, 4000]\nrange = [3000",
    }
    path = workspace(tmp_path, search='controls = false\nparameters = "F-test"', **changes)
    assert "there is no reference" in strangeness("search", path, "--quiet").error()


def test_a_repeated_chain_takes_no_shape_scan(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path, search='controls = false\nkind = "shape-scan"')
    path.write_text(path.read_text() + '\n[null]\nkind = "label-exchange"\ntoys = 3\n')
    assert "a shape scan whose chain is repeated" in strangeness("search", path, "--quiet").error()


def test_weighted_data_are_counted_in_effective_numbers(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path, **{"relative_width = 0.05": 'kind = "counting"\nregion = [3500, 4500]'})
    events = columns(1200, 1, signal=60)
    write(tmp_path / "data.parquet", {**events, "weight": np.where(np.arange(1260) % 2 == 0, 1.0, 3.0)})
    assert strangeness("search", path, "--quiet").code == 0
    section = read_report(tmp_path / "run" / "result.json").searches[0]
    said = " ".join(section.result["assumptions"])
    # sum w^2 / sum w of about 700 events of weight 1 or 3, half each: 2.5, good to 0.02
    assert re.search(r"effective numbers, sum of weights over 2\.[45]", said), said
