"""Runs the fits of a comparison: kept in a folder as they are made, several processes at a time."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

import numpy as np

from strangeness.core.errors import FileError
from strangeness.core.files import BROKEN, written_whole
from strangeness.core.run import progress
from strangeness.core.workers import apart
from strangeness.events.events import Events
from strangeness.methods.comparison import (
    Budget,
    Compared,
    Direction,
    Entry,
    Fit,
    Unit,
    fit,
    most_events,
    summarised,
    units,
)


@dataclass(frozen=True)
class Plan:
    """What all entries of a comparison share.

    Attributes:
        classes: events of each class.
        pairs: directions (trained on, finds).
        seeds: each seeds the split into training and test halves and the fit.
        budget: what each entry may use.
        kept: folder of finished fits, or None.
        contents: a hash of the events of each class.
    """

    classes: Mapping[str, Events]
    pairs: Sequence[Direction]
    seeds: Sequence[int]
    budget: Budget
    kept: Path | None
    contents: Mapping[str, str]

    def units(self, entry: Entry) -> list[Unit]:
        """The fits of an entry."""
        return units(entry, self.pairs, self.seeds)

    def file(self, unit: Unit) -> Path | None:
        """Where a fit is kept: under a name made of all that decides its result, version included."""
        if self.kept is None:
            return None
        what = (version("strangeness"), unit.entry.label, unit.entry.representation, unit.entry.detector)
        more = (unit.trained_on, unit.finds, unit.seed, self.budget, dict(self.contents))
        digest = hashlib.sha256(f"{what!r} {more!r}".encode()).hexdigest()
        return self.kept / f"{unit.entry.label.replace(' ', '-')}-{digest[:20]}.npz"


def compare(
    classes: Mapping[str, Events],
    entries: Sequence[Entry],
    *,
    pairs: Sequence[Direction],
    seeds: Sequence[int],
    budget: Budget,
    kept: Path | None = None,
    workers: int = 0,
) -> list[Compared]:
    """Every entry in every direction.

    Args:
        classes: events of each class.
        entries: detectors with their representations.
        pairs: directions (trained on, finds).
        seeds: each seeds the split into training and test halves and the fit.
        budget: what each may use.
        kept: folder of finished fits; those that are there are not made again.
        workers: processes, each on one core and with one entry at a time, whose memory is then measured; 0
            computes in this one.

    Raises:
        Interrupted: on Ctrl-C; finished fits stay in ``kept``.
        InputError: for what a representation or a detector refuses.
    """
    resolved = replace(budget, events=budget.events or most_events(classes))
    contents = {name: content(events) for name, events in classes.items()}
    plan = Plan(classes, pairs, seeds, resolved, kept, contents)
    found = (
        [_made(entry, plan) for entry in _shown(entries)] if workers == 0 else _apart(entries, plan, workers)
    )
    return [row for entry, fits in zip(entries, found, strict=True) for row in summarised(entry, pairs, fits)]


def content(events: Events) -> str:
    """A hash of what events hold; truth, which nothing that is fitted sees, is not part of it."""
    digest, particles = hashlib.sha256(events.id.tobytes()), events.constituents
    columns = dict(events.features) | {"weight": events.weight}
    if particles is not None:
        columns |= {name: getattr(particles, name) for name in ("offsets", "pt", "eta", "phi")}
    for name, column in columns.items():
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(column).tobytes())
    return digest.hexdigest()


def _shown(entries: Sequence[Entry]) -> Iterator[Entry]:
    with progress("fits", len(entries)) as show:
        for index, entry in enumerate(entries):
            show(index, entry.label)
            yield entry


def _made(entry: Entry, plan: Plan) -> list[tuple[Unit, Fit]]:
    """All fits of an entry, from the folder where they are there."""
    found = []
    for unit in plan.units(entry):
        path = plan.file(unit)
        result = _read(path) if path is not None and path.exists() else None
        if result is None:
            result = fit(unit, plan.classes, plan.budget)
            if path is not None:
                _write(path, result)
        found.append((unit, result))
    return found


def _apart(entries: Sequence[Entry], plan: Plan, workers: int) -> list[list[tuple[Unit, Fit]]]:
    """A process for each entry, so that the memory of one does not hide in that of another."""
    with tempfile.TemporaryDirectory() as scratch:
        plan = plan if plan.kept is not None else replace(plan, kept=Path(scratch))
        wanted = [plan.file(unit) for entry in entries for unit in plan.units(entry)]
        with progress("fits", len(wanted)) as show:
            for label in apart(_made, [(entry.label, (entry, plan)) for entry in entries], workers):
                show(sum(path is not None and path.exists() for path in wanted), label)
        return [_made(entry, plan) for entry in entries]


def _write(path: Path, result: Fit) -> None:
    about = {name: getattr(result, name) for name in ("parameters", "events", "seconds", "memory")}
    with written_whole(path) as temporary, open(temporary, "wb") as stream:
        arrays = {f"score {name}": score for name, score in result.scores.items()}
        np.savez(stream, about=np.frombuffer(json.dumps(about).encode(), np.uint8), **arrays)  # type: ignore[arg-type]


def _read(path: Path) -> Fit:
    try:
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as saved:
            about = json.loads(saved["about"].tobytes())
            scores = {name.removeprefix("score "): saved[name] for name in saved if name.startswith("score ")}
        return Fit(scores, about["parameters"], about["events"], about["seconds"], about["memory"])
    except BROKEN as error:
        raise FileError(f"'{path}' is damaged ({error})", "Remove it; the fit is then made again.") from error
