"""``strangeness generate``: events of a named process."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangeness.cli.toys import make_toy
from strangeness.core.errors import FileError, InputError


@dataclass(frozen=True)
class Wanted:
    """The options of the command; see its help."""

    process: str
    events: int
    set: Sequence[str]
    pythia: Sequence[str]
    window: tuple[float, float] | None
    mpi: bool
    bias: float | None
    rows: str | None
    subjettiness: bool
    hits: bool
    no_detector: bool
    cuts: Mapping[str, float | None]
    work: Path | None
    seed: int
    workers: int
    manifest: Path | None


def parameters_of(pairs: Sequence[str]) -> dict[str, float]:
    """Numbers by name from 'name=value' texts.

    Raises:
        InputError: for another form.
    """
    found: dict[str, float] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        try:
            found[name.strip()] = float(value)
        except ValueError:
            equals = ""
        if not equals:
            raise InputError(f"'{pair}' is no parameter", "Write --set mass=4000.")
    return found


def checked_workers(workers: int) -> int:
    """The number of processes.

    Raises:
        InputError: unless it is 1 to 256.
    """
    if not 1 <= workers <= 256:
        raise InputError(f"{workers} workers", "Give 1 to 256.")
    return workers


def run_generate(wanted: Wanted, out: Path, *, quiet: bool, as_json: bool) -> str:
    """Generate what is asked for and say what was made.

    Raises:
        FileError: when ``out`` exists.
        InputError, MissingDependency, Interrupted: as ``requested`` and ``make_sample``.
    """
    if out.exists():
        raise FileError(f"'{out}' exists", "Choose another file, or remove it.")
    workers = checked_workers(wanted.workers)
    from strangeness.events.toys.named import TOYS

    if wanted.process in TOYS:
        return make_toy(wanted, out, parameters_of(wanted.set), as_json=as_json)
    from strangeness.events.generation.make import default_work, make_sample
    from strangeness.events.generation.pool import write_pool_manifest

    sample, work = _sample(wanted), wanted.work or default_work()
    metadata = make_sample(sample, out, work, seed=wanted.seed, workers=workers, quiet=quiet)
    if wanted.manifest is not None:
        write_pool_manifest(sample, work, wanted.seed, out, wanted.manifest)
    if as_json:
        return json.dumps(metadata, indent=1, allow_nan=False)
    return f"{out}: {_said(metadata)}, seed {wanted.seed}."


def _sample(wanted: Wanted) -> Any:
    from strangeness.events.generation.request import Request, requested

    if wanted.rows not in (None, "jets", "dijets"):
        raise InputError(f"rows of '{wanted.rows}'", "Choose jets or dijets.")
    return requested(
        Request(
            process=wanted.process,
            events=wanted.events,
            parameters=parameters_of(wanted.set),
            pythia=tuple(wanted.pythia),
            window=wanted.window,
            mpi=wanted.mpi,
            bias=wanted.bias,
            rows=wanted.rows,  # type: ignore[arg-type]
            subjettiness=wanted.subjettiness,
            hits=wanted.hits,
            detector=not wanted.no_detector,
            cuts={name: value for name, value in wanted.cuts.items() if value is not None},
        )
    )


def _said(metadata: Mapping[str, Any]) -> str:
    part = metadata["parts"][0]
    return f"{part['kept']:,} rows of '{part['process']}' from {part['generated']:,} generated events"


def listed_processes(*, as_json: bool) -> str:
    """All processes and toys with their parameters, as a table for the eye or as JSON."""
    from strangeness.events.generation.processes import PROCESSES
    from strangeness.events.toys.named import TOYS

    rows = [
        {
            "name": card.name,
            "summary": card.summary,
            "citation": card.citation,
            "parameters": {p.name: p.default for p in card.parameters},
        }
        for card in PROCESSES.values()
    ]
    rows += [
        {"name": toy.name, "summary": toy.summary, "citation": "", "parameters": dict(toy.parameters)}
        for toy in TOYS.values()
    ]
    if as_json:
        return json.dumps(rows, indent=1, allow_nan=False)
    width = max(len(row["name"]) for row in rows) + 2
    lines = []
    for row in rows:
        lines.append(f"{row['name']:<{width}}{row['summary']} ({row['citation'] or 'without Pythia'})")
        given = [f"{name} {value:g}" for name, value in row["parameters"].items()]
        if given:
            lines.append(f"{'':<{width}}--set: {', '.join(given)}")
    return "\n".join(lines)
