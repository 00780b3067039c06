"""From the shards of every part to the rows of one file."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.identity import as_uint64, identities, salt
from strangeness.events.generation import resample
from strangeness.events.generation.catalogue import Part, Sample
from strangeness.events.generation.substructure import Columns, taken

Ints = NDArray[np.int64]
Made = list[tuple[Columns, Counter[str]]]


def assembled(sample: Sample, made: Made, seed: int) -> tuple[Columns, dict[str, Any]]:
    """The rows of the file, all parts mixed, with labels and identities; and what the file says of itself.

    ``made`` has the columns and counts of every part. The description gains, for each part, the events
    generated, the jets or events selected, those matched, the fraction dropped as unmatched, the rows kept,
    and how many of them share their event with another row.
    """
    rng = np.random.default_rng([seed, int(salt(sample.name))])
    pieces: list[Columns] = []
    metadata = sample.describe(seed)
    for part, (columns, counts), said in zip(sample.parts, made, metadata["parts"], strict=True):
        index = chosen(sample, part, columns, rng)
        piece = taken(columns, index)
        shared = len(index) - len(np.unique(piece["event"]))
        unmatched = round(1.0 - counts["matched"] / counts["selected"], 4)
        said |= {**counts, "unmatched_fraction": unmatched, "kept": len(index), "shared_events": shared}
        piece["label"] = np.full(len(index), part.label, dtype=np.int8)
        pieces.append(piece)
    whole = joined(pieces)
    whole = taken(whole, rng.permutation(len(whole["label"])))
    del whole["event"]
    # what only the generator knows stays in the shards
    whole.pop("pthat", None)
    whole["id"] = as_uint64(identities(sample.name, len(whole["label"])))
    return whole, metadata


def chosen(sample: Sample, part: Part, columns: Columns, rng: np.random.Generator) -> Ints:
    """Rows of a part that go into the file: the first ones, or a flat draw where the sample has a grid."""
    if sample.grid is None:
        return np.arange(part.number)
    cells = sample.grid.cells(columns["pt"], columns["eta"])
    second = resample.later_in_event(columns["event"], rng)
    return resample.stratified(cells, second, sample.grid, part.number, rng)


def joined(pieces: list[Columns]) -> Columns:
    """The columns of several pieces one after the other."""
    return {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
