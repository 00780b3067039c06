"""``strangeness search --blind`` and ``--unblind``: what is frozen, what is read, and what is refused."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from strangeness.cli import frozen
from strangeness.report.schema import read_report
from tests.cli.samples import columns, workspace, write

CODE = {"source": "a" * 64, "versions": {"numpy": "1"}}


@pytest.fixture(autouse=True)
def _same_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frozen, "code", lambda: CODE)
    monkeypatch.setattr(frozen, "today", lambda: "2026-11-22")


@pytest.fixture(scope="module")
def blinded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A workspace whose search was frozen; the data did not exist then."""
    from strangeness.cli import main

    folder = tmp_path_factory.mktemp("blinded")
    path = workspace(folder)
    (folder / "data.parquet").rename(folder / "kept.parquet")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frozen, "code", lambda: CODE)
        patch.setattr(frozen, "today", lambda: "2026-11-22")
        assert main(["search", str(path), "--blind", "--quiet"]) == 0
    (folder / "kept.parquet").rename(folder / "data.parquet")
    yield folder


def _values(folder: Path) -> dict:
    return json.loads((folder / "run" / "frozen.json").read_text())


def test_what_is_frozen_needs_no_data(blinded: Path) -> None:
    assert [path.name for path in (blinded / "run").iterdir()] == ["frozen.json"]
    values = _values(blinded)
    assert values["configuration"]["data"]["file"] == "data.parquet"
    assert values["configuration"]["seed"] == 3 and values["configuration"]["search"]["alpha"] == 0.1
    assert list(values["inputs"]) == ["reference"] and values["code"] == CODE
    reference = (blinded / "reference.parquet").read_bytes()
    assert values["inputs"]["reference"] == hashlib.sha256(reference).hexdigest()
    assert len(values["rehearsal"]["checks"]) >= 4 and values["rehearsal"]["reach"]
    assert values["rehearsal"]["events"] == 4000


def test_the_hash_is_that_of_the_canonical_json(blinded: Path) -> None:
    values = _values(blinded)
    own = values.pop("hash")
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == own


def test_other_data_give_the_same_bytes(strangeness, blinded: Path, tmp_path: Path) -> None:
    path = workspace(tmp_path)
    write(tmp_path / "data.parquet", columns(700, 99, signal=300))
    assert strangeness("search", path, "--blind", "--quiet").code == 0
    assert (tmp_path / "run" / "frozen.json").read_bytes() == (blinded / "run" / "frozen.json").read_bytes()


def test_an_opened_search_says_when_it_was_frozen(strangeness, blinded: Path, tmp_path: Path) -> None:
    out = tmp_path / "opened"
    answer = strangeness("search", "--unblind", blinded / "run" / "frozen.json", "--out", out, "--quiet")
    assert answer.code == 0, answer
    report, own = read_report(out / "result.json"), _values(blinded)["hash"]
    (section,) = report.searches
    assert section.result["frozen"] == own and report.provenance["frozen"]["hash"] == own
    said = f"Configuration frozen on 2026-11-22 as {own}, before the region was opened."
    assert section.blinding == said and said in (out / "report.html").read_text(encoding="utf-8")
    # the same search without blinding differs in nothing but what it says of it
    plain = tmp_path / "plain"
    assert strangeness("search", blinded / "analysis.toml", "--out", plain, "--quiet").code == 0
    other = read_report(plain / "result.json").searches[0]
    assert other.blinding == "Not blinded." and other.result == {**section.result, "frozen": ""}
    assert "Not blinded." in (plain / "report.html").read_text(encoding="utf-8")


def _frozen(strangeness, folder: Path) -> tuple[Path, Path]:
    path = workspace(folder)
    assert strangeness("search", path, "--blind", "--quiet").code == 0
    return path, folder / "run" / "frozen.json"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "alpha = 0.1",
            "alpha = 0.2",
            "the configuration changed since .* 'search.alpha' was 0.1 and",
        ),
        ("seed = 3", "seed = 4", "'seed' was 3 and is 4"),
        ("bins = 4", "bins = 4\nrandomised = false", "'calibration.randomised' was true and is false"),
    ],
)
def test_a_changed_configuration_is_named(strangeness, tmp_path: Path, old: str, new: str, said: str) -> None:
    path, file = _frozen(strangeness, tmp_path)
    path.write_text(path.read_text().replace(old, new))
    message = strangeness("search", "--unblind", file).error()
    assert re.search(said, message) and "freeze anew" in message
    assert [entry.name for entry in (tmp_path / "run").iterdir()] == ["frozen.json"]


