"""pandas tables in HDF5 without pandas: keys, links, foreign storage, pickles and lies."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from strangeness.core.errors import FileError
from strangeness.events import read

N = 2100


def fill(group: h5py.Group, rows: int = 2) -> None:
    group["block0_items"] = np.arange(N)
    group["block0_values"] = np.ones((rows, N))


def test_the_key_is_found_wherever_it_is(tmp_path: Path) -> None:
    for key in ("df", "table0", "some key"):
        with h5py.File(tmp_path / "a.h5", "w") as file:
            fill(file.create_group(key))
            file["notes"] = np.arange(3)
        assert len(read(tmp_path / "a.h5")) == 2
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
    assert len(read(tmp_path / "a.h5")) == 2


Spoil = Callable[[h5py.File], object]


def _soft(file: h5py.File) -> None:
    fill(file.create_group("df"))
    file["again"] = h5py.SoftLink("/df")


def _external(file: h5py.File) -> None:
    file["df"] = h5py.ExternalLink("other.h5", "/df")


def _inner_external(file: h5py.File) -> None:
    file.create_group("df")["block0_items"] = np.arange(N)
    file["df/block0_values"] = h5py.ExternalLink("other.h5", "/df/block0_values")


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2, N), float)
    layout[:] = h5py.VirtualSource("other.h5", "df/block0_values", (2, N))
    file.create_group("df")["block0_items"] = np.arange(N)
    file["df"].create_virtual_dataset("block0_values", layout)  # type: ignore[union-attr]


def _foreign(file: h5py.File) -> None:
    file.create_group("df")["block0_items"] = np.arange(N)
    file["df"].create_dataset(  # type: ignore[union-attr]
        "block0_values", (2, N), float, external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    )


def _objects(file: h5py.File) -> None:
    fill(file.create_group("df"))
    del file["df/block0_items"]
    file["df"].create_dataset("block0_items", (1,), h5py.vlen_dtype(np.uint8))  # type: ignore[union-attr]


def _group_for_array(file: h5py.File) -> None:
    fill(file.create_group("df"))
    del file["df/block0_items"]
    file.create_group("df/block0_items")


def _no_items(file: h5py.File) -> None:
    file["df/block0_values"] = np.ones((2, N))


def _two(file: h5py.File) -> None:
    fill(file.create_group("a"))
    fill(file.create_group("b"))


def _shapes(file: h5py.File) -> None:
    file["df/block0_items"], file["df/block0_values"] = np.arange(N), np.ones((2, 7))


def _lengths(file: h5py.File) -> None:
    fill(file.create_group("df"))
    file["df/block1_items"], file["df/block1_values"] = np.array([N]), np.ones((3, 1))


def _huge(file: h5py.File) -> None:
    file.create_group("df")["block0_items"] = np.arange(N)
    file["df"].create_dataset("block0_values", (10**9, N), float, chunks=(1, N))  # type: ignore[union-attr]


def _plain_table(file: h5py.File) -> None:
    file["df/table"] = np.ones(4)


def _pickle(kind: bytes | None) -> Spoil:
    def spoil(file: h5py.File) -> None:
        file["df/table"] = np.zeros(2, [("index", "<i8"), ("values_block_0", "<f8", (3,))])
        if kind is not None:
            file["df/table"].attrs["values_block_0_kind"] = np.bytes_(kind)

    return spoil


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_soft, "'again' of .* is a link, which is not followed"),
        (_external, "'df' of .* is a link"),
        (_inner_external, "'block0_values' of .* is a link"),
        (_virtual, "'block0_values' of .* keeps its data in another file"),
        (_foreign, "'block0_values' of .* keeps its data in another file"),
        (_objects, "'block0_items' of .* holds objects"),
        (_group_for_array, "'block0_items' of .* is not an array"),
        (_no_items, "has no 'block0_items'. Did you mean"),
        (_two, r"holds 2 pandas tables \(a, b\)"),
        (lambda file: None, r"holds 0 pandas tables \(its keys: none\)"),
        (lambda file: file.create_dataset("x", data=[1.0]), r"holds 0 pandas tables \(its keys: x\)"),
        (_shapes, r"'block0_values' of .* is float64 of shape \(2, 7\) for 2100 columns"),
        (_lengths, r"blocks of .* have \[2, 3\] rows"),
        (_huge, "claims to unpack to 16800000000000"),
        (_plain_table, "'table' of .* holds no records"),
        (_pickle(None), "the names of the 3 columns in 'values_block_0' of .* cannot be read"),
        (_pickle(b"junk"), "the names of the 3 columns"),
        (_pickle(b"(lp0\nVa\np1\na."), "the names of the 3 columns"),
        (_pickle(b"cos\nsystem\n(S'exit 1'\ntR."), "the names of the 3 columns"),
        (_pickle(b"(lVa\naVb\naVc\na."), "is no LHC Olympics or top tagging file: it has 3 columns"),
    ],
)
def test_refusals(tmp_path: Path, spoil: Spoil, message: str) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as other:
        fill(other.create_group("df"))
    with h5py.File(tmp_path / "a.h5", "w") as file:
        spoil(file)
    with pytest.raises(FileError, match=message) as caught:
        read(tmp_path / "a.h5")
    assert "\n" not in str(caught.value) and "a.h5" in str(caught.value)


@pytest.mark.parametrize("keep", [0.02, 0.3, 0.9])
def test_truncated_files_are_refused(tmp_path: Path, keep: float) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file.create_group("df"), 20)
    whole = (tmp_path / "a.h5").read_bytes()
    (tmp_path / "a.h5").write_bytes(whole[: int(keep * len(whole))])
    with pytest.raises(FileError, match="truncated or damaged HDF5") as caught:
        read(tmp_path / "a.h5")
    assert "\n" not in str(caught.value)
