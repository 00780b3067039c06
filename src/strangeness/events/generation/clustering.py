"""Jets of measured objects: anti-kT clustering through FastJet, and the N-subjettiness of its jets."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import awkward as ak
import numpy as np

from strangeness.core.errors import MissingDependency
from strangeness.events.generation.detector import Floats, Objects
from strangeness.jets.nsubjettiness import nsubjettiness
from strangeness.jets.ragged import Jets as FlatJets
from strangeness.jets.ragged import ragged


class Jets(NamedTuple):
    """Jets of a batch of events, awkward arrays (event, jet), hardest first.

    ``pt``, ``mass`` in GeV, ``eta`` (pseudorapidity), ``phi``; ``constituents`` (event, jet, object) has the
    fields pt, eta, phi and px, py, pz, E, hardest first.
    """

    pt: Any
    eta: Any
    phi: Any
    mass: Any
    constituents: Any


def fastjet() -> Any:
    """The FastJet module, its banner kept off the screen."""
    try:
        import fastjet as module
    except ImportError as error:
        raise MissingDependency("fastjet", "generate") from error
    return module


def momenta(objects: Objects, events: int) -> Any:
    """Massless four-vectors of ``objects`` as an awkward array (event, object)."""
    counts = np.bincount(objects.event, minlength=events)
    pt, eta, phi = objects.pt, objects.eta, objects.phi
    columns = {
        "px": pt * np.cos(phi),
        "py": pt * np.sin(phi),
        "pz": pt * np.sinh(eta),
        "E": pt * np.cosh(eta),
        "pt": pt,
        "eta": eta,
        "phi": phi,
    }
    return ak.unflatten(ak.Array(columns), counts)


def antikt(objects: Objects, events: int, radius: float, pt_min: float) -> Jets:
    """Anti-kT jets (arXiv:0802.1189), E-scheme, with pT above ``pt_min`` GeV."""
    module = fastjet()
    inputs = momenta(objects, events)
    definition = module.JetDefinition(module.antikt_algorithm, radius)
    with quiet():
        sequence = module.ClusterSequence(_four(inputs), definition)
        jets = sequence.inclusive_jets(min_pt=pt_min)
        index = sequence.constituent_index(min_pt=pt_min)
    return _sorted(inputs, jets, index)


def _sorted(inputs: Any, jets: Any, index: Any) -> Jets:
    """Jets and their constituents, hardest first; flat NumPy, for awkward steps cost more than the jets."""
    px, py, pz, energy = (ak.to_numpy(ak.flatten(jets[name])) for name in ("px", "py", "pz", "E"))
    per_event, sizes = ak.to_numpy(ak.num(jets)), ak.to_numpy(ak.flatten(ak.num(index, axis=2)))
    start = np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(inputs)))])[:-1]
    event = np.repeat(np.arange(len(per_event)), per_event)
    pt = np.hypot(px, py)
    order = np.lexsort((-pt, event))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    owner = np.repeat(np.arange(len(sizes)), sizes)
    part = ak.to_numpy(ak.flatten(ak.flatten(index, axis=2), axis=1)).astype(np.int64) + np.repeat(
        start[event], sizes
    )
    fields = {name: ak.to_numpy(ak.flatten(inputs[name])) for name in inputs.fields}
    part = part[np.lexsort((-fields["pt"][part], place[owner]))]
    parts = ak.unflatten(ak.Array({name: values[part] for name, values in fields.items()}), sizes[order])
    pt, px, py, pz, energy = (values[order] for values in (pt, px, py, pz, energy))
    mass2 = energy**2 - pt**2 - pz**2
    columns = (pt, np.arcsinh(pz / pt), np.arctan2(py, px), np.sqrt(np.maximum(mass2, 0.0)))
    return Jets(*(ak.unflatten(values, per_event) for values in columns), ak.unflatten(parts, per_event))


def subjettiness(constituents: Any, radius: float) -> Floats:
    """tau_1, tau_2, tau_3 of each jet, shape (jets, 3), beta = 1, winner-take-all kT axes, not minimised.

    ``constituents`` is an awkward array (jet, object) with fields pt, eta, phi; the definition is that of
    ``jets.nsubjettiness``.
    """
    return nsubjettiness(flat_constituents(constituents), 3, radius=radius)[:, :, 0]


def flat_constituents(constituents: Any) -> FlatJets:
    """The constituents (jet, object) as flat arrays."""
    pt, eta, phi = (ak.to_numpy(ak.flatten(constituents[name])) for name in ("pt", "eta", "phi"))
    return ragged(pt, eta, phi, ak.to_numpy(ak.num(constituents)))


def _four(objects: Any) -> Any:
    return ak.zip({name: objects[name] for name in ("px", "py", "pz", "E")}, with_name="Momentum4D")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Send what C++ code writes to standard output to nowhere: FastJet prints a banner once."""
    sys.stdout.flush()
    kept = os.dup(1)
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
