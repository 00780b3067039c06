"""``strangeness sample make``."""

from __future__ import annotations

from pathlib import Path

from strangeness.cli.generating import checked_workers
from strangeness.core.errors import FileError


def make_file(name: str, out: Path, work: Path | None, *, seed: int, workers: int, quiet: bool) -> str:
    """Make the sample ``name`` and say what was made.

    Raises:
        FileError: when ``out`` exists.
        InputError, MissingDependency, Interrupted: as ``make_sample``.
    """
    if out.exists():
        raise FileError(f"'{out}' exists", "Choose another file, or remove it.")
    from strangeness.events.generation.make import make_sample

    metadata = make_sample(name, out, work, seed=seed, workers=checked_workers(workers), quiet=quiet)
    kept = sum(part["kept"] for part in metadata["parts"])
    return f"{out}: {kept} events of the sample '{name}', seed {seed}."
