"""Reading all columns of a large file in chunks, against the bare column read of pyarrow and of uproot."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import uproot

from benchmarks.timing import alternate, ratios_agree, seconds, speed_ratio
from harness.cases import Case, Raw
from strangeness.core.identity import identities
from strangeness.events import Events, read_chunks
from strangeness.events.parquet import write_parquet

ROWS, COLUMNS = 1_000_000, 10
REPETITIONS = 7
_CLUSTER = 100_000  # entries a basket of the ROOT file
STEADY = ratios_agree(2.5)


def columns(seed: int) -> dict[str, Any]:
    """Ten columns of numbers, every other one in single precision."""
    rng = np.random.default_rng(seed)
    kinds = (np.float64, np.float32)
    return {f"x{index}": rng.normal(size=ROWS).astype(kinds[index % 2]) for index in range(COLUMNS)}


def own_parquet(path: Path, values: dict[str, Any]) -> None:
    """As ``write_parquet`` stores events: identities and weights beside the features."""
    write_parquet(Events(values, identities("large", ROWS), np.ones(ROWS)), path)


def foreign_parquet(path: Path, values: dict[str, Any]) -> None:
    """As pyarrow writes a table by itself: no identities, one row group."""
    pq.write_table(pa.table(values), path)


def root(path: Path, values: dict[str, Any]) -> None:
    """A flat tree."""
    create: Any = uproot.recreate
    with create(path) as file:
        tree = file.mktree("events", {name: column.dtype for name, column in values.items()})
        for start in range(0, ROWS, _CLUSTER):
            tree.extend({name: column[start : start + _CLUSTER] for name, column in values.items()})


def bare_parquet(path: Path) -> list[Any]:
    """Every column as NumPy, with the threads that ours has: none."""
    with pq.ParquetFile(path) as file:
        return [column.to_numpy() for column in file.read(use_threads=False).columns]


def bare_root(path: Path) -> Any:
    """Every branch as NumPy."""
    opened: Any = uproot.open
    with opened(path) as file:
        return file["events"].arrays(library="np")


def ours(path: Path) -> int:
    """Every chunk, none kept."""
    return sum(len(events) for events in read_chunks(path))


def _against(
    write: Callable[[Path, dict[str, Any]], None], bare: Callable[[Path], Any], index: int, seed: int
) -> Raw:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "large"
        write(path, columns(seed))
        sides = partial(seconds, lambda: ours(path)), partial(seconds, lambda: bare(path))
        alternate(*sides, 1)
        return alternate(*sides, REPETITIONS)


def _case(name: str, row: str, write: Callable[..., None], bare: Callable[[Path], Any]) -> Case:
    return Case(
        name, (row,), partial(_against, write, bare), 3, lambda raws: {row: speed_ratio(raws)}, agree=STEADY
    )


CASES = [
    _case("read-parquet", "reading Parquet against pyarrow", own_parquet, bare_parquet),
    _case(
        "read-foreign-parquet",
        "reading Parquet without identities against pyarrow",
        foreign_parquet,
        bare_parquet,
    ),
    _case("read-root", "reading ROOT against uproot", root, bare_root),
]
