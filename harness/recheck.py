"""Check a committed full result: its table, and one random shard of each case made again."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from typing import Any

from harness.cases import Case, Measured, NotRun
from harness.results import Committed, Harness, Outcome, contradictions, read_result, table
from harness.rows import Row
from harness.shards import Shard, load_cases, make_shard, shard_seed

log = logging.getLogger("harness")
NO_RESULT = "not run: no committed full result (make it with --full)"


@dataclass(frozen=True)
class Check:
    """What became of one case's repeated shard: agrees, disagrees, not run, failed or skipped."""

    case: str
    shard: int | None
    verdict: str
    seconds: float
    why: str


def recheck(harness: Harness, capability: str, *, budget: float) -> tuple[list[Row], list[Check]]:
    """The rows of the committed result and the checks of its repeated shards.

    Cases are taken in random order; one whose shard took longer than what is left of ``budget`` (seconds)
    when it was made is not repeated this time, and its row says so.
    """
    cases = load_cases(harness.package, capability)
    committed = read_result(harness.result_file(capability))
    if committed is None:
        return table(harness, capability, cases, {c.name: Outcome(against=NO_RESULT) for c in cases}), []
    outcomes, checks = {}, []
    for case in _shuffled(cases):
        outcome, check = _case(harness, capability, case, committed, budget)
        outcomes[case.name] = outcome
        checks.append(check)
        budget -= check.seconds
    return _consistent(harness, capability, cases, outcomes, committed), checks


def _shuffled(cases: list[Case]) -> list[Case]:
    return secrets.SystemRandom().sample(cases, len(cases))


def _case(
    harness: Harness, capability: str, case: Case, committed: Committed, budget: float
) -> tuple[Outcome, Check]:
    stored = committed.cases.get(case.name, Outcome(against=NO_RESULT))
    if wrong := _unusable(case, stored, committed.seed):
        return Outcome(against=wrong), Check(case.name, None, "not run", 0.0, wrong)
    measured = case.measured([shard.raw for shard in stored.shards])
    shard = secrets.choice(stored.shards)
    if shard.seconds > budget:
        check = Check(
            case.name, shard.index, "skipped", 0.0, f"shard {shard.index} takes {shard.seconds:.0f} s"
        )
    else:
        check = _repeat(harness, capability, case, shard)
    return _judged(measured, stored, check), check


def _unusable(case: Case, stored: Outcome, root: int) -> str:
    if stored.against:
        return stored.against
    if len(stored.shards) != case.shards:
        return f"not run: {len(stored.shards)} of {case.shards} shards are committed (make them with --full)"
    foreign = [s.index for s in stored.shards if s.seed != shard_seed(root, case.name, s.index)]
    return f"failed: shards {foreign} do not have the seed of this result" if foreign else ""


def _repeat(harness: Harness, capability: str, case: Case, shard: Shard) -> Check:
    try:
        again = make_shard(harness.package, capability, case.name, shard.index, shard.seed, "")
    except NotRun as reason:
        return Check(case.name, shard.index, "not run", 0.0, str(reason))
    except Exception as error:
        log.exception("case '%s' failed", case.name)
        return Check(case.name, shard.index, "failed", 0.0, f"{type(error).__name__}: {error}")
    wrong = case.disagreements(shard.raw, again.raw)
    verdict = "disagrees" if wrong else "agrees"
    return Check(case.name, shard.index, verdict, again.seconds, "; ".join(wrong[:3]))


def _judged(measured: dict[str, Measured], stored: Outcome, check: Check) -> Outcome:
    if check.verdict == "not run":
        values = ", ".join(f"{row}: {m.value:g}" for row, m in measured.items())
        return Outcome(against=f"not run: {check.why} (committed result: {values})")
    if check.verdict in ("failed", "disagrees"):
        return Outcome(measured, stored.shards, f"shard {check.shard} {check.verdict}: {check.why}")
    remark = f"shard {check.shard} repeated" if check.verdict == "agrees" else f"not repeated: {check.why}"
    noted = {row: replace(m, note="; ".join(filter(None, (m.note, remark)))) for row, m in measured.items()}
    return Outcome(noted, stored.shards)


def _consistent(
    harness: Harness, capability: str, cases: list[Case], outcomes: dict[str, Outcome], committed: Committed
) -> list[Row]:
    rows = table(harness, capability, cases, outcomes)
    measured = {row for outcome in outcomes.values() for row in outcome.measured}
    wrong = contradictions(committed.rows, [row for row in rows if row["name"] in measured])
    return [_against(row, wrong.get(row["name"], "")) for row in rows]


def _against(row: Row, why: str) -> Row:
    changed: dict[str, Any] = {"met": False, "why": f"{why}; {row['why']}"} if why else {}
    return {**row, **changed}
