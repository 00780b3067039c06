"""Generated jets against what they must look like: masses, prongs, multiplicities, responses, turn-ons.

Ranges were written down before the first run, from the particle level (mass of the top 172.5 GeV, of the W
82.5, quark jets of 33 and gluon jets of 54 particles) with room for the detector step.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, NotRun, Raw
from strangeness.core.errors import MissingDependency

Floats = NDArray[np.float64]

GRIDS = {
    "mass": (0.0, 300.0, 75),
    "tau21": (0.0, 1.0, 50),
    "tau32": (0.0, 1.0, 50),
    "multiplicity": (0.0, 150.0, 75),
    "girth": (0.0, 0.4, 40),
}
JETS = {"qcd": 2500, "top": 2500, "w": 2500, "hbb": 1500, "quark": 2000, "gluon": 2000}
PAIRS = {"wprime": 500, "wprime3": 500, "h-tt": 500, "hh4b": 500, "semi-visible": 500}
PAIR_GRIDS = {"mjj": (0.0, 6000.0, 60), "heavy": (0.0, 800.0, 80), "light": (0.0, 300.0, 60)}
FLAVOURS = {"light": 1, "charm": 4, "bottom": 5, "gluon": 21}
SAME = 1e-9


def generated(process: str, events: int, seed: int, **options: Any) -> tuple[dict[str, Any], Counter[str]]:
    """The rows of one shard of a process."""
    from strangeness.events.generation.request import Request, requested
    from strangeness.events.generation.shards import generate

    try:
        sample = replace(requested(Request(process, events, **options)), shard_events=events)
        return generate(sample, sample.parts[0], 0, 1 + seed % 900_000_000)
    except MissingDependency as error:
        raise NotRun(str(error)) from error


def histogram(values: Any, grid: tuple[float, float, int], weights: Any = None) -> list[float]:
    """Counts in equal bins; what lies outside goes to the ends."""
    low, high, bins = grid
    step = (high - low) / bins
    inside = np.clip(values, low + 0.5 * step, high - 0.5 * step)
    return np.histogram(inside, bins, (low, high), weights=weights)[0].astype(float).tolist()


def jets(index: int, seed: int) -> Raw:
    """Histograms of single jets of every class, and of the flavours of quark and gluon jets."""
    found: dict[str, Any] = {}
    for name, events in JETS.items():
        columns, counts = generated(name, events, seed)
        columns |= {
            "tau21": columns["tau2"] / np.maximum(columns["tau1"], 1e-9),
            "tau32": columns["tau3"] / np.maximum(columns["tau2"], 1e-9),
        }
        found[name] = {key: histogram(columns[key], grid) for key, grid in GRIDS.items()}
        found[name] |= {"counts": dict(sorted(counts.items()))}
        if "label" in columns:
            labels = {kind: columns["label"] == code for kind, code in FLAVOURS.items()}
            found[name]["flavours"] = {kind: int(mask.sum()) for kind, mask in labels.items()}
            found[name]["multiplicity of"] = {
                kind: histogram(columns["multiplicity"][mask], GRIDS["multiplicity"])
                for kind, mask in labels.items()
            }
    return found


def pairs(index: int, seed: int) -> Raw:
    """Histograms of the two jets of every resonance."""
    found = {}
    for name, events in PAIRS.items():
        columns, counts = generated(name, events, seed)
        heavy, light = np.maximum(columns["mj1"], columns["mj2"]), np.minimum(columns["mj1"], columns["mj2"])
        values = {"mjj": columns["mjj"], "heavy": heavy, "light": light}
        found[name] = {key: histogram(values[key], grid) for key, grid in PAIR_GRIDS.items()}
        found[name]["tau32"] = histogram(
            np.concatenate([columns["tau32_1"], columns["tau32_2"]]), GRIDS["tau32"]
        )
        found[name]["counts"] = dict(sorted(counts.items()))
    return found


def summed(raws: Sequence[Raw], *path: str) -> Floats:
    """A histogram added over all shards."""

    def at(raw: Any) -> Any:
        for key in path:
            raw = raw[key]
        return raw

    return np.sum([at(raw) for raw in raws], axis=0)


def median(counts: Floats, grid: tuple[float, float, int]) -> float:
    """The median of binned values, linear within its bin."""
    low, high, bins = grid
    total = np.concatenate([[0.0], np.cumsum(counts)])
    return float(np.interp(0.5 * total[-1], total, np.linspace(low, high, bins + 1)))


def peak(counts: Floats, grid: tuple[float, float, int]) -> float:
    """The mean of the values within two bins of the fullest one."""
    low, high, bins = grid
    middle = low + (np.arange(bins) + 0.5) * (high - low) / bins
    top = int(np.argmax(np.convolve(counts, np.ones(3), "same")))
    near = slice(max(top - 2, 0), top + 3)
    return float(np.average(middle[near], weights=counts[near]))


def jet_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Peaks, ratios and shares of single jets."""
    number = {name: sum(raw[name]["counts"]["matched"] for raw in raws) for name in JETS}

    def said(*names: str) -> str:
        return ", ".join(f"{number[name]:,} {name}" for name in names) + " jets"

    rows = {
        f"{name}: peak of the jet mass, GeV": Measured(
            peak(summed(raws, name, "mass"), GRIDS["mass"]), note=said(name)
        )
        for name in ("top", "w", "hbb")
    }
    for what, one, other in (("tau32", "top", "qcd"), ("tau21", "w", "qcd"), ("tau21", "hbb", "qcd")):
        values = [median(summed(raws, name, what), GRIDS[what]) for name in (one, other)]
        note = f"{values[0]:.3f} and {values[1]:.3f}; {said(one, other)}"
        rows[f"{what}: median of {one} over {other}"] = Measured(values[0] / values[1], note=note)
    for what in ("multiplicity", "girth"):
        values = [median(summed(raws, name, what), GRIDS[what]) for name in ("gluon", "quark")]
        note = f"{values[0]:.3g} and {values[1]:.3g}; {said('gluon', 'quark')}"
        rows[f"{what}: median of gluon over quark"] = Measured(values[0] / values[1], note=note)
    flavours = {kind: sum(raw["quark"]["flavours"][kind] for raw in raws) for kind in FLAVOURS}
    total = sum(flavours.values())
    for kind in ("charm", "bottom"):
        rows[f"quark: share of {kind} jets"] = Measured(
            flavours[kind] / total, note=f"{flavours[kind]} of {total}"
        )
    of = {
        k: median(summed(raws, "quark", "multiplicity of", k), GRIDS["multiplicity"])
        for k in ("light", "bottom")
    }
    rows["multiplicity: median of bottom over light quarks"] = Measured(
        of["bottom"] / of["light"], note=f"{of['bottom']:.1f} and {of['light']:.1f}"
    )
    return rows


