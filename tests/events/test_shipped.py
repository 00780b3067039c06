"""The shipped samples: whole, described, and physically what they say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from sklearn.metrics import roc_auc_score

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events import shipped


def columns(name: str) -> dict[str, np.ndarray]:
    table = pq.read_table(shipped.sample_path(name))
    flat = [column for column in table.column_names if not column.startswith("constituents_")]
    return {column: table[column].to_numpy() for column in flat}


@pytest.fixture(scope="module")
def jets() -> dict[str, np.ndarray]:
    return columns("jets")


@pytest.fixture(scope="module")
def dijets() -> dict[str, np.ndarray]:
    return columns("dijets")


@pytest.mark.parametrize("name", shipped.SAMPLES)
def test_each_file_is_the_one_in_the_manifest(name: str) -> None:
    path = shipped.verify(name)
    said = shipped.manifest()["samples"][name]
    assert said["bytes"] == path.stat().st_size
    assert said["rows"] == pq.read_metadata(path).num_rows
    origin = said["made_from"]
    assert origin["multiparton_interactions"] == origin["pile_up"] == "off"
    assert all("PartonLevel:MPI = off" in part["settings"] for part in origin["parts"])
    assert {"pythia8mc", "fastjet", "numpy"} <= set(origin["versions"])


def test_together_they_are_small() -> None:
    assert sum(shipped.sample_path(name).stat().st_size for name in shipped.SAMPLES) < 12e6


@pytest.mark.parametrize("name", shipped.SAMPLES)
def test_every_number_is_finite_and_every_identity_its_own(name: str, request: pytest.FixtureRequest) -> None:
    found: dict[str, np.ndarray] = request.getfixturevalue(name)
    assert all(np.isfinite(values).all() for values in found.values())
    np.testing.assert_array_equal(found["id"], as_uint64(identities(name, len(found["id"]))))


def test_numbers_of_jets(jets: dict[str, np.ndarray]) -> None:
    counts = np.bincount(jets["label"])
    assert np.all(counts >= [10_000, 5_000, 5_000])


def test_the_spectra_are_common_and_flat(jets: dict[str, np.ndarray]) -> None:
    # every 10 GeV x 0.5 cell holds the same number of each class: nothing is left but slopes inside a cell
    for label in (1, 2):
        mine = np.isin(jets["label"], (0, label))
        truth = jets["label"][mine] == label
        assert roc_auc_score(truth, jets["pt"][mine]) == pytest.approx(0.5, abs=0.005)
        assert roc_auc_score(truth, np.abs(jets["eta"][mine])) == pytest.approx(0.5, abs=0.02)
    histogram = np.histogram(jets["pt"], np.linspace(550, 650, 11))[0]
    # rounding moves a jet over an edge at most now and then
    assert np.ptp(histogram) <= 4


def test_jet_masses_peak_where_they_should(jets: dict[str, np.ndarray]) -> None:
    median = [np.median(jets["mass"][jets["label"] == label]) for label in range(3)]
    assert median[0] == pytest.approx(73, abs=10)
    assert median[1] == pytest.approx(174, abs=4)
    assert median[2] == pytest.approx(83, abs=3)


def test_constituents_add_up_to_their_jet() -> None:
    table = pq.read_table(shipped.sample_path("jets")).slice(0, 2000)
    parts: dict[str, Any] = {
        name: table[f"constituents_{name}"].combine_chunks() for name in ("pt", "d_eta", "d_phi")
    }
    counts = np.diff(parts["pt"].offsets.to_numpy())
    np.testing.assert_array_equal(counts, table["multiplicity"].to_numpy())
    jet = np.repeat(np.arange(len(counts)), counts)
    pt, d_eta, d_phi = (parts[name].flatten().to_numpy().astype(float) for name in ("pt", "d_eta", "d_phi"))
    eta = table["eta"].to_numpy()[jet] + d_eta
    px, py = np.bincount(jet, pt * np.cos(d_phi)), np.bincount(jet, pt * np.sin(d_phi))
    pz, e = np.bincount(jet, pt * np.sinh(eta)), np.bincount(jet, pt * np.cosh(eta))
    # float16 is good to 2.4e-4 a number
    np.testing.assert_allclose(np.hypot(px, py), table["pt"].to_numpy(), rtol=1e-3)
    mass = np.sqrt(np.maximum(e**2 - px**2 - py**2 - pz**2, 0))
    assert np.median(np.abs(mass / table["mass"].to_numpy() - 1)) < 2e-3


def test_numbers_and_masses_of_dijets(dijets: dict[str, np.ndarray]) -> None:
    counts = np.bincount(dijets["label"])
    assert counts[0] >= 60_000
    assert counts[1] == 3_000
    assert dijets["mjj"].min() >= 2400 * (1 - 2e-5)
    assert np.all(dijets["pt1"] >= dijets["pt2"] * (1 - 2e-5))
    signal = dijets["label"] == 1
    assert np.median(dijets["mjj"][signal]) == pytest.approx(3500, abs=40)
    heavy, light = (
        np.maximum(dijets["mj1"], dijets["mj2"])[signal],
        np.minimum(dijets["mj1"], dijets["mj2"])[signal],
    )
    assert np.median(heavy) == pytest.approx(500, abs=10)
    assert np.median(light) == pytest.approx(106, abs=5)


def test_unknown_and_damaged_samples_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="Did you mean"):
        shipped.sample_path("jet")
    monkeypatch.setattr(shipped, "_folder", lambda: tmp_path)
    with pytest.raises(FileError, match="no file"):
        shipped.verify("jets")
    (tmp_path / "jets.parquet").write_bytes(b"PAR1")
    (tmp_path / "manifest.json").write_text('{"samples": {"jets": {"sha256": "0"}}}')
    with pytest.raises(FileError, match="SHA-256"):
        shipped.verify("jets")
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(FileError, match="cannot read"):
        shipped.manifest()


def test_finding_a_sample_loads_nothing_heavy() -> None:
    heavy = "sklearn scipy awkward matplotlib pyarrow h5py fastjet pythia8mc strangeness.events.generation"
    code = (
        "import sys, strangeness.events; before = set(sys.modules); import strangeness.events.shipped;"
        f"assert not set({heavy.split()!r}) & (set(sys.modules) - before)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
