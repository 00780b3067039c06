"""The spine against what it must satisfy: its null, its power on the planted resonance, the jets' spectrum.

Every data set comes from the declared parent of the shipped dijets (``strangeness.events.parent``): fresh,
independent and Poisson-sized, reference included. The analysis, the demo's, knows none of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import kstest

from harness.cases import Case, Measured, Raw
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.methods import dijet_search as dijets
from strangeness.methods.jet_tagging import CLASSES
from strangeness.methods.planted import DEMO_SEEDS, EMPTY_ABOVE, PLANTED_ABOVE, planted_strength

PER_SHARD = 10
N_PSEUDO = 2000
Z_TOYS = 50


def search(seed: int, *, planted: float = 0.0, bootstrapped: bool = False, n_pseudo: int = N_PSEUDO) -> Raw:
    """One pseudo-experiment through the demo's chain, as JSON values."""
    toy = dijets.pseudo_experiment(seed, planted=planted, bootstrapped=bootstrapped)
    analysis = dijets.dijet_search(CWoLaTrees(), n_pseudo=n_pseudo)
    outcome = analysis.run(toy.data, toy.reference, seed=seed)
    result = outcome.result
    return {
        "seed": seed,
        "tested": outcome.counts["test"],
        "selected": float(sum(result.spectrum.counts)),
        "global_p": result.global_p,
        "global_p_randomised": result.global_p_randomised,
        "global_z": result.global_z,
        "local_z": result.local_z,
        "window": list(result.window),
    }


def several(seed: int, *, bootstrapped: bool = False) -> Raw:
    """``PER_SHARD`` background-only searches; shard seeds are consecutive, so no data set comes twice."""
    runs = [search(seed * PER_SHARD + i, bootstrapped=bootstrapped) for i in range(PER_SHARD)]
    return {"runs": runs}


def null_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Uniformity, super-uniformity and type-I error of the global p-value."""
    p, randomised = (_column(raws, name) for name in ("global_p", "global_p_randomised"))
    count = int(np.sum(p <= 0.05))
    return {
        "null: randomised global p, Kolmogorov-Smirnov": Measured(kstest(randomised, "uniform").pvalue),
        "null: raw global p is super-uniform": Measured(kstest(p, "uniform", alternative="greater").pvalue),
        "null: type-I error at 5 %": Measured(count / p.size, note=f"{count} of {p.size} data sets"),
    }


def bootstrap_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """What a bootstrap of the sample itself gives, shown because it fails."""
    p = _column(raws, "global_p")
    count = int(np.sum(p <= 0.05))
    return {
        "bootstrap of the sample: type-I error at 5 %": Measured(
            count / p.size, note=f"{count} of {p.size} data sets"
        )
    }


def planted_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Planted searches above 3 sigma."""
    count = sum(raw["global_z"] > PLANTED_ABOVE for raw in raws)
    note = f"{count} of {len(raws)} at {planted_strength():g} expected events"
    return {"planted: share of 20 seeds above 3 sigma global": Measured(count / len(raws), note=note)}


def empty_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Empty searches above 2 sigma."""
    count = sum(raw["global_z"] > EMPTY_ABOVE for raw in raws)
    return {"empty: searches of 20 above 2 sigma global": Measured(count, note=f"{count} of {len(raws)}")}


def inclusive(seed: int) -> Raw:
    """Local Z in the signal's window of the whole spectrum at the planted strength."""
    toys = (dijets.pseudo_data(seed * Z_TOYS + i, planted=planted_strength()) for i in range(Z_TOYS))
    return {"z": [dijets.inclusive_local_z(data) for data in toys]}


def inclusive_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Its median."""
    z = np.concatenate([raw["z"] for raw in raws])
    note = f"{z.size} data sets, {planted_strength():g} expected events"
    return {"planted: inclusive median local Z": Measured(float(np.median(z)), note=note)}


def all_events(seed: int) -> Raw:
    """Global p of inclusive bump hunts, without a detector, on data of the parent and of the bootstrap."""
    found: dict[str, list[float]] = {"parent": [], "bootstrap": []}
    for toy in range(seed * Z_TOYS, (seed + 1) * Z_TOYS):
        for name, p in found.items():
            data = dijets.pseudo_data(toy, bootstrapped=name == "bootstrap")
            p.append(dijets.inclusive_search(data, seed=toy).global_p)
    return found


def all_events_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Their type-I errors, side by side."""
    rows = {}
    for name, where in (("parent", "the parent"), ("bootstrap", "a bootstrap")):
        p = np.concatenate([raw[name] for raw in raws])
        count = int(np.sum(p <= 0.05))
        rows[f"all events, from {where}: type-I error at 5 %"] = Measured(
            count / p.size, note=f"{count} of {p.size} data sets"
        )
    return rows


def jets_pt(index: int, seed: int) -> Raw:
    """AUC of pT alone on all shipped jets."""
    from strangeness.events.reading import read
    from strangeness.events.shipped import sample_path
    from strangeness.stats.metrics import auc

    jets = read(sample_path("jets"))
    pt, truth = jets.column("pt"), np.asarray(jets.truth)
    return {name: float(auc(pt[truth == 0], pt[truth == code])) for code, name in enumerate(CLASSES) if code}


def jets_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The largest distance to a half."""
    return {
        "jets: AUC of pT alone, farthest from a half": Measured(max(abs(v - 0.5) for v in raws[0].values()))
    }


def _column(raws: Sequence[Raw], name: str) -> Any:
    return np.array([run[name] for raw in raws for run in raw["runs"]])


CASES = [
    Case(
        "null",
        (
            "null: randomised global p, Kolmogorov-Smirnov",
            "null: raw global p is super-uniform",
            "null: type-I error at 5 %",
        ),
        lambda index, seed: several(seed),
        100,
        null_rows,
        tolerance=1e-6,
    ),
    Case(
        "bootstrap",
        ("bootstrap of the sample: type-I error at 5 %",),
        lambda index, seed: several(seed, bootstrapped=True),
        10,
        bootstrap_rows,
        tolerance=1e-6,
    ),
    Case(
        "planted",
        ("planted: share of 20 seeds above 3 sigma global",),
        lambda index, seed: search(DEMO_SEEDS[index], planted=planted_strength(), n_pseudo=10_000),
        len(DEMO_SEEDS),
        planted_rows,
        tolerance=1e-6,
    ),
    Case(
        "empty",
        ("empty: searches of 20 above 2 sigma global",),
        lambda index, seed: search(DEMO_SEEDS[index], n_pseudo=10_000),
        len(DEMO_SEEDS),
        empty_rows,
        tolerance=1e-6,
    ),
    Case(
        "inclusive",
        ("planted: inclusive median local Z",),
        lambda index, seed: inclusive(seed),
        8,
        inclusive_rows,
        tolerance=1e-6,
    ),
    Case(
        "all-events",
        (
            "all events, from the parent: type-I error at 5 %",
            "all events, from a bootstrap: type-I error at 5 %",
        ),
        lambda index, seed: all_events(seed),
        4,
        all_events_rows,
        tolerance=1e-6,
    ),
    Case("jets", ("jets: AUC of pT alone, farthest from a half",), jets_pt, 1, jets_rows, tolerance=1e-9),
]