def pair_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Peaks of the resonances."""
    rows = {}
    number = {name: sum(raw[name]["counts"]["selected"] for raw in raws) for name in PAIRS}
    for name, keys in (("wprime", ("mjj", "heavy", "light")), ("wprime3", ("mjj", "heavy", "light"))):
        for key in keys:
            what = {"mjj": "two jets", "heavy": "the heavier jet", "light": "the lighter jet"}[key]
            value = peak(summed(raws, name, key), PAIR_GRIDS[key])
            rows[f"{name}: peak of the mass of {what}, GeV"] = Measured(value, note=f"{number[name]} events")
    values = [median(summed(raws, name, "tau32"), GRIDS["tau32"]) for name in ("wprime3", "wprime")]
    rows["tau32: median of three prongs over two"] = Measured(
        values[0] / values[1], note=f"{values[0]:.3f} and {values[1]:.3f}"
    )
    for name, key in (("h-tt", "mjj"), ("hh4b", "heavy")):
        what = "two jets" if key == "mjj" else "the heavier jet"
        value = median(summed(raws, name, key), PAIR_GRIDS[key])
        rows[f"{name}: median mass of {what}, GeV"] = Measured(value, note=f"{number[name]} events")
    value = median(summed(raws, "semi-visible", "mjj"), PAIR_GRIDS["mjj"])
    rows["semi-visible: median mass of two jets, GeV"] = Measured(
        value, note=f"{number['semi-visible']} events; the resonance has 3,000 GeV"
    )
    return rows


RATIO, TURN = (0.7, 1.3, 60), (1000.0, 1500.0, 25)
MASSES = (1500.0, 5000.0, 35)
HARD = (500.0, 1500.0, 20)
CUT = 1200.0


def detector(index: int, seed: int) -> Raw:
    """Leading jets before and after the detector step, and where a cut at 1.2 TeV turns on."""
    found: dict[str, Floats] = {}
    for true, seen, mjj, pthat, weight in _both(seed, 3000):
        parts = {
            "response": histogram(seen / true, RATIO, np.where(true > 700.0, weight, 0.0)),
            "true": histogram(true, TURN, weight),
            "passing": histogram(true, TURN, np.where(seen > CUT, weight, 0.0)),
            "mjj": histogram(mjj, MASSES, weight),
            "mjj passing": histogram(mjj, MASSES, np.where(seen > CUT, weight, 0.0)),
            "pthat passing": histogram(pthat, HARD, np.where(seen > CUT, weight, 0.0)),
        }
        found = {name: found.get(name, 0.0) + np.array(counts) for name, counts in parts.items()}
    return {name: counts.tolist() for name, counts in found.items()}


def _both(seed: int, events: int) -> Iterator[tuple[Floats, Floats, Floats, Floats, Floats]]:
    """pT of leading jets before and after the detector, mass of two jets, pTHat and weights, in batches."""
    import awkward as ak

    from strangeness.events.generation import pythia, selection
    from strangeness.events.generation.clustering import antikt
    from strangeness.events.generation.detector import measure
    from strangeness.events.generation.processes import DIJET, biased, with_window
    from strangeness.events.generation.substructure import invariant_mass

    process = biased(with_window(DIJET, 500.0), 4.0, 1000.0)
    rng = np.random.default_rng(seed)
    try:
        made = pythia.batches(process, 1 + seed % 900_000_000, events, 500)
        for batch, _ in made:
            true = selection.stable(batch)
            levels = [
                antikt(o, len(batch), 1.0, 100.0) for o in (selection.visible(true), measure(true, rng))
            ]
            two = np.all([ak.to_numpy(ak.num(jets.pt)) >= 2 for jets in levels], axis=0)
            particle, seen = ([type(j)(*(part[two][:, k] for part in j)) for k in (0, 1)] for j in levels)
            central = np.all([np.abs(ak.to_numpy(jet.eta)) < 2.5 for jet in seen], axis=0)
            pt = [ak.to_numpy(jets[0].pt)[central] for jets in (particle, seen)]
            weight, pt2hat = (ak.to_numpy(x) for x in (batch.info.weights[:, 0], batch.info.pT2Hat))
            hard = np.sqrt(pt2hat)[two][central]
            yield pt[0], pt[1], invariant_mass(*seen)[central], hard, weight[two][central]
    except MissingDependency as error:
        raise NotRun(str(error)) from error


def detector_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Mean and width of the response, and the points of the turn-ons."""
    middle = RATIO[0] + (np.arange(RATIO[2]) + 0.5) * (RATIO[1] - RATIO[0]) / RATIO[2]
    response = summed(raws, "response")
    centre = median(response, RATIO)
    width = float(np.sqrt(np.average((middle - centre) ** 2, weights=response)))
    share = summed(raws, "passing") / np.maximum(summed(raws, "true"), 1e-30)
    edges = np.linspace(TURN[0], TURN[1], TURN[2] + 1)
    points = 0.5 * (edges[1:] + edges[:-1])
    at = [float(np.interp(level, np.maximum.accumulate(share), points)) for level in (0.1, 0.5, 0.9)]
    of_mass = summed(raws, "mjj passing") / np.maximum(summed(raws, "mjj"), 1e-30)
    masses = np.linspace(MASSES[0], MASSES[1], MASSES[2] + 1)
    passing = summed(raws, "pthat passing")
    softer = float(passing[: int((900.0 - HARD[0]) / (HARD[1] - HARD[0]) * HARD[2])].sum() / passing.sum())
    half = float(masses[:-1][of_mass > 0.5 * of_mass.max()].min() + 0.5 * (masses[1] - masses[0]))
    return {
        "detector: median response of the leading jet": Measured(centre, note="pT above 700 GeV"),
        "detector: spread of the response of the leading jet": Measured(width),
        "turn-on: pT at which half of the jets pass 1.2 TeV, GeV": Measured(
            at[1], note=f"10 % at {at[0]:.0f}, 90 % at {at[2]:.0f}"
        ),
        "turn-on: mass of two jets at which half of the largest share passes, GeV": Measured(
            half, note=f"largest share {of_mass.max():.2f}"
        ),
        "pTHatMin 900: share of jets above 1.2 TeV that it loses": Measured(softer),
    }


