"""Which reader reads what, and what is refused before any does."""

import gzip
import tracemalloc
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.events import Events, read, read_chunks
from strangeness.events.parquet import write_parquet


def test_the_content_decides_not_the_suffix(events: Events, tmp_path: Path) -> None:
    write_parquet(events, tmp_path / "parquet.h5")
    with open(tmp_path / "npz.parquet", "wb") as stream:
        np.savez(stream, mjj=np.arange(3.0))
    with open(tmp_path / "npy.npz", "wb") as stream:
        np.save(stream, np.ones((3, 2)))
    for name, layout in (("parquet.h5", "parquet"), ("npz.parquet", "npz"), ("npy.npz", "npy")):
        assert read(tmp_path / name).provenance["format"] == layout
        assert read(tmp_path / name, layout=layout).provenance["file"] == name


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"is empty \(0 bytes\)"),
        (b"MZ\x90\0\3", r"is no known format \(it starts with b'MZ"),
        (b"\xff\xfem\0", "is no known format"),
        (b"\x1f\x8b junk", "truncated or damaged gzip file"),
        (gzip.compress(b"PK\3\4", mtime=0), "is no known format"),
        (b"root\0\0\0\0", "truncated or damaged ROOT file"),
        (b"P", "is not a table of numbers"),
        (b"\n\n", "is no known format"),
        (b"PAR1" + bytes(50), "truncated or damaged Parquet file"),
        (b"PAR1", "truncated or damaged Parquet file"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "truncated or damaged HDF5 file"),
        (b"PK\x03\x04" + bytes(50), "truncated or damaged .npz file"),
        (b"\x93NUMPY", "truncated or damaged .npy file"),
        (b"\x93NUMPY\x01\x00\x10\x00{'shape': 1}    ", "truncated or damaged .npy file"),
    ],
)
def test_files_that_are_none_of_ours(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "sample.parquet"
    path.write_bytes(content)
    with pytest.raises(FileError, match=message) as caught:
        read(path)
    assert "\n" not in str(caught.value) and "sample.parquet" in str(caught.value)


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
def test_truncated_parquet(events: Events, tmp_path: Path, keep: float) -> None:
    path = tmp_path / "a.parquet"
    write_parquet(events, path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(FileError, match="truncated or damaged Parquet") as caught:
        read(path)
    assert "\n" not in str(caught.value)


def test_damage_inside_parquet(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    whole = Events(
        {"x": np.random.default_rng(0).normal(size=5000)}, np.zeros((5000, 2), np.uint32), np.ones(5000)
    )
    write_parquet(whole, path)
    raw = bytearray(path.read_bytes())
    raw[200:600] = bytes(400)
    path.write_bytes(raw)
    with pytest.raises(FileError, match="truncated or damaged Parquet"):
        read(path)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"no file '.*missing.parquet'. Check the path"):
        read(tmp_path / "missing.parquet")
    with pytest.raises(FileError, match="is a folder"):
        read(tmp_path)


def test_a_failing_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.npz").write_bytes(b"PK")

    def failing(*_: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("strangeness.events.detect.open", failing, raising=False)
    with pytest.raises(FileError, match=r"cannot read '.*a.npz': Input/output error"):
        read(tmp_path / "a.npz")


def test_arguments_are_checked_before_the_first_chunk(events: Events, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    write_parquet(events, path)
    with pytest.raises(InputError, match="'chunk' is 0"):
        read_chunks(path, 0)
    with pytest.raises(InputError, match=r"unknown layout 'parket'. Did you mean parquet"):
        read_chunks(path, layout="parket")
    with pytest.raises(FileError, match="does not hold 'npz' but 'parquet'"):
        read_chunks(path, layout="npz")
    for columns in ([], "mjj"):
        with pytest.raises(InputError, match="'columns' is"):
            read_chunks(path, columns=columns)
    with pytest.raises(FileError, match="no file"):
        read_chunks(tmp_path / "missing")


@pytest.mark.parametrize("kind", ["npz", "npy", "npy by columns", "h5"])
def test_chunks_do_not_hold_the_file(tmp_path: Path, kind: str) -> None:
    n, path = (600, tmp_path / "a.h5") if kind == "h5" else (100_000, tmp_path / "a")
    matrix = np.random.default_rng(0).uniform(size=(n, 2100 if kind == "h5" else 10))
    if kind == "h5":
        with h5py.File(path, "w") as file:
            file["df/block0_items"], file["df/block0_values"] = np.arange(2100), matrix
    else:
        with open(path, "wb") as stream:
            if kind == "npz":
                np.savez(stream, features=matrix)
            else:
                np.save(stream, matrix if kind == "npy" else np.asfortranarray(matrix))
    size = matrix.nbytes  # 8 to 10 MB
    del matrix
    tracemalloc.start()
    seen = sum(len(part) for part in read_chunks(path, n // 60))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # A chunk is a sixtieth of the file; its bytes, its numbers and their copies stay far below a fifth.
    assert seen == n and peak < size / 5


def test_what_the_file_says_of_itself_is_kept(events: Events, tmp_path: Path) -> None:
    write_parquet(replace(events, provenance={**events.provenance, "layout": "jets"}), tmp_path / "a.parquet")
    own = {"generator": "toy", "seed": 3, "layout": "jets"}
    provenance = {**own, "name": "a", "file": "a.parquet", "format": "parquet"}
    assert read(tmp_path / "a.parquet").provenance == provenance
