"""The command line that both harnesses share."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console

from harness.full import make_full
from harness.recheck import Check, recheck
from harness.results import Harness
from harness.rows import Row
from harness.table import progress, show
from strangeness.core.errors import StrangenessError
from strangeness.core.files import write_text

SEED = 20_251_122
# Leaves a third of the promised quarter of an hour to slower machines.
BUDGET_SECONDS = 600.0


def parser(harness: Harness) -> argparse.ArgumentParser:
    """The options; a harness may add its own."""
    options = argparse.ArgumentParser(prog=f"python -m {harness.package}", description=__doc__)
    options.add_argument("name", nargs="?", help="a capability (all if left out)")
    options.add_argument("--json", default="-", metavar="FILE", help="where the rows go (standard output)")
    options.add_argument("--full", action="store_true", help="make the committed result anew; can be resumed")
    options.add_argument(
        "--only", action="append", default=[], metavar="CASE", help="with --full: only this case"
    )
    options.add_argument("--seed", type=int, default=SEED, help="with --full: the root of all seeds")
    options.add_argument(
        "--workers", type=int, default=1, help="with --full: processes (timings always use one)"
    )
    options.add_argument(
        "--cache", type=Path, help="with --full: where finished shards are kept (.cache/harness)"
    )
    return options


def run(harness: Harness, arguments: argparse.Namespace) -> int:
    """Run the command: 0 if nothing broke (a missed goal is a result), 1 if a check failed, 2: wrong name."""
    # A log has no width of its own, and the usual 80 columns would fold the names.
    console = Console(stderr=True, width=None if sys.stderr.isatty() else 160)
    known = list(harness.targets())
    if arguments.name is not None and arguments.name not in known:
        console.print(f"no capability '{arguments.name}'. Known names: {', '.join(known)}.", markup=False)
        return 2
    chosen = [arguments.name] if arguments.name else known
    try:
        return _run(harness, chosen, arguments, console)
    except StrangenessError as error:
        console.print(str(error), markup=False)
        return 2
    except KeyboardInterrupt:
        console.print("stopped; finished shards are kept: the same command continues with them")
        return 130


def _run(harness: Harness, chosen: Sequence[str], arguments: argparse.Namespace, console: Console) -> int:
    rows: list[Row] = []
    checks: list[Check] = []
    for capability in chosen:
        found, checked = _one(harness, capability, arguments, console, BUDGET_SECONDS / len(chosen))
        show(f"{harness.package}: {capability}", found, console)
        rows += found
        checks += checked
    mode = "full" if arguments.full else "check"
    document = {"harness": harness.package, "mode": mode, "rows": rows, "checks": [asdict(c) for c in checks]}
    _write(document, arguments.json)
    return int(any(_broken(row) for row in rows))


def _one(
    harness: Harness, capability: str, arguments: argparse.Namespace, console: Console, budget: float
) -> tuple[list[Row], list[Check]]:
    if not arguments.full:
        return recheck(harness, capability, budget=budget)
    cache = arguments.cache or harness.folder.parent / ".cache" / "harness"
    with progress(console) as done:
        rows = make_full(
            harness,
            capability,
            root=arguments.seed,
            cache=cache,
            workers=arguments.workers,
            only=arguments.only,
            done=done,
        )
    return rows, []


def _broken(row: Row) -> bool:
    return any(word in row["why"] for word in ("failed:", "disagrees:", "says otherwise:"))


def _write(document: dict[str, Any], place: str) -> None:
    text = json.dumps(document, indent=1, allow_nan=False) + "\n"
    if place == "-":
        with suppress(BrokenPipeError):
            sys.stdout.write(text)
    else:
        write_text(place, text)
