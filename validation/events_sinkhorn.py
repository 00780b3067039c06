"""The Sinkhorn distance against OTT-JAX, which solves the same problem."""

from __future__ import annotations

import numpy as np

from benchmarks.events_energy_flow import some_jets
from benchmarks.rivals import call
from harness.cases import Case, Measured, Raw

ROW = "Sinkhorn distance: largest difference to OTT"
PAIRS, MOST, EPSILON, RADIUS = 8, 30, 0.02, 0.8


def differences(index: int, seed: int) -> Raw:
    """Largest differences of a few pairs, entropic and debiased, in units of the mean distance."""
    from strangeness.jets.sinkhorn import sinkhorn_distance

    # the hardest particles alone, so that OTT ends in minutes
    jets = some_jets(2 * PAIRS, seed)[:, :MOST].astype(np.float64)
    first, second = jets[:PAIRS], jets[PAIRS:]
    options = {"radius": RADIUS, "epsilon": EPSILON}
    reply = call("ott-jax", "ott_sinkhorn.py", options, first=first, second=second)
    theirs = {False: reply.arrays["apart"]}
    theirs[True] = theirs[False] - 0.5 * reply.arrays["own"].sum(axis=0)
    found = {}
    for debiased, values in theirs.items():
        ours = np.asarray(
            sinkhorn_distance(
                first,
                second,
                debiased=debiased,
                threshold=1e-5,
                iterations=20_000,
                radius=RADIUS,
                epsilon=EPSILON,
            )
        )
        found["debiased" if debiased else "entropic"] = float(np.abs(ours - values).max() / values.mean())
    return {**found, "version": reply.values["version"]}


def agree(committed: Raw, again: Raw) -> list[str]:
    """Rounding in float32 may differ; the bound may not be passed."""
    return [f"{key}: {again[key]:g}" for key in ("entropic", "debiased") if not again[key] <= 1e-3]


def rows(raws: list[Raw]) -> dict[str, Measured]:
    """The larger of the two."""
    value = max(max(raw["entropic"], raw["debiased"]) for raw in raws)
    note = f"entropic {raws[0]['entropic']:.1e}, debiased {raws[0]['debiased']:.1e}, OTT {raws[0]['version']}"
    return {ROW: Measured(value, note=note)}


CASES = [Case("sinkhorn", (ROW,), differences, 2, rows, agree=agree)]  # type: ignore[arg-type]
