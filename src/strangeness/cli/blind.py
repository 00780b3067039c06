"""``strangeness search --blind`` and ``--unblind``: freeze a search, then open its region."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.cli.building import analysis_of, completed, function_choice
from strangeness.cli.config import Config, Given, from_toml
from strangeness.cli.folder import CHECKPOINTS, FROZEN, refuse_other
from strangeness.cli.frozen import Frozen, frozen_values, read_frozen, refuse_changed, write_frozen
from strangeness.cli.hyperparameters import detector_of
from strangeness.cli.search import Opened, place_of, run_search
from strangeness.cli.sources import Sources
from strangeness.core.errors import ConfigError, FileError, Interrupted
from strangeness.core.files import existing_file, sha256
from strangeness.core.identity import as_uint64
from strangeness.core.run import running
from strangeness.events.events import Events
from strangeness.events.source import EventSource, chunks_of, column_of
from strangeness.methods.rehearsal import rehearse


def run_blind(
    source: Path | None, given: Given, *, out: Path | None, seed: int | None, quiet: bool, json_: bool
) -> str:
    """Rehearse a search without its data, freeze its configuration, and say what was found.

    Raises:
        StrangenessError: for everything that a user can mend; no frozen file is then left behind.
    """
    path = _configuration(source, given, seed, "--blind")
    config = completed(from_toml(path))
    if config.channels:
        raise ConfigError(
            "--blind with several channels", "Freeze each of them by a configuration of its own."
        )
    place = place_of(config, out)
    refuse_other(place)
    if (place / FROZEN).exists():
        raise FileError(
            f"'{place / FROZEN}' exists", "Choose another --out folder, or open it with --unblind."
        )
    detector_of(config.detector)
    inputs = closed_inputs(config)
    sources = Sources.of(config)
    context = _context(config, sources)
    chosen = (
        None if config.reference is None else function_choice(config, context, sources.reference_weights())
    )
    analysis = analysis_of(config, context, None if chosen is None else chosen.function)
    known = sources.closed_for(analysis.representation)
    with _surroundings(place, quiet):
        rehearsal = rehearse(
            analysis,
            None if config.reference is None else known,
            sidebands=known if config.reference is None else None,
            variations=sources.shifted(config, analysis.representation),
            events=config.blind.events,
            seed=config.seed,
        )
    values = frozen_values(config, path, place, inputs, rehearsal.to_dict())
    write_frozen(values, place / FROZEN)
    if json_:
        return json.dumps(values, indent=1, allow_nan=False)
    return f"{rehearsal.statement()}\nFrozen as {values['hash']}: {place / FROZEN}"


def run_unblind(
    frozen: Path,
    source: Path | None,
    given: Given,
    *,
    out: Path | None,
    seed: int | None,
    quiet: bool,
    json_: bool,
) -> str:
    """Open the region of a frozen search, if nothing has changed since.

    Raises:
        ConfigError: naming what changed since the configuration was frozen.
        StrangenessError: for everything else that a user can mend.
    """
    found = read_frozen(frozen)
    path = _configuration(source or found.configuration, given, seed, "--unblind")
    config = completed(from_toml(path))
    refuse_changed(found, config, path, closed_inputs(config))
    opened = Opened(found.hash, found.said, _told(found))
    return run_search(path, given, out=out, seed=None, quiet=quiet, json=json_, opened=opened)


@contextmanager
def _surroundings(place: Path, quiet: bool) -> Iterator[None]:
    """Training keeps checkpoints in the folder, which stay when it is interrupted."""
    existed = place.exists()
    try:
        with running(checkpoints=place / CHECKPOINTS, progress=not quiet):
            yield
    except Interrupted:
        raise
    except KeyboardInterrupt as stop:
        raise Interrupted("the run was interrupted", "Run the same command again to resume.") from stop
    except BaseException:
        shutil.rmtree(place / CHECKPOINTS if existed else place, ignore_errors=True)
        raise
    shutil.rmtree(place / CHECKPOINTS, ignore_errors=True)


def _told(frozen: Frozen) -> dict[str, Any]:
    """What the result says of the frozen file."""
    kept = ("frozen_on", "hash", "inputs", "code", "rehearsal")
    return {key: frozen.values[key] for key in kept if key in frozen.values}


def _configuration(source: Path | None, given: Given, seed: int | None, option: str) -> Path:
    if source is None or source.suffix.lower() != ".toml":
        raise ConfigError(
            f"{option} without a configuration file",
            "Write the search to a TOML file: its content is frozen.",
        )
    names = [*given.names(), *([] if seed is None else ["--seed"])]
    if names:
        raise ConfigError(f"{' and '.join(names)} beside {option}", "Set them in the configuration.")
    return source


def closed_inputs(config: Config) -> dict[str, str]:
    """SHA-256 of every file but the data; without a reference that of the events beside the region."""
    files = {name: file for name, file in config.files().items() if name != "data"}
    sums = {name: sha256(existing_file(file)) for name, file in files.items()}
    return sums if config.reference is not None else {**sums, "sidebands": _sidebands(config)}


def _sidebands(config: Config) -> str:
    """Hash of the identities and contexts of the data outside the region."""
    region, context = config.search.region, config.search.context
    if region is None:
        raise ConfigError("there is neither a reference nor a region", "Add 'reference' or 'search.region'.")
    digest = hashlib.sha256()
    for events in Beside(Sources.of(config).data.only((context,)), context, region):
        digest.update(as_uint64(events.id).tobytes())
        digest.update(np.asarray(events.column(context), np.float64).tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Beside:
    """The events of a source outside a region of the context; the others are dropped before anything reads
    them."""

    source: EventSource
    context: str
    region: tuple[float, float]

    def __iter__(self) -> Iterator[Events]:
        for events in chunks_of(self.source):
            column = events.raw_column(self.context)
            yield events.without_truth().take(~((column >= self.region[0]) & (column < self.region[1])))


def _context(config: Config, sources: Sources) -> np.ndarray:
    """The context (n,) of the reference, which decides the bins of the calibration."""
    if sources.reference is not None:
        return column_of(sources.reference.only((sources.context,)), sources.context)
    if config.calibration.kind != "split":
        raise ConfigError(
            f"--blind with calibration.kind {config.calibration.kind} and no reference",
            "Use kind = 'split', or give a reference: bins would follow the closed data.",
        )
    return np.zeros(0)
