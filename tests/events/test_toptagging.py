"""The Top Quark Tagging Reference layout, written as pandas lays it out, against sums one by one."""

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.events import concatenate_events, read, read_chunks

MOST = 6
NAMES = [f"{axis}_{index}" for index in range(MOST) for axis in ("E", "PX", "PY", "PZ")]


def jets(n: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """Zero-padded rows (n, 4 MOST) and the particles (E, px, py, pz) of each jet, in no order of pt."""
    rng = np.random.default_rng(seed)
    lists, rows = [], np.zeros((n, MOST, 4), np.float32)
    for row in rows:
        momenta = rng.uniform([50, -50, -80], [300, 50, 80], (rng.integers(1, MOST + 1), 3))
        cells = np.float32(np.column_stack([np.linalg.norm(momenta, axis=1), momenta]))
        row[: len(cells)] = cells
        lists.append(cells.astype(float))
    return rows.reshape(n, -1), lists


def stored(path: Path, values: np.ndarray, names: list[str] = NAMES, **whole: np.ndarray) -> Path:
    """A pandas table with a block of floats and a block of integers."""
    kinds = [
        ("index", "<i8"),
        ("values_block_0", "<f4", (len(names),)),
        ("values_block_1", "<i8", (len(whole),)),
    ]
    records = np.zeros(len(values), kinds)
    records["values_block_0"] = values
    records["values_block_1"] = np.column_stack(list(whole.values()))
    with h5py.File(path, "w") as file:
        data = file.create_group("table").create_dataset("table", data=records)
        for block, listed in enumerate((names, list(whole))):
            text = (
                b"(lp0\n"
                + b"".join(b"V%s\np%d\na" % (n.encode(), i + 1) for i, n in enumerate(listed))
                + b"."
            )
            data.attrs[f"values_block_{block}_kind"] = np.bytes_(text)
    return path


def sample(path: Path, n: int = 9) -> tuple[Path, list[np.ndarray]]:
    rows, lists = jets(n)
    extra = np.column_stack([rows, np.full(n, 7.0, np.float32)])
    truth = {"ttv": np.arange(n) % 3, "is_signal_new": np.arange(n) % 2}
    return stored(path, extra, [*NAMES, "truthE"], **truth), lists


@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_jets_and_their_particles(tmp_path: Path, chunk: int) -> None:
    path, lists = sample(tmp_path / "train.parquet")
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert list(events.features) == ["pt", "eta", "phi", "mass", "multiplicity", "ttv"]
    assert events.provenance["format"] == "top-tagging"
    assert events.truth.tolist() == [row % 2 for row in range(9)]
    assert events.features["ttv"].tolist() == [row % 3 for row in range(9)]
    found = events.constituents
    assert found is not None and found.relative
    for row, cells in enumerate(lists):
        energy, px, py, pz = (math.fsum(column) for column in cells.T)
        pt, phi = math.hypot(px, py), math.atan2(py, px)
        eta = -math.log(math.tan(0.5 * math.atan2(pt, pz)))
        assert events.features["pt"][row] == pytest.approx(pt, rel=1e-12)
        assert events.features["eta"][row] == pytest.approx(eta, abs=1e-12)
        assert events.features["phi"][row] == pytest.approx(phi, abs=1e-12)
        squared = energy**2 - px**2 - py**2 - pz**2
        # Of E^2 about 1e6 a rounding of 1e-16 remains in m^2; one massless particle has none of its own.
        assert events.features["mass"][row] ** 2 == pytest.approx(max(squared, 0.0), abs=1e-7 * energy**2)
        assert events.features["multiplicity"][row] == len(cells)
        order = np.argsort(-np.hypot(cells[:, 1], cells[:, 2]))
        inside = slice(found.offsets[row], found.offsets[row + 1])
        one = cells[order]
        np.testing.assert_allclose(found.pt[inside], np.hypot(one[:, 1], one[:, 2]), rtol=1e-6)
        np.testing.assert_allclose(
            found.eta[inside], np.arctanh(one[:, 3] / np.linalg.norm(one[:, 1:], axis=1)) - eta, atol=1e-6
        )
        np.testing.assert_allclose(found.phi[inside], np.arctan2(one[:, 2], one[:, 1]) - phi, atol=1e-6)


def test_only_what_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = sample(tmp_path / "a.h5")
    events = read(path, columns=["ttv", "truthE"], label=None)
    assert list(events.features) == ["ttv", "truthE"] and events.constituents is None and events.truth is None
    assert set(events.features["truthE"]) == {7.0}
    assert read(path, columns=["mass"], label="ttv").truth.tolist() == [row % 3 for row in range(9)]
    asked: list[str] = []
    monkeypatch.setattr(
        "strangeness.events.frames._Block.read",
        lambda block, a, b: asked.append(block.field) or np.zeros((b - a, len(block.names))),
    )
    read(path, columns=["ttv"])
    assert set(asked) == {"values_block_1"}


def test_mev(tmp_path: Path) -> None:
    rows, _ = jets(5)
    truth = {"ttv": np.zeros(5), "is_signal_new": np.zeros(5)}
    path = stored(tmp_path / "mev.h5", rows * 1000, **truth)
    with pytest.raises(FileError, match=r"'pt' of .* too large for GeV. Pass unit='MeV'"):
        read(path)
    gev, mev = read(stored(tmp_path / "gev.h5", rows, **truth)), read(path, unit="MeV")
    for name in ("pt", "mass", "eta"):
        # Float32 times 1000 is rounded; the mass is a difference of squares.
        np.testing.assert_allclose(mev.features[name], gev.features[name], rtol=1e-3, atol=0.05)


def test_refusals(tmp_path: Path) -> None:
    def spoiled(name: str, row: int, column: int, value: float) -> Path:
        rows, _ = jets(4)
        rows[row, column] = value
        return stored(tmp_path / name, rows, ttv=np.zeros(4), is_signal_new=np.zeros(4))

    rows, _ = jets(3)
    rows[1] = 0.0
    truth = {"ttv": np.zeros(3), "is_signal_new": np.zeros(3)}
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (spoiled("a.h5", 2, 1, np.nan), {}, "particle 0 of .* in event 2"),
        (spoiled("b.h5", 1, 0, -3.0), {}, "particle 0 of .* has E = -3 .* in event 1"),
        (stored(tmp_path / "c.h5", rows, **truth), {}, "jet 1 of .* has no constituents"),
        (stored(tmp_path / "d.h5", jets(3)[0][:, :-1], NAMES[:-1], **truth), {}, "has no column 'PZ_5'"),
        (sample(tmp_path / "e.h5")[0], {"columns": ["ptt"]}, "no column 'ptt'. Did you mean pt"),
        (sample(tmp_path / "f.h5")[0], {"columns": ["is_signal_new"]}, "no column 'is_signal_new'|is truth"),
        (sample(tmp_path / "g.h5")[0], {"label": "signal"}, "no label column 'signal'"),
        (sample(tmp_path / "h.h5")[0], {"layout": "lhco"}, "does not hold 'lhco' but 'top-tagging'"),
    ]
    for path, options, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)


def test_an_unknown_compression_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("df")
        group["block0_items"] = np.arange(2100)
        group.create_dataset("block0_values", data=np.ones((2, 2100)), compression="gzip")
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda code: False)
    with pytest.raises(
        FileError, match=r"is compressed by deflate \(HDF5 filter 1\), which is not installed"
    ):
        read(tmp_path / "a.h5")
