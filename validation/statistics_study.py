"""The calibration study: what each policy's p-value is worth, and what it finds, on the same axis.

Every p-value is what ``search`` would report from one data set alone: backgrounds are fitted to it, null data
sets are exchanged from it, detectors are trained anew in each. Seeds follow from the harness's root, case and
shard; world and searches were fixed before the first run. Raw counts of p below each threshold are kept.

(a) linear discriminant, scan of all masses and one window, half-split and same-data: 100,000 data sets;
(b) boosted trees in one window, half-split: 10,000; (c) the same trees, five folds and same-data: 2,000.
Power: 1,000 data sets of each strength for the linear half-split, 20 for five folds (every toy trains five
times; cut from 50 for its cost before any was computed), 200 for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from scipy.stats import chi2

from harness.cases import Case, Measured, Raw
from strangeness.analysis import Analysis
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.policies import HalfSplit, KFold, LabelExchange, Policy, SameData
from validation.statistics_linear import Sample, exchange_p, search, split_p
from validation.statistics_toys import WINDOW, World

THRESHOLDS = (1e-4, 1e-3, 1e-2, 5e-2, 0.1, 0.5)
LINEAR, TREES = World(data=1000, reference=3000), World(data=2000, reference=4000)
PLANTED = (20.0, 40.0, 60.0, 80.0)
"""Expected signal events of the study of power, the same for all policies of a world."""
_TREES = CWoLaTrees(trees=20, learning_rate=0.1, leaves=8, depth=3, feature_share=1.0, smallest_leaf=20)
_EXCHANGES = LabelExchange(toys=199, stop_after=3)
Found = Mapping[str, float]


def trees(policy: Policy) -> Analysis:
    """Trees trained inside the window and a count there, as a user would configure it."""
    null = None if isinstance(policy, HalfSplit) else _EXCHANGES
    analysis = search(same_data=False, hunt=False)
    return replace(analysis, detector=_TREES, region=WINDOW, policy=policy, null=null)


def linear_split(world: World, seed: int) -> Found:
    """p of the scan and of the window under half-split."""
    hunt, count = split_p(Sample.of(*world.draw([seed, 1], f"study {seed}")), seed)
    return {"global": hunt, "local": count}


def linear_same(world: World, seed: int) -> Found:
    """The same under same-data training, by exchange and as they look naively."""
    sample = Sample.of(*world.draw([seed, 2], f"study {seed}"))
    names = ("global", "local", "naive global", "naive local")
    return dict(zip(names, exchange_p(sample, seed), strict=True))


def with_trees(policy: Policy, world: World, seed: int) -> Found:
    """p of the window by the policy's null, and as it looks naively."""
    result = trees(policy).run(*world.draw([seed, 3], f"study {seed}"), seed=seed).result
    return {"global": result.global_p, "naive local": float(np.exp(result.local_log_p))}


def counts(one: Callable[[World, int], Found], world: World, sets: int, index: int, seed: int) -> Raw:
    """Of ``sets`` data sets without a signal, those with each p at most each threshold."""
    found = list(_several(one, world, sets, seed))
    return {"sets": sets, **{name: _below([each[name] for each in found]) for name in found[0]}}


def power(one: Callable[[World, int], Found], world: World, sets: int, index: int, seed: int) -> Raw:
    """The same with a signal of each strength."""
    return {
        f"{strength:g}": counts(one, replace(world, signal=strength), sets, index, seed + 7_000_000 * i)
        for i, strength in enumerate(PLANTED, 1)
    }


def _several(one: Callable[[World, int], Found], world: World, sets: int, seed: int) -> Iterator[Found]:
    # shard seeds are consecutive, so that no data set comes twice
    return (one(world, seed * sets + i) for i in range(sets))


def _below(p: Sequence[float]) -> list[int]:
    return [int(np.count_nonzero(np.array(p) <= at * (1 + 1e-9))) for at in THRESHOLDS]


