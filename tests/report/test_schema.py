"""A report is read back as it was written, or refused in one sentence."""

import json
from pathlib import Path

import pytest

from strangeness.core.errors import FileError
from strangeness.report.schema import FORMAT, Report, as_json, read_report, write_report
from tests.report.examples import demo_report, search_report
from tests.report.whole import whole_report


@pytest.fixture(scope="module")
def values() -> dict:
    return json.loads(as_json(search_report()))


def test_round_trip(tmp_path: Path) -> None:
    for report in (search_report(), demo_report(), whole_report(), Report(title="empty")):
        write_report(report, tmp_path / "result.json")
        assert read_report(tmp_path / "result.json") == report


def test_files_from_before_the_newer_parts_are_read(tmp_path: Path) -> None:
    values = json.loads(as_json(demo_report()))
    del values["comparisons"]
    for section in values["searches"]:
        for key in ("calibration", "images", "displays", "costs"):
            del section[key]
    for key in ("name", "images", "displays"):
        del values["jets"][key]
    for row in values["jets"]["rows"]:
        for key in ("max_sic", "memory", "events"):
            del row[key]
    (tmp_path / "old.json").write_text(json.dumps(values))
    assert read_report(tmp_path / "old.json") == demo_report()


def test_json_holds_no_nan() -> None:
    text = as_json(demo_report())
    assert json.loads(text)["format"] == FORMAT
    assert "NaN" not in text and "Infinity" not in text


def _refused(path: Path, values: object) -> str:
    path.write_text(values if isinstance(values, str) else json.dumps(values))
    with pytest.raises(FileError) as caught:
        read_report(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("text", ["{", "\x00\x01", "[" * 100_000])
def test_what_is_not_json_is_refused(tmp_path: Path, text: str) -> None:
    assert "is not JSON" in _refused(tmp_path / "r.json", text)


@pytest.mark.parametrize("values", [[], {}, {"format": "strangeness.report/2"}, {"format": 3}, "7"])
def test_other_formats_are_refused(tmp_path: Path, values: object) -> None:
    assert "not 'strangeness.report/1'" in _refused(tmp_path / "r.json", values)


def test_wrong_values_are_named(tmp_path: Path, values: dict) -> None:
    path = tmp_path / "r.json"
    assert "stray" in _refused(path, {**values, "stray": 1})
    assert "title" in _refused(path, {key: value for key, value in values.items() if key != "title"})
    section = values["searches"][0]
    broken = {**section, "result": {**section["result"], "global_p": 1.5}}
    assert "global_p" in _refused(path, {**values, "searches": [broken]})
    short = {**section, "inclusive": {"edges": [1, 2], "counts": [1, 2]}}
    assert "inclusive" in _refused(path, {**values, "searches": [short]})
    curve = {**section["curves"][0], "low": [1.0]}
    assert "equal lengths" in _refused(path, {**values, "searches": [{**section, "curves": [curve]}]})


def test_parts_whose_lists_differ_are_refused(tmp_path: Path) -> None:
    values = json.loads(as_json(whole_report()))
    section = values["searches"][0]
    wrong = {
        "calibration": {**section["calibration"], "low": [0.0]},
        "images": {
            **section["images"],
            "pictures": [{"label": "x", "values": [[1], [1, 2]], "half_width": 1}],
        },
        "displays": [{**section["displays"][0], "pt": [1.0]}],
    }
    for key, value in wrong.items():
        said = _refused(tmp_path / "r.json", {**values, "searches": [{**section, key: value}]})
        assert key in said and "equal lengths" in said
    empty = {"pictures": [{"label": "x", "values": [], "half_width": 1}]}
    said = _refused(tmp_path / "r.json", {**values, "searches": [{**section, "images": empty}]})
    assert "at least one pixel" in said


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        read_report(tmp_path / "none.json")
