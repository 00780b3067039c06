"""``strangeness generate`` for what needs no Pythia."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from strangeness.core.errors import InputError

_OWN = {"process", "events", "set", "seed", "workers", "work"}


def make_toy(wanted: Any, out: Path, parameters: Mapping[str, float], *, as_json: bool) -> str:
    """Write the toy that ``wanted`` (the options of the command) names, and say what was made.

    Raises:
        InputError: for an option of Pythia or of jets, and what the toy refuses.
        FileError: when the file cannot be written.
    """
    from strangeness.events.parquet import write_parquet
    from strangeness.events.toys.named import TOYS

    for option in fields(wanted):
        given = getattr(wanted, option.name)
        used = any(value is not None for value in given.values()) if isinstance(given, Mapping) else given
        if used and option.name not in _OWN:
            raise InputError(f"'{wanted.process}' takes no '{option.name}'", "It is a toy: use --set alone.")
    events = TOYS[wanted.process].events(wanted.events, wanted.seed, **parameters)
    write_parquet(events, out)
    if as_json:
        return json.dumps({"events": len(events), **events.provenance}, indent=1, allow_nan=False)
    return f"{out}: {len(events):,} events of the toy '{wanted.process}', seed {wanted.seed}."
