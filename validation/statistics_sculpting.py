"""Sculpting on signal-free dijets: what a naive cut fakes, what removes it, what blocks it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import binom

from harness.cases import Case, Measured, Raw
from strangeness.methods.sculpting import METHODS, sculpting_demonstration

SEARCHES = 20
LARGER = 8.0
"""Size of the one large data set, in units of the shipped sample."""
ABOVE = 2.0


def demonstration(seed: int, larger: float = 1.0) -> Raw:
    """Every method on one data set."""
    return {
        row.method: {
            "local_z": row.local_z,
            "global_p": row.result.global_p,
            "global_z": row.global_z,
            "blocked": list(row.blocked),
        }
        for row in sculpting_demonstration(seed, larger=larger)
    }


def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Fakes and blocks of every method."""
    naive, one, *removed = METHODS
    found = {
        "sculpting: smallest local Z of the naive cut": _smallest(raws, naive),
        "sculpting: smallest local Z with one calibration": _smallest(raws, one),
        "sculpting: share blocked with one calibration": _blocked(raws, one),
    }
    for method in removed:
        above = sum(raw[method]["global_z"] > ABOVE for raw in raws)
        # at 2 sigma, 2.3 % of valid searches are above
        chance = float(binom.sf(above - 1, len(raws), 0.02275))
        found[f"sculpting: {method}, too many above 2 sigma global"] = Measured(
            chance, note=f"{above} of {len(raws)}"
        )
        found[f"sculpting: {method}, share blocked"] = _blocked(raws, method)
    return found


def large_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Local Z of the naive cut, and of the calibration in bins, on a large data set."""
    note = ", ".join(f"{method} {raws[0][method]['local_z']:.1f}" for method in METHODS)
    return {
        "sculpting: local Z of the naive cut, 360,000 events": Measured(
            raws[0][METHODS[0]]["local_z"], note=note
        ),
        "sculpting: local Z of Mondrian, 360,000 events": Measured(raws[0][METHODS[2]]["local_z"]),
    }


def _smallest(raws: Sequence[Raw], method: str) -> Measured:
    z = np.array([raw[method]["local_z"] for raw in raws])
    return Measured(float(z.min()), note=f"median {np.median(z):.1f}, largest {z.max():.1f}")


def _blocked(raws: Sequence[Raw], method: str) -> Measured:
    count = sum(bool(raw[method]["blocked"]) for raw in raws)
    return Measured(count / len(raws), note=f"{count} of {len(raws)}")


CASES = [
    Case(
        "sculpting",
        (
            "sculpting: smallest local Z of the naive cut",
            "sculpting: smallest local Z with one calibration",
            "sculpting: share blocked with one calibration",
            *[
                f"sculpting: {method}, {what}"
                for method in METHODS[2:]
                for what in ("too many above 2 sigma global", "share blocked")
            ],
        ),
        lambda index, seed: demonstration(index + 1),
        SEARCHES,
        rows,
        tolerance=1e-6,
    ),
    Case(
        "sculpting-large",
        (
            "sculpting: local Z of the naive cut, 360,000 events",
            "sculpting: local Z of Mondrian, 360,000 events",
        ),
        lambda index, seed: demonstration(index + 1, LARGER),
        1,
        large_rows,
        tolerance=1e-6,
    ),
]