def over_expected(raws: Sequence[Raw], name: str, at: float) -> Measured:
    """Observed over expected number of p <= ``at``, with its 95 % Poisson interval in the note."""
    sets = sum(raw["sets"] for raw in raws)
    seen = sum(raw[name][THRESHOLDS.index(at)] for raw in raws)
    expected = sets * at
    low = 0.5 * chi2.ppf(0.025, 2 * seen) / expected if seen else 0.0
    high = 0.5 * chi2.ppf(0.975, 2 * seen + 2) / expected
    note = f"{seen} of {sets:,} data sets where {expected:g} are expected, 95 %: {low:.2f} to {high:.2f}"
    return Measured(seen / expected, note=note)


def null_case(
    name: str,
    what: str,
    one: Callable[[World, int], Found],
    world: World,
    sets: int,
    shards: int,
    rows: Sequence[tuple[str, float]],
) -> Case:
    """A case of ``sets`` x ``shards`` data sets and its rows (p, threshold)."""
    labels = {f"study, {what}: {p} p at {at:g}, observed over expected": (p, at) for p, at in rows}
    return Case(
        name,
        tuple(labels),
        partial(counts, one, world, sets),
        shards,
        lambda raws: {row: over_expected(raws, p, at) for row, (p, at) in labels.items()},
    )


def power_case(
    name: str, what: str, one: Callable[[World, int], Found], world: World, sets: int, shards: int, at: float
) -> Case:
    """The share of data sets with a signal whose global p is at most ``at``, for each strength."""
    labels = {f"study, {what}: power at {at:g}, {strength:g} events": f"{strength:g}" for strength in PLANTED}

    def summarise(raws: Sequence[Raw]) -> Mapping[str, Measured]:
        found = {}
        for row, strength in labels.items():
            total = sum(raw[strength]["sets"] for raw in raws)
            seen = sum(raw[strength]["global"][THRESHOLDS.index(at)] for raw in raws)
            found[row] = Measured(seen / total, note=f"{seen} of {total}")
        return found

    return Case(name, tuple(labels), partial(power, one, world, sets), shards, summarise)


_SAME, _FOLDS, _HALF = (
    partial(with_trees, SameData()),
    partial(with_trees, KFold(5)),
    partial(with_trees, HalfSplit()),
)
_LINEAR_ROWS = [("global", 1e-4), ("global", 1e-2), ("local", 1e-4), ("local", 1e-2)]
_NAIVE_ROWS = [("naive global", 1e-4), ("naive local", 1e-4)]
CASES = [
    null_case("study-linear-split", "linear, half-split", linear_split, LINEAR, 500, 200, _LINEAR_ROWS),
    null_case(
        "study-linear-same",
        "linear, same-data",
        linear_same,
        LINEAR,
        100,
        1000,
        [*_LINEAR_ROWS, *_NAIVE_ROWS],
    ),
    null_case("study-trees-split", "trees, half-split", _HALF, TREES, 100, 100, [("global", 1e-3)]),
    null_case(
        "study-trees-same",
        "trees, same-data",
        _SAME,
        TREES,
        20,
        100,
        [("global", 1e-2), ("naive local", 1e-2)],
    ),
    null_case(
        "study-trees-folds",
        "trees, five folds",
        _FOLDS,
        TREES,
        10,
        200,
        [("global", 1e-2), ("naive local", 1e-2)],
    ),
    power_case("study-linear-split-power", "linear, half-split", linear_split, LINEAR, 100, 10, 1e-4),
    power_case("study-linear-same-power", "linear, same-data", linear_same, LINEAR, 10, 20, 1e-4),
    power_case("study-trees-split-power", "trees, half-split", _HALF, TREES, 50, 4, 1e-2),
    power_case("study-trees-same-power", "trees, same-data", _SAME, TREES, 10, 20, 1e-2),
    power_case("study-trees-folds-power", "trees, five folds", _FOLDS, TREES, 2, 10, 1e-2),
]
