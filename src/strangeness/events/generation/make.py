"""One command from nothing to a sample file, resumable at any moment."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.core.errors import Interrupted
from strangeness.events.generation import store
from strangeness.events.generation.assemble import assembled, joined
from strangeness.events.generation.catalogue import Part, Sample, named
from strangeness.events.generation.claim import claimed
from strangeness.events.generation.in_order import shards_in_order
from strangeness.events.generation.progress import Report, progress
from strangeness.events.generation.stream import streamed
from strangeness.events.generation.substructure import Columns


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
    workers: int = 1,
    quiet: bool = False,
) -> dict[str, Any]:
    """Make the sample ``name`` and write it to the Parquet file ``out``; return the file's metadata.

    Shards are kept in ``work``: a run that was stopped or killed goes on where it was, with the same result
    as one that was not, on any number of processes (``workers``). Progress goes to standard error, unless
    ``quiet``.

    Raises:
        InputError: for an unknown name, when the cuts leave nothing, or an unfinished run into ``out`` had
            other settings.
        MissingDependency: without the extra ``generate``.
        FileError: when a file cannot be written, a shard cannot be read, or another run writes ``out``.
        Interrupted: when it was stopped with Ctrl-C.
    """
    sample = named(name) if isinstance(name, str) else name
    folder = Path(work) if work is not None else default_work()
    try:
        with claimed(out, sample.describe(seed)), progress(quiet) as report:
            if sample.grid is None and len(sample.parts) == 1:
                return streamed(sample, out, folder, seed, workers, report)
            made = [made_part(sample, part, folder, seed, workers, report) for part in sample.parts]
            columns, metadata = assembled(sample, made, seed)
            store.write(columns, metadata, out)
            return metadata
    except KeyboardInterrupt as error:
        raise Interrupted(
            f"making '{sample.name}' was stopped", "Run the same command again: it goes on where it was."
        ) from error


def made_part(
    sample: Sample, part: Part, work: Path, seed: int, workers: int, report: Report
) -> tuple[Columns, Counter[str]]:
    """As many shards of one part as it needs, in order, and the sum of their counts."""
    pieces: list[Columns] = []
    counts: Counter[str] = Counter()
    cells: Counter[int] = Counter()
    report(part.process.name, 0.0, 0)
    for columns, passed in shards_in_order(sample, part, work, seed, workers):
        pieces.append(columns)
        counts += passed
        cells.update(cells_of(sample, columns).tolist())
        done = share(sample, part, cells)
        report(part.process.name, done, cells.total())
        if done >= 1.0:
            break
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
