"""CSV files: separators, gzip, missing cells, rows that do not fit."""

import gzip
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from strangeness.core.errors import FileError, InputError
from strangeness.core.identity import as_uint64
from strangeness.events import concatenate_events, read, read_chunks

SHARED = Path(os.environ.get("STRANGENESS_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def text(tmp_path: Path) -> Callable[..., Path]:
    """Writes a CSV file."""

    def write(content: str, name: str = "a.csv", *, zipped: bool = False) -> Path:
        path, raw = tmp_path / name, content.encode()
        path.write_bytes(gzip.compress(raw) if zipped else raw)
        return path

    return write


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("chunk", [1, 2, 100])
def test_numbers_come_back(text: Callable[..., Path], mark: str, zipped: bool, chunk: int) -> None:
    rows = ["mjj, a ,id,label,weight,name", "3000,1,7,0,0.5,x", "4000.5,2,8,1,1.5,y", "5e3,-3,9,1,2,z"]
    path = text("\r\n".join(rows).replace(",", mark) + "\n", "numbers.h5", zipped=zipped)
    events = concatenate_events(list(read_chunks(path, chunk)))
    assert {name: values.tolist() for name, values in events.features.items()} == {
        "mjj": [3000, 4000.5, 5000],
        "a": [1, 2, -3],
    }
    assert as_uint64(events.id).tolist() == [7, 8, 9]
    assert events.truth.tolist() == [0, 1, 1] and events.weight.tolist() == [0.5, 1.5, 2]
    assert events.provenance["format"] == "csv"
    assert list(read(path, columns=["a"], label=None).features) == ["a"]


def test_a_mark_before_the_text_and_a_column_without_a_name_are_skipped(text: Callable[..., Path]) -> None:
    events = read(text("\ufeff,mjj,b\n0,3000,True\n1,4000,False\n"))
    assert list(events.features) == ["mjj", "b"] and events.features["b"].tolist() == [1, 0]


def test_missing_cells_are_refused_where_they_are_used(text: Callable[..., Path]) -> None:
    path = text("a,b\n1,2\n,3\nnan,4\n")
    assert np.isnan(read(path).features["a"]).tolist() == [False, True, True]
    assert read(path, columns=["b"]).features["b"].tolist() == [2, 3, 4]
    with pytest.raises(FileError, match=r"'a' of .* holds nan in event 1"):
        read(path, columns=["a"])
    with pytest.raises(InputError, match=r"'a' holds nan in event 1"):
        read(path).column("a")


def test_decimals_may_come_late(text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.text._BLOCK", 64)
    path = text("a,b\n" + "1,\n" * 200 + "1.5,2\n")
    events = read(path)
    assert events.features["a"][-1] == 1.5 and events.features["b"][-1] == 2


def test_refusals(text: Callable[..., Path]) -> None:
    zipped = gzip.compress(b"a,b\n" + b"1,2\n" * 9999)
    half = text("", "half.gz")
    half.write_bytes(zipped[: len(zipped) // 2])
    cases = [
        (text("1,2\n3,4\n", "b"), None, "has no header"),
        (text("a,b\n", "c"), None, "has no column of numbers|holds no event"),
        (text("a,b,a\n1,2,3\n", "d"), None, "has two columns 'a'"),
        (
            text("a,b\n1,2\n3\n", "e"),
            None,
            r"is not a table of numbers \(.*Row #3: Expected 2 columns, got 1",
        ),
        (text("a,b\n1,2\n3,4,5\n", "f"), None, r"Row #3: Expected 2 columns, got 3"),
        (text("a,b\nx,y\n", "g"), None, "has no column of numbers"),
        (text("mjj,b\n1,2\n", "h"), ["mj"], "has no column 'mj'. Did you mean mjj"),
        (text("a,b\n1,2\n", "i"), ["constituents"], "has no constituents"),
        (text("pt,b\n1,2\n-3,1\n", "j"), ["pt"], "'pt' of .* holds -3 in event 1"),
        (text("a,id\n1,2\n3,\n", "k"), None, "'id' of .* has missing values|'id'"),
        (text("a,label\n1,0.5\n", "l"), None, "the label 'label' of .* is 0.5 in event 0"),
        (half, None, "truncated or damaged CSV file"),
    ]
    for path, columns, message in cases:
        with pytest.raises((FileError, InputError), match=message) as caught:
            read(path, columns=columns)
        assert "\n" not in str(caught.value) and path.name in str(caught.value)


def test_text_that_appears_late_names_its_row(
    text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strangeness.events.text._BLOCK", 64)
    with pytest.raises(FileError, match=r"Row #102: CSV conversion error to double: invalid value 'x'"):
        read(text("a,b\n" + "1,2\n" * 100 + "x,2\n"))


def test_one_endless_line_is_refused(text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.text._BLOCK", 1000)
    with pytest.raises(FileError, match=r"is not a table of numbers"):
        read(text("a,b\n" + "1" * 5000 + ",2\n", zipped=True))


def test_chunks_do_not_hold_the_file(text: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strangeness.events.text._BLOCK", 65_536)
    path = text("a,b\n" + "1.25,2.5\n" * 200_000)
    tracemalloc.start()
    seen = sum(len(part) for part in read_chunks(path, 4000, unit="GeV"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # Two columns of 200,000 double numbers are 3.2 MB; a step of 4,000 is 64 kB and a few copies.
    assert seen == 200_000 and peak < 3.2e6 / 4


@pytest.mark.parametrize(("name", "rows"), [("ttbar_background", 51_852), ("heavy_higgs_2500", 9_500)])
def test_the_dilepton_files(name: str, rows: int) -> None:
    path = SHARED / f"dilepton_{name}.csv.gz"
    if not path.exists():
        pytest.skip(f"no {path}")
    events = read(path)
    assert len(events) == rows
    assert list(events.features)[:3] == ["lep1pt", "lep2pt", "theta_ll"] and len(events.features) == 9
    first = gzip.decompress(path.read_bytes()).splitlines()[1].split(b",")[1:]
    assert [column[0] for column in events.features.values()] == [float(cell) for cell in first]
