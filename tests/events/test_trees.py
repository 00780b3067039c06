"""ROOT trees of numbers and JetClass, and ROOT files that are damaged."""

import os
from pathlib import Path

import awkward as ak
import numpy as np
import pytest
import uproot

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64
from strangeness.events import concatenate_events, read, read_chunks
from tests.events.roots import jetclass, made_up, nanoaod, write

SHARED = Path(os.environ.get("STRANGENESS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.mark.parametrize("chunk", [1, 5, 7, 1000])
def test_a_tree_of_numbers(tmp_path: Path, chunk: int) -> None:
    rng = np.random.default_rng(0)
    columns = {
        "mjj": rng.uniform(2700, 7000, 23),
        "tau21": rng.uniform(size=23).astype(np.float32),
        "n": np.arange(23, dtype=np.int32),
        "good": rng.uniform(size=23) > 0.5,
        "id": np.arange(100, 123, dtype=np.uint64),
        "weight": rng.normal(size=23),
        "label": np.arange(23) % 2,
        "hits": ak.unflatten(np.arange(46.0), np.full(23, 2)),
    }
    path = write(tmp_path / "a.parquet", "mine", columns, step=7)
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert list(events.features) == ["mjj", "tau21", "n", "good", "nhits"]
    assert events.features["tau21"].dtype == np.float32 and events.features["n"].dtype == np.float64
    for name in ("mjj", "tau21", "n", "good"):
        assert np.array_equal(events.features[name], columns[name])
    assert np.array_equal(as_uint64(events.id), columns["id"])
    assert np.array_equal(events.weight, columns["weight"])
    assert np.array_equal(events.truth, columns["label"])
    assert events.provenance["tree"] == "mine" and events.provenance["format"] == "root"
    assert list(read(path, columns=["n"], label=None).features) == ["n"]


@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_an_rntuple(tmp_path: Path, chunk: int) -> None:
    path, n = tmp_path / "a.root", 9
    pt = ak.unflatten(np.arange(2.0 * n), np.full(n, 2))
    columns = {"mjj": np.arange(n) + 0.5, "n": np.arange(n, dtype=np.int32), "good": np.arange(n) > 3}
    with uproot.recreate(path) as file:
        file["mine"] = {**columns, "hits": pt, "jet": ak.zip({"pt": pt})}
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert set(events.features) == {"mjj", "n", "good"} and len(events) == n
    assert all(np.array_equal(events.features[name], column) for name, column in columns.items())
    with pytest.raises(InputError, match="has no column 'jet'"):
        read(path, columns=["jet"])


def test_refusals(tmp_path: Path) -> None:
    lists = write(tmp_path / "a.root", "mine", {"x": ak.unflatten(np.arange(4.0), [2, 2])})
    numbers = write(
        tmp_path / "b.root", "mine", {"mjj": np.array([3000.0, np.nan]), "jet_pt": np.array([1.0, -2.0])}
    )
    empty = write(tmp_path / "c.root", "mine", {"x": np.zeros(0)})
    with uproot.recreate(tmp_path / "d.root") as file:
        file["notes"] = "no tree"
    cases = [
        (lists, ["x"], "has no column 'x'. Did you mean nx"),
        (numbers, ["mj"], "has no column 'mj'. Did you mean mjj"),
        (numbers, ["mjj"], "'mjj' of .* holds nan in event 1"),
        (numbers, ["jet_pt"], "'jet_pt' of .* holds -2 in event 1"),
        (numbers, ["constituents"], "no constituents"),
        (empty, None, "holds no event"),
        (tmp_path / "d.root", None, "holds no tree"),
    ]
    for path, columns, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, columns=columns)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)
    with pytest.raises(InputError, match=r"a tree is named, and '.*' is no ROOT file"):
        (tmp_path / "a.csv").write_text("x\n1\n")
        read(tmp_path / "a.csv", tree="mine")


@pytest.mark.parametrize("keep", [0.02, 0.2, 0.5, 0.9])
def test_truncated(tmp_path: Path, keep: float) -> None:
    path = nanoaod(tmp_path / "a.root", made_up(30))
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(FileError, match=r"truncated or damaged ROOT file") as caught:
        read(path)
    assert "\n" not in str(caught.value) and "a.root" in str(caught.value)


