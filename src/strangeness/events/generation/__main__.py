"""``python -m strangeness.events.generation NAME --out FILE``: make a sample."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from strangeness.core.errors import StrangenessError
from strangeness.events.generation.catalogue import Sample, named, resonance
from strangeness.events.generation.make import make_sample
from strangeness.events.generation.store import write_manifest


def parser() -> argparse.ArgumentParser:
    """The options of the command."""
    made = argparse.ArgumentParser(prog="python -m strangeness.events.generation", description=__doc__)
    made.add_argument("name", help="jets or dijets; any name with --masses")
    made.add_argument("--out", type=Path, required=True, help="the Parquet file to write")
    made.add_argument("--work", type=Path, help="folder of the finished shards (default: the user's cache)")
    made.add_argument("--seed", type=int, default=1)
    masses = ("W", "X", "Y")
    made.add_argument("--masses", type=float, nargs=3, metavar=masses, help="GeV, of a resonance")
    made.add_argument("--number", type=int, default=3000, help="rows of a resonance")
    made.add_argument("--manifest", action="store_true", help="describe the folder of --out in manifest.json")
    return made


def chosen(options: argparse.Namespace) -> Sample:
    """The sample that the options ask for."""
    if options.masses:
        w, x, y = options.masses
        return resonance(w, x, y, options.number)
    return named(options.name)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0, or 2 after a one-line error."""
    options = parser().parse_args(arguments)
    try:
        sample = chosen(options)
        make_sample(sample, options.out, options.work, seed=options.seed)
        if options.manifest:
            write_manifest(options.out.parent)
    except StrangenessError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
