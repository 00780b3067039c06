"""The shards of a part one after the other, made here or by several processes at once."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from strangeness.core.workers import apart
from strangeness.events.generation.catalogue import SEEDS_PER_PART, Part, Sample
from strangeness.events.generation.shards import read, refuse_nothing, shard, shard_path
from strangeness.events.generation.substructure import Columns

MOST_EMPTY = 3
"""Shards after which a run that selects nothing is given up."""


def shards_in_order(
    sample: Sample, part: Part, work: Path, seed: int, workers: int = 1
) -> Iterator[tuple[Columns, Counter[str]]]:
    """Yield shard 0, 1, 2 ... of a part, for ever; those that are there are read, the others made.

    Worker w of ``workers`` makes the shards w, w + workers ...: which process makes a shard changes nothing
    in it. Stop iterating to end the processes.

    Raises:
        InputError: where the first shards hold nothing.
        FileError, MissingDependency, Interrupted: as ``shard`` and ``apart``.
    """
    counts: Counter[str] = Counter()
    for number, (columns, passed) in enumerate(_made(sample, part, work, seed, workers)):
        counts += passed
        if number + 1 == MOST_EMPTY:
            refuse_nothing(part, counts)
        yield columns, passed


def _made(
    sample: Sample, part: Part, work: Path, seed: int, workers: int
) -> Iterator[tuple[Columns, Counter[str]]]:
    paths = (shard_path(sample, part, number, work, seed) for number in range(SEEDS_PER_PART))
    present = sum(1 for _ in itertools.takewhile(Path.exists, paths))
    for number in range(SEEDS_PER_PART if workers <= 1 else present):
        yield shard(sample, part, number, work, seed)
    if workers <= 1:
        return
    place, name = sample.parts.index(part), part.process.name
    jobs = [(f"{name} {w}", (sample, place, present + w, workers, work, seed)) for w in range(workers)]
    with closing(apart(fill, jobs, workers)) as running:
        for number in range(present, SEEDS_PER_PART):
            path = shard_path(sample, part, number, work, seed)
            while not path.exists():
                next(running)
            yield read(path)


def fill(sample: Sample, place: int, first: int, step: int, work: Path, seed: int) -> None:
    """Make the shards ``first``, ``first + step`` ... of part ``place`` until this process is ended."""
    for number in range(first, SEEDS_PER_PART, step):
        shard(sample, sample.parts[place], number, work, seed)
