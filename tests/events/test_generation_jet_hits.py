"""Jets with hits from a few real events; only where Pythia and FastJet are installed."""

from __future__ import annotations

import numpy as np
import pytest

from strangeness.events.generation import pythia
from strangeness.events.generation.jet_hits import QUARK_GLUON, jet_hits
from strangeness.events.generation.matching import BOTTOM, CHARM, LIGHT
from strangeness.events.generation.processes import QUARK
from strangeness.events.generation.selection import JetCuts
from strangeness.events.generation.windows import padded
from strangeness.representations.calorimeter_images import calorimeter_images

pytest.importorskip("pythia8mc")
pytest.importorskip("fastjet")


def test_quark_jets_have_hits_in_all_layers_around_their_axes() -> None:
    batch = next(pythia.batches(QUARK, 7, 120, size=120))[0]
    columns, hits = jet_hits(batch, QUARK, QUARK_GLUON, np.random.default_rng(0))
    jets = len(columns["pt"])
    assert jets > 5
    assert np.all((columns["pt"] > 500) & (columns["pt"] < 550) & (np.abs(columns["eta"]) < 1.7))
    assert set(columns["label"].tolist()) <= {LIGHT, CHARM, BOTTOM}
    assert np.all(np.bincount(hits.jet * 3 + hits.layer, minlength=3 * jets) > 0)
    images = calorimeter_images(padded(hits, jets))
    # both calorimeters see the jet's energy and some more of the underlying event
    assert np.median(images[..., 1:].sum(axis=(1, 2, 3)) / columns["pt"]) == pytest.approx(1.0, abs=0.15)
    middle = images[:, 50:75, 50:75].sum(axis=(1, 2, 3)) / images.sum(axis=(1, 2, 3))
    assert np.median(middle) > 0.7
    again, same = jet_hits(batch, QUARK, QUARK_GLUON, np.random.default_rng(0))
    assert np.array_equal(again["mass"], columns["mass"]) and np.array_equal(same.pt, hits.pt)
    none, empty = jet_hits(batch, QUARK, JetCuts(0.4, 9e3, 9.1e3, 1.7), np.random.default_rng(0))
    assert len(none["pt"]) == len(empty.pt) == 0
