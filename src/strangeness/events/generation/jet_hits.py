"""From a batch of generated events to jets with the hits of three detector layers around them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from strangeness.events.generation.detector import DEFAULT, DetectorSettings
from strangeness.events.generation.layers import STANDARD, LayerSettings, respond
from strangeness.events.generation.processes import Process
from strangeness.events.generation.selection import JetCuts, rows, stable
from strangeness.events.generation.substructure import Columns
from strangeness.events.generation.windows import Axes, Hits, hits_around

QUARK_GLUON = JetCuts(radius=0.4, pt_low=500.0, pt_high=550.0, eta_max=1.7)
"""The jets of the quark and gluon sample of arXiv:1810.05165."""
_NUMBERS = ("event", "pt", "eta", "phi", "mass", "multiplicity", "label")


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
    must hold the target of the process, or, where it has ``flavours``, a parton of the hard process.

    Returns:
        Columns of one row a jet: event (in the batch), pt, mass (GeV), eta, phi, multiplicity, and, where the
        process has flavours, label (the code of ``flavour``); and the hits, whose ``jet`` is the row.
    """
    columns, hits, _ = _both(events, process, cuts, rng, detector, layers)
    return {name: columns[name] for name in _NUMBERS if name in columns}, hits


def rows_with_hits(
    events: Any,
    process: Process,
    cuts: JetCuts,
    rng: np.random.Generator,
    detector: DetectorSettings = DEFAULT,
    layers: LayerSettings = STANDARD,
) -> tuple[Columns, Counter[str]]:
    """The rows of ``selection.rows``, with the hits around each jet: those of ``jet_hits``."""
    columns, hits, counts = _both(events, process, cuts, rng, detector, layers)
    return columns | hit_columns(hits, len(columns["event"])), counts


def _both(
    events: Any,
    process: Process,
    cuts: JetCuts,
    rng: np.random.Generator,
    detector: DetectorSettings,
    layers: LayerSettings,
) -> tuple[Columns, Hits, Counter[str]]:
    columns, counts = rows(events, process, cuts, rng, detector)
    axes = Axes(columns["event"], columns["eta"], columns["phi"])
    seen = respond(stable(events, process.remove), rng, detector, layers)
    return columns, hits_around(seen, axes, detector, layers), counts


def hit_columns(hits: Hits, jets: int) -> Columns:
    """``hits_count`` (int64) of each jet, flat ``hits_layer`` (int8), and float16 ``hits_{d_eta,d_phi,pt}``.

    Half precision moves a hit by less than a thirtieth of a cell, and none out of its window.
    """
    columns: Columns = {"hits_count": np.bincount(hits.jet, minlength=jets), "hits_layer": hits.layer}
    floats = {"d_eta": hits.d_eta, "d_phi": hits.d_phi, "pt": hits.pt}
    return columns | {f"hits_{name}": values.astype(np.float16) for name, values in floats.items()}
