"""Toy jets near the edge of the azimuth, and the same jets in FastJet."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

from strangeness.events.generation.clustering import fastjet, quiet
from strangeness.jets.ragged import Floats, Jets, ragged
from strangeness.jets.shapes import wrapped


def random_jets(n: int = 40, most: int = 40, seed: int = 0, least: int = 1) -> Jets:
    """Jets of ``least`` to ``most`` constituents around eta = 0.4, phi = 3.1, in one to four prongs."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(least, most + 1, n)
    owner = np.repeat(np.arange(n), counts)
    prong = rng.normal(0, 0.2, (n, 4, 2))[owner, rng.integers(0, 1 + owner % 4)]
    eta, phi = (prong + rng.normal(0, 0.05, prong.shape)).T
    return ragged(rng.exponential(20.0, len(owner)) + 0.2, 0.4 + eta, wrapped(3.1 + phi), counts)


def one(*particles: tuple[float, float, float]) -> Jets:
    """One jet of particles (pt, eta, phi)."""
    return ragged(*np.array(particles).T, [len(particles)])


def sequence(jets: Jets, algorithm: str = "cambridge") -> Any:
    """FastJet's cluster sequence of each jet, with a radius that takes in all constituents."""
    module = fastjet()
    px, py = jets.pt * np.cos(jets.phi), jets.pt * np.sin(jets.phi)
    columns = {"px": px, "py": py, "pz": jets.pt * np.sinh(jets.eta), "E": jets.pt * np.cosh(jets.eta)}
    inputs = ak.unflatten(ak.zip(columns, with_name="Momentum4D"), jets.counts)
    definition = module.JetDefinition(getattr(module, f"{algorithm}_algorithm"), 100.0)
    with quiet():
        return module.ClusterSequence(inputs, definition)


def pseudo(jets: Jets, jet: int) -> list[Any]:
    """The constituents of one jet as FastJet's own ``PseudoJet``."""
    mine = slice(*jets.offsets[jet : jet + 2])
    pt, eta, phi = jets.pt[mine], jets.eta[mine], jets.phi[mine]
    four = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=1)
    return [fastjet().PseudoJet(*map(float, row)) for row in four]


def flat(values: Any) -> Floats:
    """An awkward array (jets,) or (jets, 1) as NumPy."""
    return np.asarray(ak.to_numpy(ak.flatten(values, axis=None)), dtype=np.float64)
