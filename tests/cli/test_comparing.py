"""``strangeness compare`` on small files: its tables, its page, what it keeps, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strangeness.report.schema import read_report


def _write(path: Path, n: int, shift: float, **more: list[int]) -> Path:
    rng = np.random.default_rng([int(10 * shift), n])
    columns = {name: rng.normal(shift, 1.0, n) for name in ("a", "b")}
    pq.write_table(pa.table({**columns, **more}), path)
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    return [_write(tmp_path / "low.parquet", 300, 0.0), _write(tmp_path / "high.parquet", 240, 1.0)]


def test_a_file_is_a_class_and_both_directions_are_shown(
    strangeness, files: list[Path], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    options = ("--detectors", "mahalanobis,one-feature", "--seeds", 2, "--workers", 0, "--quiet")
    said = strangeness("compare", *files, *options, "--out", out).out
    assert "low -> high" in said and "high -> low" in said and "mahalanobis" in said
    report = read_report(out / "result.json")
    (section,) = report.comparisons
    found = {(row.detector, row.trained_on, row.finds): row for row in section.rows}
    assert {key[0] for key in found} == {"mahalanobis", "one-feature", "a alone"}
    for row in section.rows:
        # Half of the smaller class: 240 / 2, less or more by the hash.
        assert len(row.auc) == 2 and row.events is not None and row.events <= 120
    # The first feature alone, both ways round, orders the same: areas sum to one.
    there, back = found["a alone", "low", "high"], found["a alone", "high", "low"]
    np.testing.assert_allclose(np.add(there.auc, back.auc), 1.0, atol=1e-9)
    assert found["a alone", "low", "high"].control and not found["mahalanobis", "low", "high"].control
    page = (out / "report.html").read_text()
    assert "Complexity-bias matrix" in page
    assert sorted(path.name for path in out.iterdir()) == ["config.json", "report.html", "result.json"]


def test_a_labelled_file_holds_the_classes_and_a_cache_serves_again(strangeness, tmp_path: Path) -> None:
    labels = [0] * 150 + [1] * 150
    file = _write(tmp_path / "both.parquet", 300, 0.5, label=labels)
    options = ("--detectors", "pca", "--seeds", 1, "--workers", 0, "--quiet", "--cache", tmp_path / "kept")
    first = strangeness("compare", file, *options, "--out", tmp_path / "one", "--json")
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}
    again = strangeness("compare", file, *options, "--out", tmp_path / "two", "--json")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()} == kept
    rows = [json.loads(answer.out)["comparisons"][0]["rows"] for answer in (first, again)]
    assert rows[0] == rows[1] and {row["trained_on"] for row in rows[0]} == {"label 0", "label 1"}


def test_a_circuit_stands_beside_its_controls(strangeness, files: list[Path], tmp_path: Path) -> None:
    circuits = ("", ", no entanglement", ", trash at random")
    options = ("--detectors", "quantum-autoencoder", "--seeds", 1, "--epochs", 1)
    strangeness("compare", *files, *options, "--workers", 0, "--quiet", "--out", tmp_path / "out")
    (section,) = read_report(tmp_path / "out" / "result.json").comparisons
    found = {(row.detector, row.finds): row for row in section.rows}
    labels = {f"quantum-autoencoder{more}" for more in circuits}
    assert labels | {"a alone"} == {label for label, _ in found}
    for label in labels:
        assert found[label, "high"].parameters == found["quantum-autoencoder", "low"].parameters > 0
    # Weights that are not trained are others than trained ones, from the same start.
    areas = [found[f"quantum-autoencoder{more}", "high"].auc[0] for more in circuits]
    assert len(set(areas)) == 3 and all(0 <= area <= 1 for area in areas)


def test_what_cannot_be_compared_is_refused(strangeness, files: list[Path], tmp_path: Path) -> None:
    out = ("--out", tmp_path / "none", "--quiet", "--workers", 0)
    (tmp_path / "other").mkdir()
    twin = _write(tmp_path / "other" / "low.parquet", 50, 0.0)
    cases = [
        ((files[0],), "holds 0 labelled classes"),
        ((files[0], twin), "two files are called 'low'"),
        ((files[0], tmp_path / "missing.parquet"), "no file"),
        ((*files, "--detectors", "pcb"), "unknown detector 'pcb'. Did you mean pca"),
        ((*files, "--detectors", "pca", "--full"), "--full beside --detectors"),
        ((*files, "--seeds", 0), "--seeds is 0"),
        ((*files, "--events", 1), "--events is 1"),
        ((*files, "--detectors", "pca", "--features", "a,zz"), "no column 'zz'"),
    ]
    for arguments, said in cases:
        assert said in strangeness("compare", *arguments, *out).error()
    assert not (tmp_path / "none").exists()
