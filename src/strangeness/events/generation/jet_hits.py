"""From a batch of generated events to jets with the hits of three detector layers around them."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

from strangeness.events.generation.clustering import Jets, antikt
from strangeness.events.generation.detector import DEFAULT, DetectorSettings, Ints, measure
from strangeness.events.generation.layers import STANDARD, LayerSettings, respond
from strangeness.events.generation.matching import matched, wrapped
from strangeness.events.generation.processes import Process
from strangeness.events.generation.selection import JetCuts, stable
from strangeness.events.generation.substructure import Columns, flat
from strangeness.events.generation.windows import Axes, Hits, hits_around

QUARK_GLUON = JetCuts(radius=0.4, pt_low=500.0, pt_high=550.0, eta_max=1.7)
"""The jets of the quark and gluon sample of arXiv:1810.05165."""


def jet_hits(
    events: Any,
    process: Process,
    cuts: JetCuts,
    rng: np.random.Generator,
    detector: DetectorSettings = DEFAULT,
    layers: LayerSettings = STANDARD,
) -> tuple[Columns, Hits]:
    """The jets of a batch of events of Pythia's record that pass ``cuts``, and the hits around them.

    Jets are those of ``measure``; the layers respond to the same particles a second time, on their own. Jets
    must hold the target of the process, or, where the process has ``flavours``, an outgoing parton.

    Returns:
        Columns of one row a jet: event (in the batch), pt, mass (GeV), eta, phi, multiplicity and parton (see
        ``parton``), float64 or int64; and the hits, whose ``jet`` is the row.
    """
    particles = stable(events)
    jets = antikt(measure(particles, rng, detector), len(events), cuts.radius, 0.9 * cuts.pt_low)
    jets = Jets(*(part[:, :2] for part in jets))
    good = (jets.pt > cuts.pt_low) & (jets.pt < cuts.pt_high) & (abs(jets.eta) < cuts.eta_max)
    if process.target is not None:
        good = good & matched(jets, events.prt, process.target, cuts.radius)
    code = parton(jets, events.prt, cuts.radius)
    if process.flavours:
        good = good & (code > 0)
    chosen = flat(jets, good)
    columns: Columns = {name: ak.to_numpy(getattr(chosen, name)) for name in ("pt", "eta", "phi", "mass")}
    columns["multiplicity"] = ak.to_numpy(ak.num(chosen.constituents)).astype(np.float64)
    columns["parton"] = ak.to_numpy(ak.flatten(code[good])).astype(np.int64)
    columns["event"] = np.repeat(np.arange(len(events)), ak.to_numpy(ak.sum(good, axis=1)))
    axes = Axes(columns["event"], columns["eta"], columns["phi"])
    return columns, hits_around(respond(particles, rng, detector, layers), axes, detector, layers)


def parton(jets: Jets, particles: Any, radius: float) -> Any:
    """|PDG code| (event, jet) of the nearest outgoing parton of the hard process within ``radius``; 0: none.

    1, 2 and 3 are light quarks, 4 charm, 5 bottom, 21 a gluon; outgoing partons have the status 23.
    """
    code = np.abs(particles.id)
    outgoing = particles[(np.abs(particles.status) == 23) & ((code <= 5) | (code == 21))]
    eta = np.arcsinh(outgoing.p.pz / np.hypot(outgoing.p.px, outgoing.p.py))
    phi = np.arctan2(outgoing.p.py, outgoing.p.px)
    d_phi = wrapped(jets.phi[:, :, np.newaxis] - phi[:, np.newaxis, :])
    far = np.hypot(jets.eta[:, :, np.newaxis] - eta[:, np.newaxis, :], d_phi)
    codes = ak.broadcast_arrays(np.abs(outgoing.id)[:, np.newaxis, :], far)[0]
    nearest = ak.argmin(far, axis=2, keepdims=True)
    found = ak.fill_none(ak.firsts(codes[nearest], axis=2), 0)
    return ak.where(ak.fill_none(ak.min(far, axis=2), np.inf) < radius, found, 0)


def light_or_gluon(code: Ints) -> Ints:
    """1 for a light quark (u, d, s), 0 for a gluon, -1 for what is neither, of the codes of ``parton``."""
    return np.where(code == 21, 0, np.where((code >= 1) & (code <= 3), 1, -1))
