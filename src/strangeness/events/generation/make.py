"""One command from nothing to a sample file, resumable at any moment."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.core.errors import InputError, Interrupted
from strangeness.events.generation import store
from strangeness.events.generation.assemble import assembled, joined
from strangeness.events.generation.catalogue import Part, Sample, named
from strangeness.events.generation.progress import Report, progress
from strangeness.events.generation.shards import shard
from strangeness.events.generation.substructure import Columns

MOST_EMPTY_SHARDS = 3


def default_work() -> Path:
    """Where shards are kept unless another folder is named: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "strangeness" / "generation"


def make_sample(
    name: str | Sample,
    out: str | os.PathLike[str],
    work: str | os.PathLike[str] | None = None,
    *,
    seed: int = 1,
) -> dict[str, Any]:
    """Make the sample ``name`` and write it to the Parquet file ``out``; return the file's metadata.

    Shards are kept in ``work``: a run that was stopped goes on where it was, with the same result as one that
    was not. Progress goes to standard error.

    Raises:
        InputError: for an unknown name, or when the cuts leave nothing.
        MissingDependency: without the extra ``generate``.
        FileError: when a file cannot be written or a shard cannot be read.
        Interrupted: when it was stopped with Ctrl-C.
    """
    sample = named(name) if isinstance(name, str) else name
    folder = Path(work) if work is not None else default_work()
    try:
        with progress() as report:
            made = [made_part(sample, part, folder, seed, report) for part in sample.parts]
    except KeyboardInterrupt as error:
        raise Interrupted(
            f"making '{sample.name}' was stopped", "Run the same command again: it goes on where it was."
        ) from error
    columns, metadata = assembled(sample, made, seed)
    store.write(columns, metadata, out)
    return metadata


def made_part(
    sample: Sample, part: Part, work: Path, seed: int, report: Report
) -> tuple[Columns, Counter[str]]:
    """As many shards of one part as it needs, in order, and the sum of their counts."""
    pieces: list[Columns] = []
    counts: Counter[str] = Counter()
    cells: Counter[int] = Counter()
    while (done := share(sample, part, cells)) < 1.0:
        report(part.process.name, done, cells.total())
        if len(pieces) >= MOST_EMPTY_SHARDS and cells.total() == 0:
            raise InputError(
                f"no event of '{part.process.name}' passes the cuts", "Choose other masses or wider cuts."
            )
        columns, passed = shard(sample, part, len(pieces), work, seed)
        pieces.append(columns)
        counts += passed
        cells.update(cells_of(sample, columns).tolist())
    report(part.process.name, 1.0, cells.total())
    counts["shards"] = len(pieces)
    return joined(pieces), counts


def share(sample: Sample, part: Part, cells: Counter[int]) -> float:
    """How much of what a part needs is there, 0 to 1; ``cells`` counts the rows of each cell."""
    if sample.grid is None:
        return min(1.0, cells[0] / part.number)
    emptiest = min(cells[cell] for cell in range(sample.grid.size))
    return min(1.0, emptiest / sample.grid.per_cell(part.number))


def cells_of(sample: Sample, columns: Columns) -> np.ndarray:
    """The cell of each row: all in cell 0 where the sample has no grid."""
    if sample.grid is None:
        return np.zeros(len(columns["event"]), dtype=np.int64)
    return sample.grid.cells(columns["pt"], columns["eta"])
