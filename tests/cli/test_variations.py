"""``[variations]`` of a configuration: shifted copies of the reference, and what the result says of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from strangeness.report.schema import read_report
from tests.cli.samples import columns, shifted, workspace, write

TABLE = """
[variations.scale]
up = "up.parquet"
down = "down.parquet"

[variations."the tune"]
up = "tune.parquet"
"""


def _workspace(folder: Path, table: str = TABLE) -> Path:
    path = workspace(folder)
    for name, by in (("up", 0.2), ("down", -0.2), ("tune", 0.1)):
        shifted(folder, f"{name}.parquet", by)
    path.write_text(path.read_text() + table)
    return path


def test_a_result_lists_systematics_with_both_p_values(strangeness, tmp_path: Path) -> None:
    assert strangeness("search", _workspace(tmp_path), "--quiet").code == 0
    report = read_report(tmp_path / "run" / "result.json")
    part = report.searches[0].systematics
    assert part is not None and [row.name for row in part.rows] == ["scale", "the tune"]
    assert part.global_p == report.searches[0].result["global_p"]
    assert 0 < part.global_p_without <= 1 and part.local_p == part.local_p_without
    assert list(report.provenance["configuration"]["sha256"])[2:] == [  # type: ignore[index, call-overload, arg-type]
        "variations.scale.up",
        "variations.scale.down",
        "variations.the tune.up",
    ]
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "with systematics" in page and "the tune" in page


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[variations.scale]\nup = "none.parquet"', "none.parquet"),
        ('[variations.scale]\ndown = "up.parquet"', "lacks 'variations.scale.up'"),
        (
            '[variations.scale]\nup = "up.parquet"\nupp = 1',
            "unknown key 'variations.scale.upp'. Did you mean up",
        ),
        ('[variations.scale]\nup = "other.parquet"', "0% of the shifted events are in the reference"),
        ('[variations.scale]\nup = "up.parquet"\n[null]\nkind = "label-exchange"', "repeats the chain"),
    ],
)
def test_wrong_variations_are_one_line(strangeness, tmp_path: Path, table: str, said: str) -> None:
    path = _workspace(tmp_path, table)
    events = columns(300, 8)
    write(tmp_path / "other.parquet", {**events, "id": np.arange(300, dtype=np.uint64)})
    assert said in strangeness("search", path, "--quiet").error()
