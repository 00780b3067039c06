"""NumPy files: layouts, chunks, and archives that lie."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_words, identities
from strangeness.events import concatenate_events, read, read_chunks

Writer = Callable[..., Path]


def test_one_array_a_column(npz: Writer, rng: np.random.Generator) -> None:
    mjj, mass = rng.normal(size=(2, 17))
    label = rng.integers(0, 2, 17)
    events = read(
        npz(
            mjj=mjj, mass=mass.astype(np.float32), label=label, weight=mass, id=np.arange(17, dtype=np.uint64)
        )
    )
    assert list(events.features) == ["mjj", "mass"]
    assert np.array_equal(events.features["mjj"], mjj)
    assert events.features["mass"].dtype == np.float32
    assert np.array_equal(events.truth, label)
    assert np.array_equal(events.weight, mass)
    assert np.array_equal(events.id, as_words(np.arange(17, dtype=np.uint64)))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("chunk", [1, 5, 17, 100])
def test_a_matrix_with_names(npz: Writer, rng: np.random.Generator, order: str, chunk: int) -> None:
    matrix = np.asarray(rng.normal(size=(17, 3)), order=order)  # type: ignore[call-overload]
    words = rng.integers(0, 2**32, (17, 2), dtype=np.uint32)
    path = npz(features=matrix, names=np.array(["a", "b", "label"]), id=words)
    truth = np.arange(17)
    path = npz(
        features=np.where([False, False, True], truth[:, None], matrix), names=["a", "b", "label"], id=words
    )
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert list(events.features) == ["a", "b"]
    assert np.array_equal(events.features["b"], matrix[:, 1])
    assert np.array_equal(events.truth, truth)
    assert np.array_equal(events.id, words)


def test_a_matrix_without_names_and_a_label_of_its_own(npz: Writer) -> None:
    path = npz(
        features=np.arange(8.0).reshape(4, 2), y=np.array([0, 1, 1, 0]), label=np.ones(4), edges=np.zeros(9)
    )
    events = read(path, label="y")
    assert list(events.features) == ["x0", "x1"]
    assert events.truth.tolist() == [0, 1, 1, 0]
    assert list(read(path, columns=["x1"], label=None).features) == ["x1"]
    assert read(path, label=None).truth is None


def test_names_as_bytes(npz: Writer) -> None:
    assert list(read(npz(features=np.zeros((2, 2)), names=np.array([b"mjj", b"mj1"]))).features) == [
        "mjj",
        "mj1",
    ]


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_bare_matrix(tmp_path: Path, rng: np.random.Generator, order: str) -> None:
    matrix = np.asarray(rng.normal(size=(11, 3)), order=order)  # type: ignore[call-overload]
    np.save(tmp_path / "m.npy", matrix)
    events = concatenate_events(list(read_chunks(tmp_path / "m.npy", 4)))
    assert list(events.features) == ["x0", "x1", "x2"]
    assert np.array_equal(np.stack(list(events.features.values()), axis=1), matrix)
    assert np.array_equal(events.id, identities("m", 11))


def test_a_vector_is_one_column(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.arange(3))
    assert read(tmp_path / "v.npy").features["x0"].tolist() == [0, 1, 2]


def test_a_column_of_a_bare_matrix_can_be_truth(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([[1.5, 0], [2.5, 1]]))
    events = read(tmp_path / "m.npy", label="x1")
    assert events.truth.tolist() == [0, 1] and list(events.features) == ["x0"]


def test_the_same_identities_whatever_the_chunk(npz: Writer) -> None:
    path = npz(mjj=np.arange(50.0))
    for chunk in (1, 7, 50):
        parts = list(read_chunks(path, chunk))
        assert np.array_equal(np.concatenate([part.id for part in parts]), identities("sample", 50))


def test_objects_are_refused_and_never_unpickled(npz: Writer, tmp_path: Path) -> None:
    objects = np.array([{"a": 1}, None], dtype=object)
    np.save(tmp_path / "o.npy", objects, allow_pickle=True)
    for path in (npz(mjj=objects), tmp_path / "o.npy", npz(features=np.zeros((2, 1)), names=objects)):
        with pytest.raises(FileError, match="holds Python objects, which may run code"):
            read(path)


def test_refusals(npz: Writer) -> None:
    x = np.arange(4.0)
    cases: list[tuple[dict[str, object], dict[str, object], str]] = [
        ({"mjj": x, "mj1": x[:3]}, {}, "'mjj' of .* has 4 rows and 'mj1' has 3"),
        ({"mjj": x, "label": x[:3]}, {}, "'mjj' of .* has 4 rows and 'label' has 3"),
        ({"mjj": x, "mass": x}, {"columns": ["masse"]}, "has no column 'masse'. .*mass"),
        ({"mjj": x}, {"columns": ["constituents"]}, "has no constituents"),
        ({"mjj": x[:0]}, {}, "holds no event"),
        ({"text": np.array(["a", "b"])}, {}, "has no column of numbers"),
        (
            {"features": np.zeros((4, 2)), "names": np.array(["a"])},
            {},
            "'names' of .* has 1 names for 2 features",
        ),
        ({"features": np.zeros((4, 2)), "names": np.array(["a", "a"])}, {}, "has 1 names for 2 features"),
        ({"features": np.zeros((4, 2)), "names": x}, {}, "'names' of .* is float64"),
        ({"features": np.array([["a"]])}, {}, "'features' of .* is <U1 of shape"),
        (
            {"mjj": np.array([1, np.nan]), "b": x[:2]},
            {"columns": ["mjj"]},
            "'mjj' of .* holds nan in event 1",
        ),
    ]
    for arrays, options, message in cases:
        path = npz(**arrays)
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, **options)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value) and "sample.npz" in str(caught.value)


def test_a_cube_is_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.zeros((2, 2, 2)))
    with pytest.raises(FileError, match=r"'array' of .* is float64 of shape \(2, 2, 2\)"):
        read(tmp_path / "m.npy")


@pytest.mark.parametrize("keep", [0.3, 0.6, 0.95])
def test_truncated_files_are_refused(npz: Writer, tmp_path: Path, keep: float) -> None:
    np.save(tmp_path / "m.npy", np.arange(4000.0))
    for path in (npz(mjj=np.random.default_rng(1).normal(size=4000)), tmp_path / "m.npy"):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(keep * len(whole))])
        with pytest.raises(FileError, match=r"truncated or damaged|claims shape") as caught:
            read(path)
        assert "\n" not in str(caught.value)


def test_a_flipped_byte_is_found_by_the_sum(npz: Writer, tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, mjj=np.arange(4000.0))
    raw = bytearray(path.read_bytes())
    raw[20_000] ^= 1
    path.write_bytes(raw)
    with pytest.raises(FileError, match=r"truncated or damaged .npz"):
        read(path)
    squeezed = npz(mjj=np.random.default_rng(0).normal(size=4000))
    raw = bytearray(squeezed.read_bytes())
    raw[5_000:5_040] = bytes(40)
    squeezed.write_bytes(raw)
    with pytest.raises(FileError, match=r"truncated or damaged .npz"):
        read(squeezed)


def _archive(path: Path, name: str, header: dict[str, object], body: bytes) -> Path:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, header)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.npy", buffer.getvalue() + body)
    return path


def test_a_header_that_claims_too_much_is_refused(tmp_path: Path) -> None:
    header = {"shape": (10**13,), "fortran_order": False, "descr": "<f8"}
    with pytest.raises(FileError, match=r"'mjj' of .* claims shape \(10000000000000,\)"):
        read(_archive(tmp_path / "a.npz", "mjj", header, bytes(80)))
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {**header, "shape": (2**40, 2**40)})
    (tmp_path / "b.npy").write_bytes(buffer.getvalue() + bytes(80))
    with pytest.raises(FileError, match="claims shape"):
        read(tmp_path / "b.npy")


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.columns.ABSURD_BYTES", 2**20)
    n = 2**19
    bomb = _archive(
        tmp_path / "a.npz", "mjj", {"shape": (n,), "fortran_order": False, "descr": "<f8"}, bytes(8 * n)
    )
    with pytest.raises(FileError, match="claims to unpack to 4194432"):
        read(bomb)


def test_unknown_versions_of_the_format_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x03\x00" + bytes(100))
    with pytest.raises(FileError, match=r"has the .npy version \(3, 0\)"):
        read(tmp_path / "a.npy")
