r"""Power on large data sets, and full searches of data without a signal, on the pool of dijets.

``STRANGENESS_POOL_EVENTS`` and ``STRANGENESS_POOL_SIGNAL`` name the two files that these commands make:

    strangeness generate dijet --events 1000000 --subjettiness --out pool.parquet
    strangeness generate wprime --set mass=3500 --events 8000 --subjettiness --pt-min 1200 --seed 7 \
        --out wprime.parquet

Power: background of data and reference are drawn without replacement from the pool in the region, signal is
injected at fixed shares of it, trees learn data against reference under half-split, and events beyond a cut
that was fixed beforehand are counted. 150,000 events in the region stand for a million in all; 60,000 are the
size of published studies, where weak supervision is known to be unstable, and a warning. Searches without a
signal: the dijet search of the demo from 3 TeV on, with its gate. Different draws share pool events.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np
from scipy.stats import binom, norm

from harness.cases import Case, Measured, NotRun, Raw
from strangeness.analysis import Analysis
from strangeness.calibration import SplitConformal
from strangeness.calibration.mondrian import Mondrian
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.events.events import Events, concatenate_events
from strangeness.events.reading import read
from strangeness.methods.dijet_search import ALPHA as DIJET_ALPHA
from strangeness.methods.dijet_search import FEATURES, MJJ_RANGE
from strangeness.policies import HalfSplit
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.gate import Gate

_ROOT = 20261124
REGION = (3000.0, 3900.0)
SIZES = {"150,000": 150_000, "60,000": 60_000}
STRENGTHS = (0.0, 0.0005, 0.001, 0.002, 0.005, 0.01)
"""Signal events over background events in the region."""
INJECTIONS = 20
ALPHA = 0.001
CLAIM = 3.0
TAUS = tuple(f"tau{n}_{beta}_{jet}" for jet in (1, 2) for n in range(1, 10) for beta in ("b05", "b1", "b2"))
INPUTS = {
    "5 features": FEATURES,
    "56 features": KinematicFeatures(("mj1", "mj2", *TAUS)),
}
"""Masses and tau21 (arXiv:2001.04990), and masses with nine tau at three exponents (arXiv:2309.13111)."""
SEARCHED, REFERENCED, LOWEST = 40_000, 120_000, 3000.0


@lru_cache(maxsize=1)
def pool() -> Events:
    """Dijets above the lowest mass of either study, with tau21 at exponent 1."""
    return _with_ratios(_read("STRANGENESS_POOL_EVENTS"))


@lru_cache(maxsize=1)
def signal() -> Events:
    """The resonance in the region."""
    return _with_ratios(_read("STRANGENESS_POOL_SIGNAL"))


def _read(name: str) -> Events:
    place = os.environ.get(name)
    if not place:
        raise NotRun(f"{name} is not set: see validation/statistics_power.py")
    return read(place).without_truth().inside("mjj", LOWEST, 1e9)


def _with_ratios(events: Events) -> Events:
    columns = dict(events.features)
    for jet in (1, 2):
        for above, below in ((2, 1), (3, 2)):
            denominator = np.maximum(columns[f"tau{below}_b1_{jet}"], 1e-6)
            columns[f"tau{above}{below}_{jet}"] = columns[f"tau{above}_b1_{jet}"] / denominator
    return replace(events, features=columns)


@dataclass(frozen=True)
class Injection:
    """One draw of data and reference with signal at one strength."""

    data: Events
    reference: Events


def injection(number: int, size: int, strength: float) -> Injection:
    """The same background and, in order, the same signal events at every strength."""
    rng = np.random.default_rng([_ROOT, number, size])
    inside = pool().inside("mjj", *REGION)
    drawn = rng.permutation(len(inside))[: 2 * size]
    resonance = signal().inside("mjj", *REGION)
    count = int(rng.poisson(strength * size)) if strength else 0
    chosen = np.sort(rng.permutation(len(resonance))[:count])
    data = concatenate_events([inside.take(np.sort(drawn[:size])), resonance.take(chosen)])
    return Injection(data, inside.take(np.sort(drawn[size:])))


def counted(inputs: str) -> Analysis:
    """Trees under half-split and the count of events beyond the cut in the region."""
    return Analysis(
        representation=INPUTS[inputs],
        detector=CWoLaTrees(),
        calibrator=SplitConformal(randomised=False),
        search=CountingExperiment(ALPHA, REGION),
        shares={"train": 0.5, "calibrate": 0.45, "check": 0.05},
        gate=None,
        policy=HalfSplit(),
    )


def power(size: int, index: int, seed: int) -> Raw:
    """Significance and count of one injection at every strength, for both sets of features."""
    found: dict[str, dict[str, list[float | None]]] = {inputs: {} for inputs in INPUTS}
    for strength in STRENGTHS:
        drawn = injection(index, size, strength)
        for inputs, rows in found.items():
            result = counted(inputs).run(drawn.data, drawn.reference, seed=index + 1).result
            rows[f"{strength:g}"] = [result.local_z, result.observed]
    return found


def power_rows(size: str, raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The share of injections above three sigma; the median and its band are in the note."""
    rows = {}
    for name, (inputs, strength) in _power_names(size).items():
        z = np.array([raw[inputs][f"{strength:g}"][0] for raw in raws])
        low, middle, high = np.percentile(z, [16, 50, 84])
        note = f"median Z {middle:.2f}, 68 % of injections {low:.2f} to {high:.2f}"
        rows[name] = Measured(float(np.mean(z >= CLAIM)), note=note)
    return rows


