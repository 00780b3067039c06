"""The validity gate: how often it blocks valid searches, and how often it sees planted faults.

1,000 valid searches of four kinds at reduced sizes (5,000 to 6,000 data, 3,243 to 18,000 calibration and
1,081 to 6,000 held-out events), and 200 searches with each fault at the size of ``planted_faults.FAKED``.
Seeds are the indices of the searches plus a constant of the case, so that no search comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.stats import binom

from harness.cases import Case, Measured, Raw
from validation import planted_faults as faults

PER_SHARD = 20
_VALID, _FAULT, _CURVE = 20261122, 20270000, 20280000
AT = 0.05
SIGMAS = (1.0, 2.0, 3.0, 4.0)
"""Sizes of the power curve."""


def valid(index: int) -> Raw:
    """Valid searches: their global p and the checks that blocked them."""
    runs = []
    for i in range(index * PER_SHARD, (index + 1) * PER_SHARD):
        rng = np.random.default_rng([_VALID, i])
        toy = faults.VALID[i % len(faults.VALID)](rng)
        failed = [check.name for check in toy.checks(rng) if not check.passed]
        runs.append(
            {"kind": i % len(faults.VALID), "p": toy.search(rng).global_p_randomised, "failed": failed}
        )
    return {"runs": runs}


def valid_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The joint rate of blocking, and the type-I error with and without the gate."""
    runs = [run for raw in raws for run in raw["runs"]]
    blocked = sum(bool(run["failed"]) for run in runs)
    passed = [run for run in runs if not run["failed"]]
    kinds = [
        sum(bool(run["failed"]) for run in runs if run["kind"] == kind) for kind in range(len(faults.VALID))
    ]
    return {
        "gate: valid searches blocked, against 1 %": Measured(
            float(binom.sf(blocked - 1, len(runs), faults.ROUGH.level)),
            note=f"{blocked} of {len(runs)}; by kind {kinds}",
        ),
        "gate: type-I error at 5 %, all": _excess_of(runs),
        "gate: type-I error at 5 %, given that the gate passed": _excess_of(passed),
    }


def _excess_of(runs: Sequence[Raw]) -> Measured:
    """p-value of a type-I error above 5 %."""
    count = sum(run["p"] <= AT for run in runs)
    return Measured(float(binom.sf(count - 1, len(runs), AT)), note=f"{count} of {len(runs)}")


def planted(name: str, index: int) -> Raw:
    """Searches with one fault: what blocked them."""
    make = {**faults.FAULTS, **faults.VARIANTS}[name]
    seeds = range(_FAULT + index * PER_SHARD, _FAULT + (index + 1) * PER_SHARD)
    return {"failed": [faults.blocked_by(make, seed) for seed in seeds]}


def power(name: str) -> Callable[[Sequence[Raw]], Mapping[str, Measured]]:
    """The share of blocked searches, with the checks that saw the fault."""

    def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
        failed = [found for raw in raws for found in raw["failed"]]
        seen = sum(bool(found) for found in failed)
        by = {check: sum(check in found for found in failed) for found in failed for check in found}
        note = f"{seen} of {len(failed)}; " + ", ".join(f"{check} {n}" for check, n in sorted(by.items()))
        return {row_of(name): Measured(seen / len(failed), note=note)}

    return rows


def row_of(name: str) -> str:
    """The row of a fault."""
    return f"gate: power, {name}"


def curve(index: int) -> Raw:
    """Blocked searches among ``PER_SHARD`` for each fault and size."""
    found: dict[str, list[int]] = {}
    for name, make in faults.FAULTS.items():
        found[name] = [
            sum(
                bool(faults.blocked_by(make, _CURVE + index * PER_SHARD + i, sigma)) for i in range(PER_SHARD)
            )
            for sigma in SIGMAS
        ]
    return {"searches": PER_SHARD, "sigma": list(SIGMAS), "blocked": found}


def curve_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The smallest power among the faults at each size; the curve itself is in the raw counts."""
    total = sum(raw["searches"] for raw in raws)
    rows = {}
    for i, sigma in enumerate(SIGMAS):
        power_ = {name: sum(raw["blocked"][name][i] for raw in raws) / total for name in raws[0]["blocked"]}
        note = ", ".join(f"{name} {value:.2f}" for name, value in power_.items())
        rows[f"gate: smallest power at size {sigma:g}"] = Measured(min(power_.values()), note=note)
    return rows


def _fault_case(name: str) -> Case:
    return Case(
        f"gate-{name.replace(',', '').replace(' ', '-')}",
        (row_of(name),),
        lambda index, seed: planted(name, index),
        10,
        power(name),
        tolerance=1e-6,
    )


CASES = [
    Case(
        "gate-valid",
        (
            "gate: valid searches blocked, against 1 %",
            "gate: type-I error at 5 %, all",
            "gate: type-I error at 5 %, given that the gate passed",
        ),
        lambda index, seed: valid(index),
        50,
        valid_rows,
        tolerance=1e-6,
    ),
    *[_fault_case(name) for name in (*faults.FAULTS, *faults.VARIANTS)],
    Case(
        "gate-curve",
        tuple(f"gate: smallest power at size {sigma:g}" for sigma in SIGMAS),
        lambda index, seed: curve(index),
        2,
        curve_rows,
        tolerance=1e-6,
    ),
]
