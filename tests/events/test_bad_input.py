"""Every reader against the same bad input: one line that names the file, or the events as they are meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from strangeness.core.errors import FileError, InputError, StrangenessError
from strangeness.events import Events, read
from tests.events.roots import BRANCHES, write

N = 5


@dataclass
class Toy:
    """Five events with a transverse momentum and three particles each; everything may be spoiled.

    ``pt`` is the value of a column that is a transverse momentum, or of the first particle of each event.
    """

    pt: float = 700.0
    second: float | None = None
    particles: int = 3

    def jet_pt(self) -> np.ndarray:
        values = np.full(N, self.pt)
        values[2] = self.pt if self.second is None else self.second
        return values

    def lists(self) -> np.ndarray:
        """(N, particles, 3) of pt, eta, phi, not sorted: the largest pt comes last."""
        cells = np.full((N, self.particles, 3), 0.01)
        cells[:, :, 0] = 1e-3 * self.pt
        cells[:, -1, 0] = self.jet_pt()
        return cells

    def momenta(self) -> np.ndarray:
        """(N, particles, 4) of E, px, py, pz; a negative pt is a negative energy here."""
        pt, eta, phi = np.moveaxis(self.lists(), -1, 0)
        size = np.abs(pt)
        return np.stack(
            [pt * np.cosh(eta), size * np.cos(phi), size * np.sin(phi), size * np.sinh(eta)], axis=-1
        )


Write = Callable[[Path, Toy], object]


def columns(path: Path, toy: Toy) -> None:
    """Parquet without particles."""
    pq.write_table(pa.table({"pt": toy.jet_pt()}), path)


def lists(path: Path, toy: Toy) -> None:
    """Parquet with particles."""
    names = ("pt", "d_eta", "d_phi")
    cells = toy.lists().astype(np.float32)
    pq.write_table(pa.table({n: list(cells[:, :, axis]) for axis, n in enumerate(names)}), path)


def npz(path: Path, toy: Toy) -> None:
    with open(path, "wb") as stream:
        np.savez(stream, pt=toy.jet_pt())


def csv(path: Path, toy: Toy) -> None:
    path.write_text("pt\n" + "".join(f"{value}\n" for value in toy.jet_pt()))


def energyflow(path: Path, toy: Toy) -> None:
    with open(path, "wb") as stream:
        np.savez(stream, X=toy.lists(), y=np.zeros(N))


def frame(path: Path, values: np.ndarray, names: np.ndarray) -> None:
    with h5py.File(path, "w") as file:
        file["df/block0_items"], file["df/block0_values"] = names, values


def lhco(path: Path, toy: Toy) -> None:
    cells = np.zeros((N, 700, 3))
    cells[:, : toy.particles] = toy.lists()[:, :700]
    frame(path, cells.reshape(N, 2100), np.arange(2100))


def top_tagging(path: Path, toy: Toy) -> None:
    momenta = toy.momenta()
    names = [f"{a}_{i}" for i in range(momenta.shape[1]) for a in ("E", "PX", "PY", "PZ")]
    frame(path, momenta.reshape(N, -1), np.array(names, "S"))


def lhco_features(path: Path, toy: Toy) -> None:
    names = [f"{n}j{j}" for j in (1, 2) for n in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")]
    values = np.ones((N, 14))
    values[:, 0] = toy.jet_pt()
    frame(path, values, np.array(names, "S"))


def tree(path: Path, toy: Toy) -> None:
    write(path, "mine", {"pt": toy.jet_pt()})


def jagged(values: np.ndarray, kind: type = np.float32) -> ak.Array:
    return ak.unflatten(np.ascontiguousarray(values.reshape(-1), kind), np.full(len(values), values.shape[1]))


def nanoaod(path: Path, toy: Toy) -> None:
    jets = {name: np.full((N, 2), 0.5) for name in BRANCHES}
    jets["pt"] = np.column_stack([toy.jet_pt(), 0.9 * toy.jet_pt()])
    cells = toy.lists()
    index = np.tile(np.arange(toy.particles), (N, 1))
    pairs = {"jetIdx": jagged(0 * index, np.int32), "pFCandsIdx": jagged(index, np.int32)}
    candidates = {name: jagged(cells[:, :, axis]) for axis, name in enumerate(("pt", "eta", "phi"))}
    write(
        path,
        "Events",
        {
            "FatJet": ak.zip({name: jagged(values) for name, values in jets.items()}),
            "FatJetPFCands": ak.zip(pairs),
            "PFCands": ak.zip(candidates),
        },
    )


def jetclass(path: Path, toy: Toy) -> None:
    momenta = toy.momenta()
    parts = {f"part_{n}": jagged(momenta[:, :, a], np.float64) for a, n in enumerate(("px", "py", "pz"), 1)}
    write(path, "tree", {"jet_pt": toy.jet_pt(), "jet_eta": np.zeros(N), "jet_phi": np.zeros(N), **parts})


TABLES: dict[str, Write] = {"parquet": columns, "npz": npz, "csv": csv, "root": tree}
LISTS: dict[str, Write] = {
    "lists": lists,
    "energyflow": energyflow,
    "lhco": lhco,
    "top-tagging": top_tagging,
    "nanoaod": nanoaod,
    "nanoaod-jets": nanoaod,
    "jetclass": jetclass,
}
ALL = {**TABLES, **LISTS, "lhco-features": lhco_features}
COLUMNS = {name: ["pt"] for name in TABLES} | {"lhco-features": ["pt1"]}


def layout(name: str) -> str | None:
    return name if name == "nanoaod-jets" else None


def made(folder: Path, name: str, toy: Toy, suffix: str = "any") -> Path:
    path = folder / f"events.{suffix}"
    ALL[name](path, toy)
    return path


def one_line(path: Path, message: str, **options: object) -> None:
    with pytest.raises((FileError, InputError), match=message) as caught:
        read(path, **options)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value) and path.name in str(caught.value)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("suffix", ["parquet", "h5", "npz", "csv", "root"])
def test_any_suffix_will_do(tmp_path: Path, name: str, suffix: str) -> None:
    events = read(made(tmp_path, name, Toy(), suffix), layout=layout(name))
    assert len(events) == (2 * N if name == "nanoaod-jets" else N)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("keep", [0.15, 0.5, 0.9])
def test_truncated(tmp_path: Path, name: str, keep: float) -> None:
    path = made(tmp_path, name, Toy())
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    if name == "csv":
        assert len(read(path)) <= N  # text may end anywhere
    else:
        one_line(path, "truncated or damaged|is no known format|claims", layout=layout(name))


@pytest.mark.parametrize("name", ALL)
def test_flipped_bytes_are_read_or_refused_in_one_line(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy())
    whole, rng = path.read_bytes(), np.random.default_rng(1)
    for _ in range(6):
        spoiled = bytearray(whole)
        for place in rng.integers(4, len(whole), 8):
            spoiled[place] = rng.integers(256)
        path.write_bytes(spoiled)
        try:
            read(path, unit="GeV")
        except (FileError, InputError) as error:
            assert "\n" not in str(error) and path.name in str(error)


def test_a_header_of_numpy_that_is_no_literal(tmp_path: Path) -> None:
    path = made(tmp_path, "energyflow", Toy())
    path.write_bytes(path.read_bytes().replace(b"(5, 3, 3), }", b"(5, 3, 3), ["))
    one_line(path, "truncated or damaged .npz file")


def test_keys_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "events.h5"
    with h5py.File(path, "w") as file:
        file[b"\xff\xfe"] = np.arange(3)
    one_line(path, "holds 0 pandas tables|has no 'b")


@pytest.mark.parametrize("name", ALL)
def test_empty(tmp_path: Path, name: str) -> None:
    path = tmp_path / "events.h5"
    path.write_bytes(b"")
    one_line(path, r"is empty \(0 bytes\)", layout=layout(name))


@pytest.mark.parametrize("name", ALL)
def test_another_layout_than_the_file_has(tmp_path: Path, name: str) -> None:
    wrong = "npy" if name != "npy" else "csv"
    one_line(made(tmp_path, name, Toy()), f"does not hold '{wrong}' but '", layout=wrong)


@pytest.mark.parametrize("name", ALL)
def test_missing_columns(tmp_path: Path, name: str) -> None:
    one_line(made(tmp_path, name, Toy()), "has no column 'ptt'", columns=["ptt"], layout=layout(name))


@pytest.mark.parametrize("name", ALL)
def test_mev(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy(pt=700_000.0))
    one_line(path, "too large for GeV. Pass unit='MeV', or unit='GeV'", layout=layout(name))
    found, meant = (read(made(tmp_path, name, toy), layout=layout(name), unit=unit) for toy, unit in TWICE)
    assert momentum(found) == pytest.approx(momentum(meant), rel=1e-5)
    assert read(made(tmp_path, name, Toy(pt=700_000.0)), layout=layout(name), unit="GeV") is not None


TWICE = ((Toy(pt=700_000.0), "MeV"), (Toy(pt=700.0), None))


def momentum(events: Events) -> float:
    """The first transverse momentum there is."""
    if events.constituents is not None:
        return float(events.constituents.pt[0])
    return float(next(events.features[name][0] for name in ("pt", "pt1") if name in events.features))


@pytest.mark.parametrize("name", [name for name in ALL if name not in ("lhco-features", "jetclass")])
def test_negative_momenta_and_energies(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy(second=-5.0))
    one_line(path, "-5.* event 2|event [24]", columns=COLUMNS.get(name), layout=layout(name))


@pytest.mark.parametrize("name", ALL)
def test_nan(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy(second=np.nan))
    one_line(path, "event [24]", columns=COLUMNS.get(name), layout=layout(name))


@pytest.mark.parametrize("name", LISTS)
def test_particles_come_sorted(tmp_path: Path, name: str) -> None:
    particles = read(made(tmp_path, name, Toy()), layout=layout(name)).constituents
    assert particles is not None and particles.counts.max() == 3
    for low, high in zip(particles.offsets[:-1], particles.offsets[1:], strict=True):
        assert np.all(np.diff(particles.pt[low:high]) <= 0)
    assert particles.pt[0] == pytest.approx(700.0)


@pytest.mark.parametrize("name", [name for name in LISTS if name not in ("lhco", "top-tagging")])
def test_lists_of_absurd_length(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy(particles=10_001))
    one_line(path, "has 10001 constituents", layout=layout(name))


@pytest.mark.parametrize("name", ["energyflow", "top-tagging"])
def test_jets_without_particles(tmp_path: Path, name: str) -> None:
    path = made(tmp_path, name, Toy(pt=0.0, second=5.0))
    one_line(path, "jet 0 of .* has no constituents")


def test_all_errors_are_ours() -> None:
    assert issubclass(FileError, StrangenessError) and issubclass(InputError, StrangenessError)
