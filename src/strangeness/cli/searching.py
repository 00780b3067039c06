"""``strangeness search``: which of a search, its blind rehearsal and its opening was asked for."""

from __future__ import annotations

from pathlib import Path

from strangeness.cli.config import Given
from strangeness.core.errors import ConfigError


def run(
    source: Path | None,
    given: Given,
    *,
    blind: bool,
    unblind: Path | None,
    out: Path | None,
    seed: int | None,
    quiet: bool,
    as_json: bool,
) -> str:
    """Do it, and return what is printed.

    Raises:
        ConfigError: for both of --blind and --unblind, or nothing to search.
        StrangenessError: as ``run_search``, ``run_blind`` and ``run_unblind``.
    """
    if blind and unblind is not None:
        raise ConfigError("--blind beside --unblind", "Freeze first, then open what was frozen.")
    if blind or unblind is not None:
        from strangeness.cli.blind import run_blind, run_unblind

        if unblind is not None:
            return run_unblind(unblind, source, given, out=out, seed=seed, quiet=quiet, json_=as_json)
        return run_blind(source, given, out=out, seed=seed, quiet=quiet, json_=as_json)
    if source is None:
        raise ConfigError(
            "nothing to search was given", "Name a configuration (CONFIG.toml) or a file of events."
        )
    from strangeness.cli.search import run_search

    return run_search(source, given, out=out, seed=seed, quiet=quiet, json=as_json)
