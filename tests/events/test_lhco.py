"""LHC Olympics HDF5 files, written here as pandas lays them out: particles and features, fixed and table."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import identities
from strangeness.events import concatenate_events, read, read_chunks
from strangeness.events.lhco import derived

NAMES = [f"{name}j{jet}" for jet in (1, 2) for name in ("px", "py", "pz", "m", "tau1", "tau2", "tau3")]


def particles(n: int, seed: int = 0) -> tuple[np.ndarray, list[np.ndarray]]:
    """Zero-padded rows (n, 2100) and the particles of each event (k, 3)."""
    rng = np.random.default_rng(seed)
    lists = [rng.uniform(0.5, 3.0, (count, 3)).astype(np.float32) for count in rng.integers(0, 12, n)]
    lists = [cells[np.argsort(-cells[:, 0])] for cells in lists]
    rows = np.zeros((n, 700, 3))
    for row, cells in zip(rows, lists, strict=True):
        row[: len(cells)] = cells
    return rows.reshape(n, 2100), lists


def fixed(path: Path, values: np.ndarray, names: Any, key: str = "df", **storage: Any) -> Path:
    with h5py.File(path, "w") as file:
        group = file.create_group(key)
        for name in ("axis0", "block0_items"):
            group[name] = np.asarray(names)
        group["axis1"] = np.arange(len(values))
        group.create_dataset("block0_values", data=values, **storage)
    return path


def table(path: Path, values: np.ndarray, kind: bytes | None = None, **own: np.ndarray) -> Path:
    dtype = [("index", "<i8"), ("values_block_0", "<f8", (values.shape[1],))] + [(n, "<f8") for n in own]
    records = np.zeros(len(values), dtype)
    records["values_block_0"] = values
    for name, column in own.items():
        records[name] = column
    with h5py.File(path, "w") as file:
        data = file.create_group("df").create_dataset("table", data=records)
        if kind is not None:
            data.attrs["values_block_0_kind"] = np.bytes_(kind)
    return path


def pickled(names: list[str]) -> bytes:
    """A list of text in pickle's protocol 0, as PyTables stores attributes."""
    return b"(lp0\n" + b"".join(b"V%s\np%d\na" % (n.encode(), i + 1) for i, n in enumerate(names)) + b"."