EARLY_BATCHES = 12


def early(index: int, seed: int) -> Raw:
    """pT in the shower, where the early veto looks, of events that are selected although none was vetoed."""
    import awkward as ak

    from strangeness.events.generation import pythia, selection
    from strangeness.events.generation.catalogue import DIJETS_56
    from strangeness.events.generation.processes import DIJET

    veto = DIJETS_56.early or pythia.EarlyVeto(0.0)
    rng = np.random.default_rng(seed)
    stages: list[float] = []
    cuts = replace(DIJETS_56.cuts, subjettiness=False)
    try:
        hook = pythia.hook_of(replace(veto, pt=1.0))
        generator = pythia.generator(DIJET, 1 + seed % 900_000_000, hook)
        for _ in range(EARLY_BATCHES):
            events, seen = [], []
            for _ in range(250):
                # one at a time, so that the veto's pT is surely that of the event
                events.append(generator.nextBatch(1))
                seen.append(hook.stage)
            columns, _ = selection.rows(ak.concatenate(events), DIJET, cuts, rng)
            stages += np.round(np.array(seen)[columns["event"]], 1).tolist()
    except MissingDependency as error:
        raise NotRun(str(error)) from error
    return {"events": 250 * EARLY_BATCHES, "selected": len(stages), "lowest": sorted(stages)[:20]}


