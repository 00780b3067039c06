"""Reports with every section, made from real searches on toy spectra."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np

from strangeness.report.schema import Report
from strangeness.search.background import DijetFunction, geometric_edges
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.result import SearchResult

HOSTILE = "<script>alert('x')</script> & \"quotes\""


@lru_cache
def hunted(signal: int = 30, seed: int = 1, n_pseudo: int = 300) -> SearchResult:
    """A bump hunt in a falling spectrum with ``signal`` events at 3.5 TeV, with its checks."""
    rng = np.random.default_rng(seed)
    edges = geometric_edges(2700, 7000, 0.025)
    shape = np.exp(-np.sqrt(edges[:-1] * edges[1:]) / 500) * np.diff(edges)
    counts = rng.poisson(900 * shape / shape.sum()).astype(float)
    counts += np.histogram(rng.normal(3500, 100, signal), edges)[0]
    result = BumpHunt(lo=2700, hi=7000, n_pseudo=n_pseudo).run_counts(counts, rng=rng)
    return replace(result, p_reach=(1 / 3001, 1 / 2501)).with_checks(passing())


def passing() -> list[Check]:
    """Three checks that pass."""
    return [
        Check("null p-values", 0.43, 0.9, True, "p-values of 9,000 held-out reference events are uniform"),
        Check("type-I error", 0.71, 0.05, True, "5.1 % of 1,000 background toys fall below 5 %"),
        Check("mass sculpting", 0.22, 1.4, True, "the selected fraction does not depend on mjj"),
    ]


def failed() -> Check:
    """One that fails, with a name as a hostile file could give it."""
    return Check(
        f"sculpting {HOSTILE}", 1e-6, 31.0, False, "the selected fraction rises with mjj from 0.8 to 1.9 %"
    )


def inclusive(seed: int = 2) -> dict:
    """A spectrum before the selection, with its fit."""
    rng = np.random.default_rng(seed)
    edges = geometric_edges(2700, 7000, 0.025)
    shape = np.exp(-np.sqrt(edges[:-1] * edges[1:]) / 500) * np.diff(edges)
    counts = rng.poisson(60_000 * shape / shape.sum()).astype(float)
    fit = DijetFunction().fit(counts, edges).expected
    return {
        "edges": edges.tolist(),
        "counts": counts.tolist(),
        "fitted": fit.tolist(),
        "pulls": ((counts - fit) / np.sqrt(fit)).tolist(),
    }


def curve(name: str, power: float, *, control: bool = False, seeds: int = 5) -> dict:
    """eps_B = eps_S^power, with a band of ten per cent in the power."""
    eps_s = np.linspace(0.02, 1, 60)
    low, middle, high = (eps_s ** -(power * factor) for factor in (0.9, 1.0, 1.1))
    gone = middle > 400
    rejection, low, high = (
        [None if end else float(v) for v, end in zip(values, gone, strict=True)]
        for values in (middle, low, high)
    )
    area = power / (power + 1)
    return {
        "name": name,
        "control": control,
        "eps_s": eps_s.tolist(),
        "rejection": rejection,
        "low": low,
        "high": high,
        "auc": [area + 0.004 * (seed - 2) for seed in range(seeds)],
        "max_sic": [1.9] * seeds,
    }


def search_section(result: SearchResult, name: str = "Dijet search") -> dict:
    """A section with everything in it."""
    return {
        "name": name,
        "detector": "dense-autoencoder",
        "statement": result.statement(),
        "said": [],
        "result": result.to_dict(),
        "inclusive": inclusive(),
        "controls": [
            {
                "name": "no selection",
                "local_z": 1.52,
                "global_p": 0.61,
                "global_z": -0.28,
                "note": "all events",
            },
            {"name": "dense-autoencoder, untrained", "local_z": 1.9, "global_p": 0.4, "global_z": 0.25},
            {"name": "mass alone", "local_z": 2.2, "global_p": 0.21, "global_z": 0.8},
            {"name": "sum of features", "local_z": 2.7, "global_p": 0.08, "global_z": 1.4},
            {"name": "mahalanobis", "local_z": 4.6, "global_p": 4e-4, "global_z": 3.35},
        ],
        "curves": [
            curve("dense-autoencoder", 4.0),
            curve("mahalanobis", 3.1),
            curve("mass alone", 1.6, control=True),
            curve("sum of features", 1.2, control=True),
        ],
        "counts": {"train": 9_834, "calibrate": 29_873, "check": 10_020, "test": 24_012},
    }


def jets_section() -> dict:
    """Three detectors and two controls both ways round."""
    powers = {"dense-autoencoder": 3.8, "mahalanobis": 4.2, "k-nearest-neighbours": 3.3}
    controls = {"mass alone": 4.0, "pT alone": 1.0}
    rows = []
    for first, second in (("QCD", "top"), ("top", "QCD")):
        for name, power in {**powers, **controls}.items():
            if first != "QCD":
                power = 1 / power**0.6
            drawn = curve(name, power, control=name in controls)
            rows.append(
                {
                    "detector": name,
                    "control": name in controls,
                    "trained_on": first,
                    "finds": second,
                    "auc": drawn["auc"],
                    "rejection": {
                        "0.3": [min(0.3**-power * (1 + 0.02 * s), 500) for s in range(5)],
                        "0.5": [0.5**-power * (1 + 0.02 * s) for s in range(5)]
                        if power > 0.7
                        else [None] * 5,
                    },
                    "parameters": 1_234,
                    "seconds": 2.34,
                    "curve": drawn,
                }
            )
    return {"said": ["Each detector sees half of one class and is tested on the other halves."], "rows": rows}


PROVENANCE = {
    "data": "data.parquet",
    "seed": 1,
    "configuration_hash": "9c1d5a",
    "versions": {"strangeness": "0.1.0", "jax": "0.7.1", "numpy": "2.3.1"},
    "reference_sample": {
        "sha256": "ab" * 32,
        "rows": 50_000,
        "made_from": {"multiparton_interactions": "off"},
    },
}


def search_report(result: SearchResult | None = None) -> Report:
    """The page of one search."""
    section = search_section(result or hunted())
    return Report.model_validate(
        {"title": "Dijet search with a dense autoencoder", "searches": [section], "provenance": PROVENANCE}
    )


def demo_report() -> Report:
    """Jets, a planted search and an empty one that is blocked."""
    blocked = hunted(0).with_checks([failed()])
    return Report.model_validate(
        {
            "title": "strangeness demo",
            "said": ["Two searches in simulated dijets, and the same detectors on single jets."],
            "searches": [
                search_section(hunted(), "Dijets with a planted resonance"),
                search_section(blocked, f"Dijets without one {HOSTILE}"),
            ],
            "jets": jets_section(),
            "provenance": PROVENANCE,
        }
    )
