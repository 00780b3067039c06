"""Bounds only ever become stricter."""

import json
import math
from pathlib import Path

import pytest

from harness.targets import bounds, freeze, load_targets, loosened

ROW = '[[a]]\nname = "{name}"\nwhat = "w"\nsource = "s"\n{rest}\n'


def _folder(folder: Path, *rows: str) -> Path:
    (folder / "a.toml").write_text("".join(rows))
    return folder


def test_bounds_are_read_and_put_in_words(tmp_path: Path) -> None:
    folder = _folder(
        tmp_path, ROW.format(name="x", rest="at_least = 2"), ROW.format(name="y", rest="low = 1\nhigh = 3")
    )
    x, y = load_targets(folder)["a"]
    assert (x.goal, y.goal) == (">= 2", ">= 1 and <= 3")
    assert (x.met(2.0), x.met(1.999), y.met(3.001)) == (True, False, False)
    assert not x.met(math.nan) and not x.met(math.inf)


@pytest.mark.parametrize("rest", ["", "low = 3\nhigh = 1", "low = 1\ngoal = 2"])
def test_rows_without_sense_are_refused(tmp_path: Path, rest: str) -> None:
    with pytest.raises(ValueError, match="row 'x'"):
        load_targets(_folder(tmp_path, ROW.format(name="x", rest=rest)))


def test_a_name_is_used_once(tmp_path: Path) -> None:
    row = ROW.format(name="x", rest="low = 1")
    with pytest.raises(ValueError, match="twice"):
        load_targets(_folder(tmp_path, row, row))


def test_a_file_holds_the_rows_of_its_own_capability(tmp_path: Path) -> None:
    (_folder(tmp_path, ROW.format(name="x", rest="low = 1")) / "a.toml").rename(tmp_path / "b.toml")
    with pytest.raises(ValueError, match="holds rows of a, not of b"):
        load_targets(tmp_path)


@pytest.mark.parametrize(
    ("now", "complaints"),
    [
        ({"x": {"low": 1.0, "high": 3.0}}, 0),
        ({"x": {"low": 1.5, "high": 2.0}, "new": {"low": 0.0, "high": None}}, 0),
        ({"x": {"low": 0.9, "high": 3.0}}, 1),
        ({"x": {"low": None, "high": 3.1}}, 2),
        ({}, 1),
    ],
)
def test_loosened(now: dict, complaints: int) -> None:
    assert len(loosened({"x": {"low": 1.0, "high": 3.0}}, now)) == complaints


def test_freezing_refuses_a_loosened_bound(tmp_path: Path) -> None:
    frozen = tmp_path / "frozen.json"
    folder = _folder(tmp_path, ROW.format(name="x", rest="low = 1"))
    assert freeze({"h": folder}, frozen) == []
    _folder(tmp_path, ROW.format(name="x", rest="low = 0"))
    assert freeze({"h": folder}, frozen) == ["the low bound of 'x' was loosened"]
    assert json.loads(frozen.read_text()) == {"h": {"x": {"low": 1.0, "high": None}}}


@pytest.mark.parametrize("harness", ["benchmarks", "validation"])
def test_committed_bounds_are_at_least_as_strict_as_the_frozen_ones(repository: Path, harness: str) -> None:
    frozen = json.loads((repository / "tests/structure/frozen_targets.json").read_text())[harness]
    current = bounds(load_targets(repository / harness / "targets"))
    assert loosened(frozen, current) == []
    # A new or stricter row is frozen too, so that the next change cannot take it back.
    assert frozen == current, "run: python -m harness --freeze-targets"