def test_changed_inputs_and_code_are_named(strangeness, tmp_path: Path, monkeypatch) -> None:
    _, file = _frozen(strangeness, tmp_path)
    monkeypatch.setattr(frozen, "code", lambda: {**CODE, "versions": {"numpy": "2"}})
    assert '\'versions.numpy\' was "1" and is "2"' in strangeness("search", "--unblind", file).error()
    write(tmp_path / "reference.parquet", columns(3000, 5))
    assert "the inputs changed since" in strangeness("search", "--unblind", file).error()


def test_a_file_that_was_changed_by_hand_is_refused(strangeness, tmp_path: Path) -> None:
    _, file = _frozen(strangeness, tmp_path)
    text = file.read_text()
    file.write_text(text.replace('"alpha": 0.1', '"alpha": 0.2'))
    assert "its hash does not fit" in strangeness("search", "--unblind", file).error()
    for wrong in ("{}", "[1]", "not json"):
        file.write_text(wrong)
        assert "frozen.json" in strangeness("search", "--unblind", file).error()
    assert "none.json" in strangeness("search", "--unblind", tmp_path / "none.json").error()


def test_what_cannot_be_frozen_is_refused(strangeness, blinded: Path, tmp_path: Path) -> None:
    path, file = blinded / "analysis.toml", blinded / "run" / "frozen.json"
    assert "frozen.json' exists" in strangeness("search", path, "--blind").error()
    assert (
        "--blind without a configuration file"
        in strangeness("search", blinded / "data.parquet", "--blind").error()
    )
    assert "--seed beside --blind" in strangeness("search", path, "--blind", "--seed", 1).error()
    assert "--alpha beside --unblind" in strangeness("search", "--unblind", file, "--alpha", 0.3).error()
    assert "--blind beside --unblind" in strangeness("search", "--blind", "--unblind", file).error()
    assert "nothing to search was given" in strangeness("search").error()


SIDEBANDS = {
    '[reference]\nfile = "reference.parquet"\n': "",
    "[calibration]\nbins = 4": '[calibration]\nkind = "split"',
    "range = [3000, 6000]": "range = [3000, 6000]\nregion = [3700, 4300]",
}


def test_sidebands_are_frozen_and_the_region_stays_closed(strangeness, tmp_path: Path) -> None:
    """Other events inside the region give the same bytes; other sidebands do not."""
    texts = []
    for name, change in (("one", None), ("two", "region"), ("three", "sidebands")):
        folder = tmp_path / name
        folder.mkdir()
        path = workspace(folder, **SIDEBANDS)
        events = columns(1200, 1, signal=60)
        inside = (events["mjj"] >= 3700) & (events["mjj"] < 4300)
        if change == "region":
            events["a"] = np.where(inside, 99.0, events["a"])
            events["mjj"] = np.where(inside, 4000.0, events["mjj"])
        if change == "sidebands":
            events["mjj"] = np.where(inside, events["mjj"], events["mjj"] + 0.5)
        write(folder / "data.parquet", events)
        answer = strangeness("search", path, "--blind", "--quiet")
        assert answer.code == 0, answer
        texts.append((folder / "run" / "frozen.json").read_text())
    assert texts[0] == texts[1]
    assert json.loads(texts[0])["inputs"] != json.loads(texts[2])["inputs"]
    wide = tmp_path / "wide"
    wide.mkdir()
    path = workspace(wide, **{**SIDEBANDS, "[calibration]\nbins = 4": ""})
    assert "kind = 'split'" in strangeness("search", path, "--blind").error()


def test_a_detector_that_learns_from_data_freezes_its_method(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path, **{'"mahalanobis"': '"cwola-linear"'})
    answer = strangeness("search", path, "--blind", "--quiet", "--json")
    assert answer.code == 0, answer
    values = json.loads(answer.out)
    assert "half of the reference stood in" in values["rehearsal"]["notes"][0]
    assert values == json.loads((tmp_path / "run" / "frozen.json").read_text())


def test_a_rehearsal_that_fails_leaves_nothing(strangeness, tmp_path: Path) -> None:
    path = workspace(tmp_path, **{'["a", "b", "c"]': '["a", "nothing"]'})
    assert "nothing" in strangeness("search", path, "--blind", "--quiet").error()
    assert not (tmp_path / "run").exists()


def test_a_frozen_configuration_can_be_shown(strangeness, blinded: Path) -> None:
    answer = strangeness("show", blinded / "run" / "frozen.json")
    assert answer.code == 0 and "kind: frozen configuration" in answer.out
    assert _values(blinded)["hash"] in answer.out
