"""The fat jets of NanoAOD and PFNano, one behind the other, and their particles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Request
from strangeness.events.particles import offsets_of
from strangeness.events.rootfile import Lists

Array = NDArray[np.float64]
PAIRS = (
    ("PFCands", "FatJetPFCands_jetIdx", "FatJetPFCands_pFCandsIdx"),
    ("PFCand", "FatJetPFCand_jetIdx", "FatJetPFCand_pfCandIdx"),
)
"""Candidates, the jets of the pairs, the candidates of the pairs: as PFNano has called them."""
NEEDS = {
    "pt": ("pt",),
    "eta": ("eta",),
    "phi": ("phi",),
    "mass": ("mass",),
    "msoftdrop": ("msoftdrop",),
    "tau21": ("tau1", "tau2"),
    "tau32": ("tau2", "tau3"),
    "multiplicity": (),
}
"""Quantity of a jet -> the branches FatJet_* that it is made of."""


@dataclass(frozen=True)
class FatJets:
    """The fat jets of some events, one behind the other, and what belongs to their particles."""

    start: int
    lists: Mapping[str, Lists]
    flat: Mapping[str, NDArray[Any]]
    request: Request

    def __getitem__(self, name: str) -> Array:
        return np.asarray(self.lists[f"FatJet_{name}"].values, np.float64)

    @property
    def offsets(self) -> NDArray[np.int64]:
        return self.lists["FatJet_pt"].offsets

    @cached_property
    def event(self) -> NDArray[np.int64]:
        """The event of each jet, counted within the step."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))

    def quantity(self, name: str) -> Array:
        """A quantity of each jet; ratios are 0 where the denominator is."""
        needed = NEEDS[name]
        if len(needed) == 1:
            return self[needed[0]]
        below, above = self[needed[0]], self[needed[1]]
        return np.divide(above, below, out=np.zeros(len(below)), where=below > 0)

    def leading(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """The events with two fat jets, and their two jets of largest pt."""
        order = np.lexsort((-self["pt"], self.event))
        events = np.flatnonzero(np.diff(self.offsets) >= 2)
        first = self.offsets[:-1][events]
        return events, order[first], order[first + 1]

    def particles(self, pairs: tuple[str, str, str]) -> tuple[NDArray[np.int64], dict[str, Array]]:
        """The jet of each particle, and its pt, eta, phi; particles of no jet are left out."""
        kind, jet_name, particle_name = pairs
        jet, particle = self.lists[jet_name], self.lists[particle_name]
        event = np.repeat(np.arange(len(jet.offsets) - 1), np.diff(jet.offsets))
        pt = self.lists[f"{kind}_pt"]
        if len(jet.values) != len(particle.values):
            raise FileError(
                f"'{jet_name}' and '{particle_name}' of '{self.request.path}' differ in length",
                "Write it again.",
            )
        for name, index, offsets in ((jet_name, jet, self.offsets), (particle_name, particle, pt.offsets)):
            outside = index.values >= np.diff(offsets)[event]
            if outside.any():
                place = int(np.argmax(outside))
                raise FileError(
                    f"'{name}' of '{self.request.path}' is {index.values[place]} in event "
                    f"{self.start + event[place]}, which has fewer",
                    "Write it again.",
                )
        real = (jet.values >= 0) & (particle.values >= 0)
        pick = pt.offsets[:-1][event[real]] + particle.values[real]
        values = {
            name: self.lists[f"{kind}_{name}"].values[pick].astype(float) for name in ("pt", "eta", "phi")
        }
        if (weight := self.lists.get(f"{kind}_puppiWeight")) is not None:
            values["pt"] = values["pt"] * weight.values[pick]
        return self.offsets[:-1][event[real]] + jet.values[real], values


def grouped(
    row: NDArray[np.int64], values: Mapping[str, Array], rows: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Particles with their row (below 0: none) as lists of ``rows`` rows."""
    order = np.argsort(row, kind="stable")
    order = order[np.searchsorted(row[order], 0) :]
    pt, eta, phi = (values[name][order].astype(np.float32) for name in ("pt", "eta", "phi"))
    return offsets_of(np.bincount(row[order], minlength=rows)), pt, eta, phi


def invariant_mass(jets: FatJets, first: NDArray[np.int64], second: NDArray[np.int64]) -> Array:
    """mjj (n,) of two jets, GeV."""
    pt, eta, phi, mass = (jets[name] for name in ("pt", "eta", "phi", "mass"))
    momenta = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta)])
    energy = np.sqrt(np.sum(momenta**2, axis=0) + mass**2)
    total = momenta[:, first] + momenta[:, second]
    return np.sqrt(np.maximum((energy[first] + energy[second]) ** 2 - np.sum(total**2, axis=0), 0.0))