@pytest.mark.parametrize("seed", range(3))
def test_flipped_bytes_are_read_or_refused_in_one_line(tmp_path: Path, seed: int) -> None:
    whole = write(tmp_path / "a.root", "mine", {"x": np.arange(50.0), "y": np.arange(50.0)}).read_bytes()
    rng = np.random.default_rng(seed)
    for _ in range(8):
        spoiled = bytearray(whole)
        for place in rng.integers(0, len(whole), 12):
            spoiled[place] = rng.integers(256)
        (tmp_path / "b.root").write_bytes(b"root" + spoiled[4:])
        try:
            read(tmp_path / "b.root", unit="GeV")
        except (FileError, InputError) as error:
            assert "\n" not in str(error) and "b.root" in str(error)


def test_an_absurd_claim_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.root", "mine", {"x": np.zeros(1000)})
    monkeypatch.setattr("strangeness.events.columns.ABSURD_BYTES", 100)
    monkeypatch.setattr("strangeness.events.columns.ABSURD_RATIO", 0.1)
    with pytest.raises(FileError, match=r"claims to unpack to"):
        read(path)


@pytest.mark.parametrize("chunk", [1, 4, 1000])
def test_jetclass(tmp_path: Path, chunk: int) -> None:
    path, four = jetclass(tmp_path / "a.root")
    jets = concatenate_events(list(read_chunks(path, chunk)))
    assert list(jets.features) == ["pt", "eta", "phi", "sdmass", "mass", "multiplicity", "tau21", "tau32"]
    assert jets.truth.tolist() == [0, 1, 9, 0, 1, 9]  # the places of QCD, Hbb and Tbl in the published order
    assert jets.provenance["classes"] == {"0": "label_QCD", "1": "label_Hbb", "9": "label_Tbl"}
    lists = jets.constituents
    assert lists is not None and lists.relative
    for row, cells in enumerate(four):
        total = cells.sum(axis=0)
        # Squares of float32 sums: the mass keeps about half of their digits.
        assert jets.features["mass"][row] == pytest.approx(
            np.sqrt(total[0] ** 2 - total[1:] @ total[1:]), rel=1e-4
        )
        assert jets.features["tau21"][row] == pytest.approx(0.5) and jets.features["multiplicity"][
            row
        ] == len(cells)
        inside = slice(lists.offsets[row], lists.offsets[row + 1])
        phi = lists.phi[inside] + jets.features["phi"][row]
        px, py = np.sum(lists.pt[inside] * np.cos(phi)), np.sum(lists.pt[inside] * np.sin(phi))
        pz = np.sum(lists.pt[inside] * np.sinh(lists.eta[inside] + jets.features["eta"][row]))
        np.testing.assert_allclose([px, py, pz], total[1:], rtol=1e-4)
    some = read(path, columns=["jet_tau4", "sdmass"], label="label_Hbb")
    assert some.truth.tolist() == [0, 1, 0, 0, 1, 0] and some.constituents is None


def test_jetclass_refusals(tmp_path: Path) -> None:
    path, _ = jetclass(tmp_path / "a.root")
    with pytest.raises(FileError, match=r"'part_px' of .* has not one number a jet"):
        read(path, columns=["part_px"])
    with pytest.raises(InputError, match=r"no column 'jet_taus'. Did you mean jet_tau"):
        read(path, columns=["jet_taus"])
    columns = {name: np.ones(2) for name in ("jet_pt", "jet_eta", "jet_phi", "label_QCD", "label_Hbb")}
    columns |= {f"part_{axis}": ak.unflatten(np.ones(4, np.float32), [2, 2]) for axis in ("px", "py", "pz")}
    both = write(tmp_path / "b.root", "tree", columns)
    with pytest.raises(FileError, match=r"jet 0 of .* has 2 classes"):
        read(both)
    assert read(both, label=None).truth is None


@pytest.mark.skipif(not (SHARED / "delphes.root").exists(), reason=f"no delphes.root in {SHARED}")
def test_a_delphes_file_is_refused() -> None:
    with pytest.raises(FileError, match=r"is a Delphes file, which is not read"):
        read(SHARED / "delphes.root")
