"""HEPData tables: accepted by HEPData's validator, and the numbers come back."""

import json
import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.report.hepdata import DIGITS, comment, rounded, write_hepdata
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.limits import Limit
from strangeness.search.result import SearchResult
from tests.search.spectra import EDGES, falling

LIMIT = Limit(0.95, 2.5, (1.0, 1.25, 2.0, 3.0, 4.5), "a cross-section of 1 fb", "toys", 100, 3.0, ())


@pytest.fixture(scope="module")
def result() -> SearchResult:
    rng = np.random.default_rng(0)
    found = BumpHunt(edges=tuple(EDGES), n_pseudo=50).run_counts(rng.poisson(falling(3000)), rng=rng)
    return found.with_checks([Check("type-I error", 0.4, 0.05, True, "fine")])


def _documents(folder: Path) -> list[dict[str, Any]]:
    parts = (folder / "submission.yaml").read_text().split("---\n")
    return [json.loads(part) for part in parts if part.strip()]


def _accepted(folder: Path) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the validator leaves its files open
        from hepdata_validator.full_submission_validator import FullSubmissionValidator, SchemaType

        validator = FullSubmissionValidator(schema_version="1.1.1")
        accepted = validator.validate(directory=str(folder))
    assert SchemaType.SUBMISSION in validator.valid_files, validator.get_messages()
    return accepted


def test_every_table_is_accepted(result: SearchResult, tmp_path: Path) -> None:
    place = write_hepdata(
        result,
        tmp_path / "new" / "tables",
        [(3000.0, LIMIT), (4000.5, LIMIT)],
        keywords=[("cmenergies", "13000.0")],
    )
    assert _accepted(place)
    names = [document["name"] for document in _documents(place)[1:]]
    assert names == ["Spectrum", "Significance", "Validity checks", "Limits"]
    assert not list(tmp_path.glob("new/.*"))


def test_one_limit_and_a_blocked_search_are_accepted(result: SearchResult, tmp_path: Path) -> None:
    assert _accepted(write_hepdata(result, tmp_path / "one", LIMIT))
    blocked = result.with_checks([Check("mass sculpting", 1e-5, 9.0, False, "sculpted")])
    place = write_hepdata(blocked, tmp_path / "blocked")
    assert _accepted(place)
    documents = _documents(place)
    assert [document["name"] for document in documents[1:]] == ["Spectrum", "Validity checks"]
    assert "no statement of significance" in documents[0]["comment"]
    outcome = json.loads((place / "validity_checks.yaml").read_text())["dependent_variables"][1]["values"]
    assert [row["value"] for row in outcome] == ["passed", "failed"]
    with pytest.raises(InputError, match="a check has blocked"):
        write_hepdata(blocked, tmp_path / "refused", LIMIT)
    assert not (tmp_path / "refused").exists()


def test_a_blind_search_says_so(result: SearchResult) -> None:
    assert "frozen" not in comment(result)
    assert f"Configuration frozen as {'a' * 64}, before" in comment(replace(result, frozen="a" * 64))


def test_numbers_come_back(result: SearchResult, tmp_path: Path) -> None:
    place = write_hepdata(result, tmp_path / "tables", LIMIT)
    table = json.loads((place / "spectrum.yaml").read_text())
    edges = [(row["low"], row["high"]) for row in table["independent_variables"][0]["values"]]
    spectrum = result.spectrum
    # half a unit in the last of the significant digits
    close = {"rel": 0.5 * 10.0 ** (1 - DIGITS)}
    assert [low for low, _ in edges] == pytest.approx(spectrum.edges[:-1], **close)
    assert edges[-1][1] == pytest.approx(spectrum.edges[-1], **close)
    for column, values in zip(
        table["dependent_variables"], (spectrum.counts, spectrum.fitted, spectrum.pulls), strict=True
    ):
        assert [row["value"] for row in column["values"]] == pytest.approx(values, **close)
    limits = json.loads((place / "limits.yaml").read_text())["dependent_variables"]
    errors = limits[1]["values"][0]["errors"]
    assert errors[0]["asymerror"] == {"plus": 1, "minus": -0.75}
    assert limits[0]["qualifiers"][0] == {"name": "CL", "value": "95 PCT"}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1 / 3, 0.333333),
        (1234567.0, 1234567),
        (1.23456789e-30, 1.23457e-30),
        (None, "-"),
        (math.inf, "-"),
        ("a", "a"),
    ],
)
def test_rounding(value: Any, written: Any) -> None:
    assert rounded(value) == written and type(rounded(value)) is type(written)


def test_nothing_is_overwritten_or_left_behind(result: SearchResult, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    with pytest.raises(FileError, match="exists"):
        write_hepdata(result, tmp_path / "there")
    (tmp_path / "file").write_text("x")
    with pytest.raises(FileError, match="cannot write"):
        write_hepdata(result, tmp_path / "file" / "tables")
    with pytest.raises(InputError, match="different units"):
        write_hepdata(result, tmp_path / "mixed", [(1.0, LIMIT), (2.0, replace(LIMIT, level=0.9))])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "there"]
