"""From a batch of generated events to selected rows: detector, jets, cuts, matching, features."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from strangeness.events.generation.clustering import Jets, antikt
from strangeness.events.generation.detector import (
    DEFAULT,
    NEUTRINOS,
    DetectorSettings,
    Objects,
    Particles,
    measure,
)
from strangeness.events.generation.matching import UNLABELLED, flavour, matched, removed
from strangeness.events.generation.processes import Process
from strangeness.events.generation.substructure import (
    Columns,
    constituent_columns,
    dijet_columns,
    flat,
    jet_columns,
    subjettiness_columns,
    taken,
)

CELL, ETA_END = 0.25, 5.0
"""Cells in which momenta are summed before clustering: their size in radii, and where they end in |eta|."""


@dataclass(frozen=True)
class JetCuts:
    """Single jets among the two leading ones of an event. GeV."""

    radius: float = 0.8
    pt_low: float = 550.0
    pt_high: float = 650.0
    eta_max: float = 2.0


@dataclass(frozen=True)
class DijetCuts:
    """The two leading jets of an event. GeV.

    With ``subjettiness`` a row has the 54 N-subjettinesses and the constituents of both jets in place of four
    ratios.
    """

    radius: float = 1.0
    leading_pt: float = 1200.0
    pt_low: float = 100.0
    eta_max: float = 2.5
    mjj_low: float = 2400.0
    subjettiness: bool = False


Cuts = JetCuts | DijetCuts


def rows(
    events: Any,
    process: Process,
    cuts: Cuts,
    rng: np.random.Generator,
    detector: DetectorSettings | None = DEFAULT,
) -> tuple[Columns, Counter[str]]:
    """The selected rows of a batch of events of Pythia's record, and how many events or jets passed what.

    Without a ``detector`` jets are made of all visible particles, taken as massless.

    ``event`` in the columns is the index in the batch, ``pthat`` the transverse momentum of its hard process
    (GeV). Counts: ``selected`` jets or events, ``matched`` of these.
    """
    true = stable(events, process.remove)
    seen = visible(true) if detector is None else measure(true, rng, detector)
    if isinstance(cuts, JetCuts):
        columns, counts = _single(events, seen, process, cuts)
    else:
        columns, counts = _pairs(len(events), seen, cuts)
    if process.weighted:
        columns["weight"] = ak.to_numpy(events.info.weights[:, 0])[columns["event"]]
    columns["pthat"] = np.sqrt(ak.to_numpy(events.info.pT2Hat))[columns["event"]]
    return columns, Counter(counts)


def visible(true: Particles) -> Objects:
    """The particles as a perfect detector sees them: all but neutrinos."""
    true = true.select(~np.isin(np.abs(true.pdg), NEUTRINOS))
    return Objects(true.event, true.pt, true.eta, true.phi)


def stable(events: Any, remove: tuple[int, ...] = ()) -> Particles:
    """The final particles of a batch of events as flat arrays, without those of codes ``remove`` from a Z."""
    kept = events.prt.status > 0
    if remove:
        kept = kept & ~removed(events.prt, remove)
    final = events.prt[kept]
    counts = ak.to_numpy(ak.num(final))
    event = np.repeat(np.arange(len(counts), dtype=np.int64), counts)
    px, py, pz, e = (ak.to_numpy(ak.flatten(final.p[name])) for name in ("px", "py", "pz", "e"))
    pt = np.hypot(px, py)
    code = ak.to_numpy(ak.flatten(final.id)).astype(np.int64)
    eta = np.arcsinh(pz / np.maximum(pt, 1e-9))
    return Particles(event, code, pt, eta, np.arctan2(py, px), e)


def _single(events: Any, seen: Objects, process: Process, cuts: JetCuts) -> tuple[Columns, dict[str, int]]:
    jets = antikt(seen, len(events), cuts.radius, 0.9 * cuts.pt_low)
    jets = Jets(*(part[:, :2] for part in jets))
    inside = (jets.pt > cuts.pt_low) & (jets.pt < cuts.pt_high) & (abs(jets.eta) < cuts.eta_max)
    good, labels = inside, None
    if process.target is not None:
        good = inside & matched(jets, events.prt, process.target, cuts.radius)
    elif process.flavours:
        labels = flavour(jets, events.prt, cuts.radius)
        good = inside & (labels != UNLABELLED)
    chosen = flat(jets, good)
    columns = jet_columns(chosen, cuts.radius)
    if labels is not None:
        columns["label"] = ak.to_numpy(ak.flatten(labels[good], axis=1)).astype(np.int64)
    columns["event"] = np.repeat(np.arange(len(events)), ak.to_numpy(ak.sum(good, axis=1)))
    return columns, {"selected": int(ak.sum(inside)), "matched": int(ak.sum(good))}


def _pairs(events: int, seen: Objects, cuts: DijetCuts) -> tuple[Columns, dict[str, int]]:
    hopeful = np.flatnonzero(within_windows(seen, events, cuts.radius) > cuts.leading_pt)
    jets = antikt(renumbered(seen, hopeful, events), len(hopeful), cuts.radius, cuts.pt_low)
    two = np.flatnonzero(ak.to_numpy(ak.num(jets.pt)) >= 2)
    jets, number = Jets(*(part[two][:, :2] for part in jets)), hopeful[two]
    central = ak.to_numpy(ak.all(abs(jets.eta) < cuts.eta_max, axis=1))
    good = central & (ak.to_numpy(jets.pt[:, 0]) > cuts.leading_pt)
    jets = Jets(*(part[good] for part in jets))
    leading, second = (Jets(*(part[:, place] for part in jets)) for place in (0, 1))
    if cuts.subjettiness:
        columns = subjettiness_columns((leading, second), cuts.radius)
        columns |= constituent_columns(leading, "jet1") | constituent_columns(second, "jet2")
    else:
        columns = dijet_columns((leading, second), cuts.radius)
    columns["event"] = number[good]
    columns = taken(columns, np.flatnonzero(columns["mjj"] >= cuts.mjj_low))
    selected = len(columns["event"])
    return columns, {"selected": selected, "matched": selected}


def within_windows(seen: Objects, events: int, radius: float) -> NDArray[np.float64]:
    """The largest scalar pT within three radii of eta and phi, (events,) in GeV: no jet of an event has more.

    Two cores that merge are less than a radius apart, and each has gathered what lies within a radius of it.
    It costs a tenth of the clustering, which events without a hard jet are then spared.
    """
    rows, columns = int(np.ceil(2.0 * np.pi / (CELL * radius))), int(np.ceil(2.0 * ETA_END / (CELL * radius)))
    row = np.floor(np.mod(seen.phi, 2.0 * np.pi) * (rows / (2.0 * np.pi))).astype(np.int64) % rows
    column = np.floor((seen.eta + ETA_END) * (columns / (2.0 * ETA_END))).astype(np.int64)
    place = (seen.event * rows + row) * columns + np.clip(column, 0, columns - 1)
    sums = np.bincount(place, seen.pt, events * rows * columns).astype(np.float64)
    sums = sums.reshape(events, rows, columns)
    # one cell more than three radii, because a jet may begin anywhere in the first; azimuth goes round
    wide = [min(int(np.ceil(3.0 / CELL)) + 1, size) for size in (rows, columns)]
    total = _running(np.concatenate([sums, sums[:, : wide[0] - 1]], axis=1), wide[0], axis=1)
    return _running(total, wide[1], axis=2).max(axis=(1, 2), initial=0.0)


def _running(values: NDArray[np.float64], width: int, axis: int) -> NDArray[np.float64]:
    """Sums of ``width`` neighbours along an axis."""
    total = np.cumsum(values, axis=axis)
    ends = np.take(total, np.arange(width - 1, values.shape[axis]), axis=axis)
    starts = np.take(total, np.arange(values.shape[axis] - width), axis=axis)
    ends[(slice(None),) * axis + (slice(1, None),)] -= starts
    return ends


def renumbered(seen: Objects, kept: NDArray[np.int64], events: int) -> Objects:
    """The objects of the events ``kept``, which become events 0, 1, 2 ..."""
    number = np.full(events, -1, dtype=np.int64)
    number[kept] = np.arange(len(kept))
    seen = seen._replace(event=number[seen.event])
    return seen.select(seen.event >= 0)
