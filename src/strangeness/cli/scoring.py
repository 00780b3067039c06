"""``strangeness score``: new events through a stored chain, chunk by chunk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.calibration.kernel import finite_scores
from strangeness.catalogue import load
from strangeness.chain import FittedChain
from strangeness.cli.sources import opened, used
from strangeness.cli.tables import FileTable
from strangeness.core.errors import FileError
from strangeness.core.files import written_whole
from strangeness.core.identity import as_uint64
from strangeness.core.run import progress, running
from strangeness.events.events import Events
from strangeness.events.source import EventFile


@dataclass(frozen=True)
class Stored:
    """A chain with what its search was: the context, its range in GeV, the cut on p, and the seed."""

    chain: FittedChain
    context: str
    limits: tuple[float, float]
    alpha: float
    seed: int


def stored_chain(path: Path) -> Stored:
    """The chain that a search has stored.

    Raises:
        FileError: when the file is no artefact of a search, or damaged.
    """
    chain, about = load(path)
    try:
        configuration = about["configuration"]
        search = configuration["search"]
        low, high = map(float, search["range"])
        stored = Stored(
            chain, str(search["context"]), (low, high), float(search["alpha"]), int(configuration["seed"])
        )
        if not 0 <= stored.seed < 2**32:
            raise ValueError("seed")
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FileError(f"'{path}' does not say which search it is from", "Give a chain.strange.") from error
    if not isinstance(chain, FittedChain):
        raise FileError(f"'{path}' holds a {type(chain).__name__}, not a chain", "Give a chain.strange.")
    return stored


def run_score(
    artefact: Path, data: FileTable, *, out: Path | None, seed: int | None, quiet: bool, as_json: bool
) -> str:
    """Write id, score, p and context of every event and say what was found.

    An event outside the calibrated range gets a score and no p-value.

    Raises:
        FileError: when the artefact or the data cannot be read, or ``out`` exists.
        InputError: when a column that the chain needs is missing or not finite.
    """
    place = out if out is not None else Path(f"{Path(data.file).stem}.scores.parquet")
    if place.exists():
        raise FileError(f"'{place}' exists", "Choose another --out file, or remove it.")
    stored = stored_chain(artefact)
    if seed is not None:
        stored = replace(stored, seed=seed)
    source = used(opened(data, "data"), stored.chain.map, stored.context)
    with running(progress=not quiet):
        found = _write(stored, source, place)
    if as_json:
        return json.dumps({"file": str(place), **found}, allow_nan=False)
    expected = f"{stored.alpha * found['calibrated']:.1f} are expected of the reference"
    return (
        f"{place}: {found['events']} events; of {found['calibrated']} with a p-value {found['selected']} "
        f"have p <= {stored.alpha:g}, and {expected}."
    )


def _write(stored: Stored, source: EventFile, place: Path) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    types = {"id": pa.uint64(), "score": pa.float64(), "p": pa.float64(), "context": pa.float64()}
    schema = pa.schema(list(types.items()))
    counts = {"events": 0, "calibrated": 0, "selected": 0}
    with written_whole(place) as temporary, pq.ParquetWriter(temporary, schema) as writer:
        for columns in _scored(stored, source):
            p = columns["p"]
            known = np.isfinite(p)
            counts["events"] += len(p)
            counts["calibrated"] += int(known.sum())
            counts["selected"] += int(np.sum(p[known] <= stored.alpha))
            arrays = {**columns, "p": pa.array(p, mask=~known)}
            writer.write_table(pa.table(arrays, schema=schema))
    return {**counts, "alpha": stored.alpha, "seed": stored.seed}


def _scored(stored: Stored, source: EventFile) -> Iterator[dict[str, Any]]:
    done = 0
    with progress("scoring", 0) as show:
        for events in source:
            yield _columns(stored, events)
            done += len(events)
            show(done, f"{done} events")


def _columns(stored: Stored, events: Events) -> dict[str, Any]:
    batch = events.without_truth().batch(data=True, context=stored.context)
    score = finite_scores(stored.chain.score(batch, seed=stored.seed))
    inside = (batch.context >= stored.limits[0]) & (batch.context < stored.limits[1])
    p = np.full(len(batch), np.nan)
    if inside.any():
        p[inside] = stored.chain.p_values(score[inside], batch.take(inside), seed=stored.seed)
    return {"id": as_uint64(batch.id), "score": score, "p": p, "context": batch.context}