def jets(n: int, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    momenta = rng.normal(0.0, 1500.0, (n, 2, 3))
    rest = rng.uniform([20, 0.5, 0.2, 0.1], [500, 1.0, 0.5, 0.2], (n, 2, 4))
    return np.concatenate([momenta, rest], axis=2).reshape(n, 14)


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("layout", ["fixed", "fixed, two blocks", "table"])
@pytest.mark.parametrize("chunk", [4, 1000])
def test_particles(tmp_path: Path, labelled: bool, layout: str, chunk: int) -> None:
    rows, lists = particles(9)
    truth = np.arange(9) % 2
    values = np.column_stack([rows, truth]) if labelled else rows
    path = tmp_path / "events.h5"
    if layout == "table":
        table(path, values)
    else:
        fixed(path, values, np.arange(values.shape[1]))
    if layout == "fixed, two blocks" and labelled:
        fixed(path, rows, np.arange(2100))
        with h5py.File(path, "a") as file:
            file["df/block1_items"], file["df/block1_values"] = np.array([2100]), truth[:, None]
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert events.features == {}
    assert np.array_equal(events.truth, truth) if labelled else events.truth is None
    assert np.array_equal(events.id, identities("events", 9))
    found = events.constituents
    assert found is not None and not found.relative
    assert np.array_equal(found.counts, [len(cells) for cells in lists])
    expected = np.concatenate(lists)
    for axis, name in enumerate(("pt", "eta", "phi")):
        assert np.array_equal(getattr(found, name), expected[:, axis])


def test_particles_of_many_events_are_read_in_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.lhco._STEP", 4)
    rows, lists = particles(11)
    events = read(fixed(tmp_path / "a.h5", rows, np.arange(2100), compression="gzip"))
    assert events.constituents is not None
    assert np.array_equal(events.constituents.pt, np.concatenate(lists)[:, 0])


def test_columns_stand_by_number_not_by_place(tmp_path: Path) -> None:
    rows, lists = particles(5)
    order = np.random.default_rng(3).permutation(2100)
    events = read(fixed(tmp_path / "a.h5", rows[:, order], order))
    assert events.constituents is not None
    assert np.array_equal(events.constituents.eta, np.concatenate(lists)[:, 1])


def test_derived_quantities_against_four_vectors_one_by_one() -> None:
    values = jets(6)
    out = derived(dict(zip(NAMES, values.T, strict=True)))
    for row, event in enumerate(values):
        total = np.zeros(4)
        for jet in (1, 2):
            px, py, pz, mass, tau1, tau2, tau3 = event[7 * (jet - 1) : 7 * jet]
            p = np.sqrt(px**2 + py**2 + pz**2)
            total += [np.sqrt(p**2 + mass**2), px, py, pz]
            # -ln tan(theta / 2): another form of the same definition; double precision.
            eta = -np.log(np.tan(0.5 * np.arccos(pz / p)))
            assert out[f"eta{jet}"][row] == pytest.approx(eta, rel=1e-9)
            assert out[f"pt{jet}"][row] == pytest.approx(np.sqrt(px**2 + py**2), rel=1e-12)
            assert out[f"mj{jet}"][row] == mass
            assert out[f"tau21_{jet}"][row] == tau2 / tau1
            assert out[f"tau32_{jet}"][row] == tau3 / tau2
        squared = total[0] ** 2 - total[1:] @ total[1:]
        assert out["mjj"][row] == pytest.approx(np.sqrt(squared), rel=1e-9)


def test_a_jet_without_subjettiness_has_ratio_zero() -> None:
    columns = dict(zip(NAMES, jets(2).T, strict=True))
    columns["tau1j1"] = np.array([0.0, 1.0])
    assert derived(columns)["tau21_1"][0] == 0.0


@pytest.mark.parametrize("layout", ["fixed", "table", "table with columns of their own"])
def test_features(tmp_path: Path, layout: str) -> None:
    values, truth, path = jets(8), np.arange(8) % 2, tmp_path / "a.features.h5"
    if layout == "fixed":
        fixed(path, np.column_stack([values, truth]), np.array([*NAMES, "label"], "S"))
    elif layout == "table":
        table(path, np.column_stack([values, truth]), pickled([*NAMES, "label"]))
    else:
        table(path, values, pickled(NAMES), label=truth)
    events = concatenate_events(list(read_chunks(path, 3)))
    assert np.array_equal(events.truth, truth)
    assert list(events.features)[:14] == NAMES
    assert {
        "mjj",
        "mj1",
        "mj2",
        "pt1",
        "pt2",
        "eta1",
        "eta2",
        "tau21_1",
        "tau32_1",
        "tau21_2",
        "tau32_2",
    } <= set(events.features)
    assert np.array_equal(events.features["pzj2"], values[:, NAMES.index("pzj2")])
    assert events.constituents is None
    chosen = read(path, columns=["mjj", "tau21_2"], layout="lhco-features", label=None)
    assert list(chosen.features) == ["mjj", "tau21_2"] and chosen.truth is None
    assert np.array_equal(chosen.features["mjj"], events.features["mjj"])


def test_refusals(tmp_path: Path) -> None:
    raw = fixed(tmp_path / "raw.h5", particles(3)[0], np.arange(2100))
    jet = fixed(tmp_path / "jet.h5", jets(3), np.array(NAMES, "S"))
    spoiled = particles(3)[0]
    spoiled[1, 4] = np.nan
    at_rest = jets(3)
    at_rest[2, :3] = 0.0
    labels = np.column_stack([jets(3), [0, np.nan, 1]])
    cases: list[tuple[Path, dict[str, Any], str]] = [
        (jet, {"columns": ["mj"]}, "has no column 'mj'. Did you mean"),
        (jet, {"columns": ["constituents"]}, "has no constituents"),
        (jet, {"label": "signal"}, "no label column 'signal'"),
        (raw, {"columns": ["mjj"]}, "has no column 'mjj'"),
        (raw, {"label": "signal"}, "no label column 'signal'"),
        (raw, {"layout": "lhco-features"}, "does not hold 'lhco-features' but 'lhco'"),
        (
            fixed(tmp_path / "a.h5", jets(3)[:, :2], np.array(["a", "b"], "S")),
            {},
            r"no LHC Olympics or top tagging file: it has 2 columns \(a, b",
        ),
        (fixed(tmp_path / "b.h5", spoiled, np.arange(2100)), {}, "holds NaN or infinite particles"),
        (
            fixed(tmp_path / "c.h5", at_rest, np.array(NAMES, "S")),
            {"columns": ["eta1"]},
            "'eta1' .* in event 2",
        ),
        (fixed(tmp_path / "d.h5", labels, np.array([*NAMES, "label"], "S")), {}, "'label' .* nan in event 1"),
        (
            fixed(tmp_path / "e.h5", np.zeros((0, 2100)), np.arange(2100)),
            {},
            "holds no event|is not an array",
        ),
    ]
    for path, options, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)
