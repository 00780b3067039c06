"""Make a full result anew: every case, every shard, continuing where a stopped run ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from pathlib import Path

from harness import facts
from harness.cases import Case, NotRun
from harness.results import Harness, Outcome, read_result, table, write_result
from harness.rows import Row
from harness.shards import all_shards, load_cases
from strangeness.core.errors import InputError

log = logging.getLogger("harness")
LEFT_OUT = Outcome(against="not run: left out of the full run with --only")


def make_full(
    harness: Harness,
    capability: str,
    *,
    root: int,
    cache: Path,
    workers: int = 1,
    only: Collection[str] = (),
    done: Callable[[str, int], None] = lambda case, shards: None,
) -> list[Row]:
    """Run all cases (or those in ``only``, keeping the committed others), write the result, give its rows.

    ``done(case, shards)`` is called after every shard.

    Raises:
        InputError: for an unknown name in ``only``.
    """
    cases = load_cases(harness.package, capability)
    if unknown := set(only) - {case.name for case in cases}:
        known = ", ".join(case.name for case in cases)
        raise InputError(f"no case {', '.join(sorted(unknown))} in {capability}", f"Known names: {known}.")
    workers = 1 if harness.one_core else workers
    outcomes = _kept(harness, capability, cases, only, root)
    commit = facts.commit(harness.folder.parent)
    for case in cases:
        if case.name not in outcomes:
            tick = _ticker(done, case)
            outcomes[case.name] = _run(harness, capability, case, root, commit, cache, workers, tick)
    ordered = {case.name: outcomes[case.name] for case in cases}
    rows = table(harness, capability, cases, ordered)
    write_result(harness, capability, root, ordered, rows)
    return rows


def _ticker(done: Callable[[str, int], None], case: Case) -> Callable[[], None]:
    return lambda: done(case.name, case.shards)


def _kept(
    harness: Harness, capability: str, cases: list[Case], only: Collection[str], root: int
) -> dict[str, Outcome]:
    if not only:
        return {}
    committed = read_result(harness.result_file(capability))
    stored = committed.cases if committed is not None and committed.seed == root else {}
    return {
        case.name: _as_before(case, stored.get(case.name, LEFT_OUT))
        for case in cases
        if case.name not in only
    }


def _as_before(case: Case, stored: Outcome) -> Outcome:
    measured = case.measured([shard.raw for shard in stored.shards]) if stored.shards else {}
    return Outcome(measured, stored.shards, stored.against)


def _run(
    harness: Harness,
    capability: str,
    case: Case,
    root: int,
    commit: str,
    cache: Path,
    workers: int,
    tick: Callable[[], None],
) -> Outcome:
    try:
        shards = all_shards(
            harness.package,
            capability,
            case,
            root=root,
            commit=commit,
            cache=cache / harness.package,
            workers=workers,
            done=tick,
        )
        return Outcome(case.measured([shard.raw for shard in shards]), tuple(shards))
    except NotRun as reason:
        return Outcome(against=f"not run: {reason}")
    except Exception as error:
        # One broken case must not lose the rows of the others; its own rows say that it broke.
        log.exception("case '%s' failed", case.name)
        return Outcome(against=f"failed: {type(error).__name__}: {error}")
