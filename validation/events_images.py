"""The layered detector against its stated resolutions, and quark against gluon jets in its images.

The images of CMS (arXiv:1902.08276) come from a full simulation of QCD jets: only orderings can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, NotRun, Raw
from strangeness.core.errors import MissingDependency
from strangeness.events.generation.detector import DEFAULT, Calorimeter, Particles
from strangeness.events.generation.layers import Layers, respond
from strangeness.representations.calorimeter_images import calorimeter_images
from strangeness.representations.calorimeter_pixels import LAYERS
from strangeness.representations.image_statistics import sparsity

N, PT, ETA = 200_000, 50.0, 0.3
ENERGY = PT * math.cosh(ETA)
EVENTS = 250
SAME = 1e-9
"""Sums in another order; the random numbers are the same everywhere."""


def _alone(pdg: int, index: int, seed: int) -> Layers:
    """The layers' response to N particles of 50 GeV, one an event."""
    same = np.ones(N)
    true = Particles(np.arange(N), np.full(N, pdg), PT * same, ETA * same, 0.0 * same, ENERGY * same)
    return respond(true, np.random.default_rng([seed, index, pdg]))


def _energies(layers: Layers) -> list[NDArray[np.float64]]:
    """Energy in each layer, over the true one, of all particles."""
    return [np.bincount(part.event, part.energy, N) / ENERGY for part in layers]


def response(index: int, seed: int) -> Raw:
    """Means and widths of photons, K0L, charged pions and tracks of muons."""
    _, photon, behind = _energies(_alone(22, index, seed))
    _, early, late = _energies(_alone(130, index, seed))
    _, *pion = _energies(_alone(211, index, seed))
    track = _energies(_alone(13, index, seed))[0]
    seen = track[track > 0.0]
    whole = {"photon": photon, "kaon": early + late, "pion": pion[0] + pion[1], "track": seen}
    return {
        **{name: [float(values.mean()), float(values.std())] for name, values in whole.items()},
        "behind photons": float(np.abs(behind).max()),
        "kaon late": float((late / (early + late)).mean()),
        "efficiency": len(seen) / N,
    }


def _stated(calorimeter: Calorimeter) -> float:
    return float(calorimeter.sigma(np.array([ENERGY]))[0]) / ENERGY


RESPONSE = {
    "photons in the ECAL: mean response": lambda raw: raw["photon"][0],
    "photons in the ECAL: resolution over the stated one": lambda raw: (
        raw["photon"][1] / _stated(DEFAULT.ecal)
    ),
    "K0L in both calorimeters: mean response": lambda raw: raw["kaon"][0],
    "K0L in both calorimeters: resolution over the stated one": lambda raw: (
        raw["kaon"][1] / _stated(DEFAULT.hcal)
    ),
    "K0L: mean share in the HCAL": lambda raw: raw["kaon late"],
    "charged pions in both calorimeters: mean response": lambda raw: raw["pion"][0],
    "tracks: mean response": lambda raw: raw["track"][0],
    "tracks: pT resolution over the stated one": lambda raw: raw["track"][1] / math.hypot(0.01, 1e-4 * PT),
    "tracks: efficiency": lambda raw: raw["efficiency"],
}


def _responses(raws: Sequence[Raw]) -> Mapping[str, float]:
    return {row: float(np.mean([value(raw) for raw in raws])) for row, value in RESPONSE.items()}


def jets(index: int, seed: int) -> Raw:
    """Sums over the quark and the gluon jets of 250 events each; multiparton interactions are on."""
    return {name: _class(name, index, seed) for name in ("quark", "gluon")}


