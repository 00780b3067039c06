"""Shards: pieces of a sample that are made whole or not at all, so that an interrupted run can go on."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.core.errors import FileError, InputError
from strangeness.core.files import written_whole
from strangeness.events.generation import pythia, selection
from strangeness.events.generation.assemble import joined
from strangeness.events.generation.catalogue import SEEDS_PER_PART, Part, Sample
from strangeness.events.generation.jet_hits import rows_with_hits
from strangeness.events.generation.substructure import Columns

FIRST_LOOK = 1000
"""Events after which a run that selects nothing is given up."""


def shard(sample: Sample, part: Part, number: int, work: Path, seed: int) -> tuple[Columns, Counter[str]]:
    """Shard ``number`` of ``part``: read from ``work`` if it is there, else generated and kept there.

    The rows depend on the sample, the seed and the number alone, never on which run made them.
    """
    path = shard_path(sample, part, number, work, seed)
    if not path.exists():
        columns, counts = generate(sample, part, number, seed)
        with written_whole(path) as temporary, open(temporary, "wb") as stream:
            np.savez_compressed(stream, allow_pickle=False, counts=np.array(json.dumps(counts)), **columns)
    return read(path)


def shard_path(sample: Sample, part: Part, number: int, work: Path, seed: int) -> Path:
    """The file of a shard: its folder names everything that the rows depend on."""
    return work / f"{part.process.name}-{sample.fingerprint(part, seed)}" / f"{number:05d}.npz"


def generate(sample: Sample, part: Part, number: int, seed: int) -> tuple[Columns, Counter[str]]:
    """Generate and select the events of one shard; ``event`` numbers the events of the part."""
    mine = seed + SEEDS_PER_PART * sample.parts.index(part) + number
    rng = np.random.default_rng([mine, 1])
    pieces: list[Columns] = []
    counts: Counter[str] = Counter()
    start = number * sample.shard_events
    for batch, tried in pythia.batches(
        part.process, mine, sample.shard_events, sample.batch_events, sample.early
    ):
        columns, passed = _rows(sample, part, batch, rng)
        columns["event"] += start
        start += len(batch)
        pieces.append(columns)
        counts += passed
        counts["generated"] += tried
        if number == 0 and start >= FIRST_LOOK:
            refuse_nothing(part, counts)
    return joined(pieces), counts


def _rows(sample: Sample, part: Part, batch: Any, rng: np.random.Generator) -> tuple[Columns, Counter[str]]:
    if not sample.hits:
        return selection.rows(batch, part.process, sample.cuts, rng, sample.detector)
    if not isinstance(sample.cuts, selection.JetCuts) or sample.detector is None:
        raise InputError(f"the sample '{sample.name}' cannot have hits", "Make single jets with a detector.")
    return rows_with_hits(batch, part.process, sample.cuts, rng, sample.detector)


def refuse_nothing(part: Part, counts: Counter[str]) -> None:
    """Refuse settings under which nothing was selected so far.

    Raises:
        InputError: when nothing was.
    """
    if not counts["matched"]:
        none = "none matches its parent" if counts["selected"] else "none passes the cuts"
        raise InputError(
            f"of {counts['generated']} events of '{part.process.name}' {none}",
            "Choose a pTHat window or masses that reach the cuts, or wider cuts.",
        )


def read(path: Path) -> tuple[Columns, Counter[str]]:
    """One shard from its file.

    Raises:
        FileError: when it cannot be read.
    """
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            columns: dict[str, Any] = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise FileError(f"cannot read the shard '{path}': {error}", "Delete it to make it again.") from error
    return columns, Counter(json.loads(str(columns.pop("counts"))))