def _power_names(size: str) -> dict[str, tuple[str, float]]:
    return {
        f"power, {size} in the region, {inputs}: share above 3 sigma at S/B {strength:.2%}": (
            inputs,
            strength,
        )
        for inputs in INPUTS
        for strength in STRENGTHS
    }


def empty(index: int, seed: int) -> Raw:
    """One full search, gate and controls of the demo, of data without a signal."""
    rng = np.random.default_rng([_ROOT, 3, index])
    drawn = rng.permutation(len(pool()))[: SEARCHED + REFERENCED]
    data, reference = (pool().take(np.sort(part)) for part in (drawn[:SEARCHED], drawn[SEARCHED:]))
    hunt = BumpHunt(lo=LOWEST, hi=MJJ_RANGE[1], alpha=DIJET_ALPHA, stop_after=10, background=DijetFunction(3))
    search = Analysis(
        representation=FEATURES,
        detector=CWoLaTrees(),
        calibrator=Mondrian(edges=tuple(hunt.bin_edges().tolist())),
        search=hunt,
        gate=Gate(),
    )
    result = search.run(data, reference, seed=index + 1).result
    return {
        "p": result.global_p,
        "z": result.global_z,
        "failed": [check.name for check in result.checks if not check.passed],
    }


def empty_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Claims at three sigma, those expected, and searches that the gate blocked."""
    z = [raw["z"] for raw in raws]
    claims = sum(value is not None and value >= CLAIM for value in z)
    blocked = [name for raw in raws for name in raw["failed"]]
    expected = len(raws) * float(norm.sf(CLAIM))
    by = ", ".join(f"{name} {blocked.count(name)}" for name in sorted(set(blocked)))
    note = f"{claims} of {len(raws)}, {expected:.2f} expected; smallest p {min(raw['p'] for raw in raws):.2g}"
    count = sum(value is None for value in z)
    chance = float(binom.sf(count - 1, len(raws), 0.01))
    return {
        "full searches without a signal: claims at 3 sigma in 200": Measured(float(claims), note=note),
        "full searches without a signal: blocked, against 1 %": Measured(
            chance, note=f"{count} of {len(raws)} {by}".rstrip()
        ),
        "full searches without a signal: type-I error at 5 %": Measured(
            float(binom.sf(sum(raw["p"] <= 0.05 for raw in raws) - 1, len(raws), 0.05)),
            note=f"{sum(raw['p'] <= 0.05 for raw in raws)} of {len(raws)}",
        ),
    }


def _power_case(size: str) -> Case:
    return Case(
        f"power-{SIZES[size] // 1000}k",
        tuple(_power_names(size)),
        partial(power, SIZES[size]),
        INJECTIONS,
        partial(power_rows, size),
        tolerance=1e-6,
    )


CASES = [
    *(_power_case(size) for size in SIZES),
    Case(
        "empty-full",
        (
            "full searches without a signal: claims at 3 sigma in 200",
            "full searches without a signal: blocked, against 1 %",
            "full searches without a signal: type-I error at 5 %",
        ),
        empty,
        200,
        empty_rows,
        tolerance=1e-6,
    ),
]