def _class(name: str, index: int, seed: int) -> Raw:
    try:
        from strangeness.events.generation import processes
        from strangeness.events.generation.jet_hits import QUARK_GLUON, jet_hits
        from strangeness.events.generation.matching import GLUE, LIGHT
        from strangeness.events.generation.pythia import batches
        from strangeness.events.generation.windows import padded

        process = {"quark": processes.QUARK, "gluon": processes.GLUON}[name]
        events, _ = next(batches(process, 1 + seed % 900_000_000, EVENTS, size=EVENTS))
    except (ImportError, MissingDependency) as error:
        raise NotRun("Pythia and FastJet come with the extra 'generate'") from error
    columns, hits = jet_hits(events, process, QUARK_GLUON, np.random.default_rng([seed, index]))
    kept = np.flatnonzero(np.isin(columns["label"], (LIGHT, GLUE)))
    return _summed(padded(hits.of(kept), len(kept)), columns["pt"][kept])


def _summed(hits: NDArray[np.float32], pt: NDArray[Any]) -> dict[str, Any]:
    """Sums over jets, by layer where it says so."""
    layer, energy, radius = hits[..., 0], hits[..., 3], np.hypot(hits[..., 1], hits[..., 2])
    inside = np.where(radius < 0.4, energy, 0.0)
    images = calorimeter_images(hits)
    own = [np.where(layer == number, inside, 0.0) for number in range(3)]
    widths = [(part * radius).sum(axis=1) / np.maximum(part.sum(axis=1), 1e-9) for part in own]
    found = [sparsity(images[..., number : number + 1], (10,)) for number in range(3)]
    return {
        "jets": len(pt),
        "response": float(((own[1] + own[2]).sum(axis=1) / pt).sum()),
        "kept": float((images.sum(axis=(1, 2, 3), dtype=np.float64) / energy.sum(axis=1)).sum()),
        "girth": [float(width.sum()) for width in widths],
        "active": [float(each.active.sum()) for each in found],
        "hardest": [float(each.held.sum()) for each in found],
    }


def _mean(raws: Sequence[Raw], name: str, what: str) -> NDArray[np.float64]:
    total = sum(np.asarray(raw[name][what], np.float64) for raw in raws)
    return np.asarray(total) / sum(raw[name]["jets"] for raw in raws)


def _compared(raws: Sequence[Raw]) -> dict[str, Measured]:
    mean = partial(_mean, raws)
    counts = {name: sum(raw[name]["jets"] for raw in raws) for name in ("quark", "gluon")}
    said = f"{counts['quark']} quark and {counts['gluon']} gluon jets"
    rows: dict[str, Any] = {
        f"{name} jets: calorimeters within 0.4 over jet pT": mean(name, "response") for name in counts
    }
    rows["images: sum of pixels over sum of hits"] = np.mean([mean(name, "kept") for name in counts])
    wider = mean("gluon", "girth") / mean("quark", "girth")
    more = mean("gluon", "active") / mean("quark", "active")
    harder = mean("quark", "hardest") / mean("gluon", "hardest")
    for number, layer in enumerate(LAYERS):
        rows[f"{layer}: width of gluon over quark jets"] = wider[number]
        rows[f"{layer}: active pixels of gluon over quark jets"] = more[number]
        rows[f"{layer}: ten hardest pixels of quark over gluon jets"] = harder[number]
    active = mean("quark", "active") + mean("gluon", "active")
    rows["active pixels: ECAL over tracks"] = active[1] / active[0]
    rows["active pixels: HCAL over ECAL"] = active[2] / active[1]
    return {row: Measured(float(value), note=said) for row, value in rows.items()}


_BY_LAYER = (
    "width of gluon over quark jets",
    "active pixels of gluon over quark jets",
    "ten hardest pixels of quark over gluon jets",
)
JET_ROWS = (
    *(f"{name} jets: calorimeters within 0.4 over jet pT" for name in ("quark", "gluon")),
    "images: sum of pixels over sum of hits",
    *(f"{layer}: {what}" for layer in LAYERS for what in _BY_LAYER),
    "active pixels: ECAL over tracks",
    "active pixels: HCAL over ECAL",
)
CASES = [
    Case("layers-response", tuple(RESPONSE), response, 2, _responses, tolerance=SAME),
    Case("layers-quark-gluon", JET_ROWS, jets, 6, _compared, tolerance=1e-6),
]
