"""``[channels]`` of a configuration: several files, one joint statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from strangeness.report.schema import read_report
from tests.cli.samples import columns, workspace, write

TABLE = """
[channels.leptons]
data = "leptons.parquet"
reference = "leptons-mc.parquet"
"""


def _workspace(folder: Path, table: str = TABLE) -> Path:
    path = workspace(folder)
    write(folder / "leptons.parquet", columns(900, 11))
    write(folder / "leptons-mc.parquet", columns(3000, 12))
    path.write_text(path.read_text() + table)
    return path


def test_channels_have_their_sections_and_one_joint_statement(strangeness, tmp_path: Path) -> None:
    answer = strangeness("search", _workspace(tmp_path), "--quiet")
    assert answer.code == 0, answer
    report = read_report(tmp_path / "run" / "result.json")
    assert [section.name for section in report.searches] == ["Channel main", "Channel leptons"]
    assert report.said[0] in answer.out
    assert "Over 2 channels" in report.said[0] or "no joint statement" in report.said[0]
    own = tmp_path / "run" / "channels" / "leptons"
    assert sorted(file.name for file in own.iterdir()) == ["chain.strange", "scores.parquet"]
    assert "Channel leptons" in (tmp_path / "run" / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('[channels.b]\ndata = "leptons.parquet"', "lacks 'channels.b.reference'"),
        ('[channels.b]\ndata = "data.parquet"\nreference = "leptons-mc.parquet"', "are the same file"),
        (TABLE.replace("leptons]", "main]"), "A channel is called 'main'"),
        (TABLE.replace("leptons]", '"../b"]'), "A channel is called '../b'"),
        (TABLE + '[null]\nkind = "label-exchange"', "'channels' does not go with 'variations' or a null"),
    ],
)
def test_wrong_channels_are_one_line(strangeness, tmp_path: Path, table: str, said: str) -> None:
    path = _workspace(tmp_path, table)
    assert said in strangeness("search", path, "--quiet").error()
    assert not (tmp_path / "run").exists()


def test_channels_are_frozen_one_by_one(strangeness, tmp_path: Path) -> None:
    assert "--blind with several channels" in strangeness("search", _workspace(tmp_path), "--blind").error()
