"""A mutation run over ``search`` and ``calibration``: do their tests notice when a place is changed?

A random sample of all mutants, fixed by the sources and the root below; each is tried with the tests of the
two rooms that run its line. Of a first sample, of the root 20261125, the tests caught 114 of 150; they were
sharpened then, and the number is that of another sample, cut from 200 to 150 for its cost before any was
tried.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import beta

from harness.cases import Case, Measured, Raw
from validation.mutation import covering_tests, fate, mutants

_ROOT, PER_SHARD, SHARDS = 20261126, 10, 15


def shard(index: int, seed: int) -> Raw:
    """Ten mutants and their fates."""
    everything = mutants()
    order = np.random.default_rng(_ROOT).permutation(len(everything))
    chosen = [everything[i] for i in order[index * PER_SHARD : (index + 1) * PER_SHARD]]
    covering = covering_tests()
    tried = [
        {"where": f"{m.file}:{m.line}", "operator": m.operator, "fate": fate(m, covering)} for m in chosen
    ]
    return {"all": len(everything), "tried": tried}


def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The share of mutants that the tests notice, with its 95 % interval."""
    fates = [tried["fate"] for raw in raws for tried in raw["tried"]]
    caught = sum(found in ("caught", "endless") for found in fates)
    n = len(fates)
    low, high = beta.ppf([0.025, 0.975], [caught, caught + 1], [n - caught + 1, n - caught])
    note = (
        f"{caught} of {n} drawn from {raws[0]['all']:,}, 95 %: {low:.2f} to {high:.2f}; "
        f"{fates.count('unseen')} on lines that no test runs"
    )
    return {"mutation run: share of mutants caught": Measured(caught / n, note=note)}


CASES = [Case("mutation", ("mutation run: share of mutants caught",), shard, SHARDS, rows)]
