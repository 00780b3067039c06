"""NanoAOD and PFNano (CMS): events with their two leading fat jets, or one row a fat jet.

The particles of the jets are read where the file has them: ``PFCands_*`` with the pairs of
``FatJetPFCands_pFCandsIdx`` and ``FatJetPFCands_jetIdx``, or the same in the singular.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.columns import Part, Request
from strangeness.events.events import Constituents
from strangeness.events.fatjets import NEEDS, PAIRS, FatJets, grouped, invariant_mass
from strangeness.events.particles import around
from strangeness.events.rootfile import Tree, opened
from strangeness.events.trees import sliced

_EVENT = {
    "pt": "pt{}",
    "eta": "eta{}",
    "phi": "phi{}",
    "mass": "mj{}",
    "tau21": "tau21_{}",
    "tau32": "tau32_{}",
}
_EVENT_MORE = {"msoftdrop": "msoftdrop{}"}
_MOST_JETS = 65_536


def parts(request: Request, kind: str) -> Iterator[Part]:
    """The events, or the fat jets, in chunks.

    An event has mjj, and for its two fat jets of largest pt: pt1, eta1, phi1, mj1, tau21_1, tau32_1, pt2, ...
    (GeV, radians; mj is FatJet_mass); events with fewer are left out and counted in the provenance. Named
    columns may also be msoftdrop1, msoftdrop2 and branches with one number an event. Its constituents are
    those of the two jets, in the detector's frame.

    A fat jet has pt, eta, phi, mass, msoftdrop, tau21, tau32 and, with constituents, multiplicity. Named
    columns may also be branches FatJet_* and those of its event. Its constituents are around its axis.

    Where candidates have a ``puppiWeight``, their pt is multiplied by it.
    """
    with opened(request) as tree:
        layout = _PerJet(tree, request) if kind == "nanoaod-jets" else _PerEvent(tree, request)
        yield from layout.parts()


class _Layout:
    """What is asked of a NanoAOD tree, whatever its rows are."""

    def __init__(self, tree: Tree, request: Request) -> None:
        self.tree, self.request = tree, request
        self.jets = {name.removeprefix("FatJet_") for name in tree.names if name.startswith("FatJet_")}
        found = next((p for p in PAIRS if {*p[1:], f"{p[0]}_pt"} <= set(tree.names)), None)
        if found is None and request.columns is not None and request.constituents:
            raise request.no_constituents()
        self.has_particles = found is not None
        self.pairs = found if request.constituents else None
        self.label = request.truth(tree.names)
        self.metadata: dict[str, Any] = {"tree": tree.name}

    def has(self, quantity: str) -> bool:
        """Whether the tree has the branches of a quantity."""
        if quantity == "multiplicity":
            return self.has_particles
        return set(NEEDS[quantity]) <= self.jets

    def particle_branches(self) -> list[str]:
        """The branches of the particles, if these are wanted."""
        if self.pairs is None:
            return []
        weight = f"{self.pairs[0]}_puppiWeight"
        names = [f"{self.pairs[0]}_{name}" for name in ("pt", "eta", "phi")]
        return [*self.pairs[1:], *names, *([weight] if weight in self.tree.names else [])]

    def counts(self) -> Iterator[NDArray[np.int64]]:
        """Fat jets an event."""
        name = "nFatJet" if "nFatJet" in self.tree.names else "FatJet_pt"
        for _, _, flat, lists in self.tree.steps([name], 1_000_000):
            yield flat[name].astype(np.int64) if name in flat else np.diff(lists[name].offsets)

    def steps(self, branches: list[str]) -> Iterator[FatJets]:
        """The jets of the events, a step at a time."""
        for start, _, flat, lists in self.tree.steps(["FatJet_pt", *branches], self.request.chunk):
            fat = FatJets(start, lists, flat, self.request)
            for name, values in lists.items():
                if name.startswith("FatJet_") and len(values.values) != fat.offsets[-1]:
                    raise FileError(
                        f"'{name}' of '{self.request.path}' has another length", "Write it again."
                    )
            yield fat


class _PerEvent(_Layout):
    """A row is an event with two fat jets."""

    def parts(self) -> Iterator[Part]:
        """The events in chunks."""
        made, own, wanted = self._plan()
        self._must_be_numbers(own)
        self._count()
        needed = {f"FatJet_{branch}" for quantity, _ in made.values() for branch in NEEDS[quantity]}
        needed |= {"FatJet_eta", "FatJet_phi", "FatJet_mass"} if "mjj" in wanted else set()
        for step in self.steps([*sorted(needed), *own, *self.particle_branches()]):
            events, first, second = step.leading()
            if len(events) == 0:
                continue
            columns = {name: step.quantity(q)[(first, second)[jet - 1]] for name, (q, jet) in made.items()}
            columns |= {name: step.flat[name][events] for name in own}
            if "mjj" in wanted:
                columns["mjj"] = invariant_mass(step, first, second)
            yield Part(
                rows=len(events),
                features={name: columns[name] for name in wanted},
                constituents=self._constituents(step, events, first, second),
                entry=(step.start + events).astype(np.uint64),
                label=columns[self.label] if self.label else None,
                metadata=self.metadata,
            )

    def _plan(self) -> tuple[dict[str, tuple[str, int]], list[str], list[str]]:
        """Column -> (quantity, jet) of what is made; branches of the event; the features in their order."""
        usual, more = (
            {name.format(jet): (q, jet) for jet in (1, 2) for q, name in table.items() if self.has(q)}
            for table in (_EVENT, _EVENT_MORE)
        )
        wanted = self.request.features(["mjj", *usual], [*more, *self.tree.names])
        made = {name: entry for name, entry in (usual | more).items() if name in wanted}
        named = [*wanted, *([self.label] if self.label else [])]
        return made, [name for name in named if name not in made and name != "mjj"], wanted

    def _must_be_numbers(self, names: list[str]) -> None:
        for name in names:
            if self.tree.shape(name) != "number":
                raise FileError(
                    f"the branch '{name}' of '{self.request.path}' has not one number an event",
                    "Leave it out, or give layout='nanoaod-jets' for branches of jets.",
                )

    def _count(self) -> None:
        kept = sum(int(np.sum(counts >= 2)) for counts in self.counts())
        self.metadata |= {
            "events_in_file": self.tree.entries,
            "left_out_below_two_fat_jets": self.tree.entries - kept,
        }
        if kept == 0:
            raise FileError(
                f"none of the {self.tree.entries} events of '{self.request.path}' has two fat jets",
                "Give layout='nanoaod-jets' for single jets, or layout='root' for the branches of the event.",
            )

    def _constituents(
        self, step: FatJets, events: NDArray[np.int64], first: NDArray[np.int64], second: NDArray[np.int64]
    ) -> Constituents | None:
        if self.pairs is None:
            return None
        row_of_jet = np.full(step.offsets[-1], -1)
        row_of_jet[first] = row_of_jet[second] = np.arange(len(events))
        jet, values = step.particles(self.pairs)
        return Constituents(*grouped(row_of_jet[jet], values, len(events)), relative=False)


class _PerJet(_Layout):
    """A row is a fat jet."""

    def parts(self) -> Iterator[Part]:
        """The jets in chunks."""
        usual = [name for name in NEEDS if self.has(name)]
        wanted = self.request.features(usual, self.tree.names)
        own = [name for name in [*wanted, *([self.label] if self.label else [])] if name not in usual]
        needs_particles = "multiplicity" in wanted and self.pairs is None
        pairs = next(p for p in PAIRS if p[1] in self.tree.names) if needs_particles else self.pairs
        self.pairs, kept = pairs, self.pairs is not None
        needed = {f"FatJet_{branch}" for name in wanted if name in usual for branch in NEEDS[name]}
        needed |= {"FatJet_eta", "FatJet_phi"} if self.pairs else set()
        for step in self.steps([*sorted(needed), *own, *self.particle_branches()]):
            lists = self._constituents(step) if self.pairs else None
            columns = {q: step.quantity(q) for q in wanted if q in usual and q != "multiplicity"}
            columns |= {name: self._own(step, name) for name in own}
            if lists is not None:
                columns["multiplicity"] = lists.counts.astype(np.float64)
            place = np.arange(step.offsets[-1]) - step.offsets[:-1][step.event]
            part = Part(
                rows=int(step.offsets[-1]),
                features={name: columns[name] for name in wanted},
                constituents=lists if kept else None,
                entry=((step.start + step.event) * _MOST_JETS + place).astype(np.uint64),
                label=columns[self.label] if self.label else None,
                metadata=self.metadata | {"events_in_file": self.tree.entries},
            )
            yield from sliced(part, self.request.chunk) if part.rows else ()

    def _own(self, step: FatJets, name: str) -> NDArray[Any]:
        """A branch of the jets, or one of the event for each of its jets."""
        if name in step.flat:
            return step.flat[name][step.event]
        if not name.startswith("FatJet_"):
            raise FileError(
                f"the branch '{name}' of '{self.request.path}' is neither of fat jets nor of events",
                "Leave it out.",
            )
        return step.lists[name].values

    def _constituents(self, step: FatJets) -> Constituents:
        assert self.pairs is not None  # noqa: S101 - only called with them
        jet, values = step.particles(self.pairs)
        offsets, pt, eta, phi = grouped(jet, values, int(step.offsets[-1]))
        return around({"eta": step["eta"], "phi": step["phi"]}, offsets, pt, eta, phi)
