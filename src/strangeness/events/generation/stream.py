"""A file of one class written shard by shard, so that a million events need the memory of one shard."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.core.files import written_whole
from strangeness.core.identity import as_uint64, identities
from strangeness.events.generation import store
from strangeness.events.generation.catalogue import Part, Sample
from strangeness.events.generation.in_order import shards_in_order
from strangeness.events.generation.progress import Report
from strangeness.events.generation.shards import read, shard_path
from strangeness.events.generation.substructure import Columns, owner, taken


def streamed(
    sample: Sample,
    out: str | os.PathLike[str],
    work: Path,
    seed: int,
    workers: int,
    report: Report,
) -> dict[str, Any]:
    """Make the only part of ``sample`` and write its first rows to ``out``; return the file's metadata.

    Identities depend on the settings, the seed and the place of an event, so that a longer file begins with
    the events of a shorter one.
    """
    part = sample.parts[0]
    counts, rows = _made(sample, part, work, seed, workers, report)
    metadata = sample.describe(seed)
    metadata["parts"][0] |= {**counts, "kept": part.number, "shards": len(rows)}
    name = f"{part.process.name}-{sample.fingerprint(part, seed)}"
    written = 0
    with written_whole(out) as temporary, store.opened(temporary, metadata) as write:
        for number in range(len(rows)):
            columns, _ = read(shard_path(sample, part, number, work, seed))
            kept = min(rows[number], part.number - written)
            seen = visible(taken(columns, np.arange(kept)), sample)
            seen["label"] = seen.get("label", np.full(kept, part.label)).astype(np.int8)
            seen["id"] = as_uint64(identities(name, kept, written))
            write(seen)
            written += kept
    return metadata


def _made(
    sample: Sample, part: Part, work: Path, seed: int, workers: int, report: Report
) -> tuple[Counter[str], list[int]]:
    """The summed counts and the rows of as many shards as the part needs."""
    counts: Counter[str] = Counter()
    rows: list[int] = []
    report(part.process.name, 0.0, 0)
    for columns, passed in shards_in_order(sample, part, work, seed, workers):
        counts += passed
        rows.append(len(columns["event"]))
        report(part.process.name, min(1.0, sum(rows) / part.number), sum(rows))
        if sum(rows) >= part.number:
            break
    return counts, rows


def visible(columns: Columns, sample: Sample) -> Columns:
    """What goes into a file: neither the generator's own numbers, nor the particles of a pair of jets."""
    hidden = {"event", "pthat"}
    if sample.pairs:
        hidden |= {name for name in columns if owner(name, columns) is not None}
    return {name: values for name, values in columns.items() if name not in hidden}