def early_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Selected events that the veto of the pool would have lost."""
    from strangeness.events.generation.catalogue import DIJETS_56

    threshold = DIJETS_56.early.pt if DIJETS_56.early else 0.0
    selected = sum(raw["selected"] for raw in raws)
    lost = sum(int(np.sum(np.array(raw["lowest"]) < threshold)) for raw in raws)
    smallest = min(raw["lowest"][0] for raw in raws)
    note = f"{lost} of {selected:,}; the lowest had {smallest:.0f} GeV, the veto is at {threshold:.0f}"
    return {"early veto: share of selected events that it loses": Measured(lost / selected, note=note)}


JET_ROWS = (
    *(f"{name}: peak of the jet mass, GeV" for name in ("top", "w", "hbb")),
    "tau32: median of top over qcd",
    "tau21: median of w over qcd",
    "tau21: median of hbb over qcd",
    "multiplicity: median of gluon over quark",
    "girth: median of gluon over quark",
    "quark: share of charm jets",
    "quark: share of bottom jets",
    "multiplicity: median of bottom over light quarks",
)
_OF = ("two jets", "the heavier jet", "the lighter jet")
PAIR_ROWS = (
    *(f"{name}: peak of the mass of {what}, GeV" for name in ("wprime", "wprime3") for what in _OF),
    "tau32: median of three prongs over two",
    "h-tt: median mass of two jets, GeV",
    "hh4b: median mass of the heavier jet, GeV",
    "semi-visible: median mass of two jets, GeV",
)
DETECTOR_ROWS = (
    "detector: median response of the leading jet",
    "detector: spread of the response of the leading jet",
    "turn-on: pT at which half of the jets pass 1.2 TeV, GeV",
    "turn-on: mass of two jets at which half of the largest share passes, GeV",
    "pTHatMin 900: share of jets above 1.2 TeV that it loses",
)
CASES = [
    Case("jets", JET_ROWS, jets, 4, jet_rows, tolerance=SAME),
    Case("pairs", PAIR_ROWS, pairs, 2, pair_rows, tolerance=SAME),
    Case("detector", DETECTOR_ROWS, detector, 4, detector_rows, tolerance=SAME),
    Case(
        "early",
        ("early veto: share of selected events that it loses",),
        early,
        10,
        early_rows,
        tolerance=SAME,
    ),
]
