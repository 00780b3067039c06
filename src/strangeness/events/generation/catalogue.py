"""What each sample is made of."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from dataclasses import asdict, dataclass
from typing import Any

from strangeness.core.errors import InputError, MissingDependency, nearest
from strangeness.events.generation.detector import DEFAULT, DetectorSettings
from strangeness.events.generation.layers import STANDARD
from strangeness.events.generation.processes import DIJET, QCD, TOP, Process, W, wprime
from strangeness.events.generation.pythia import EarlyVeto
from strangeness.events.generation.resample import Grid
from strangeness.events.generation.selection import Cuts, DijetCuts, JetCuts

LAYOUT = 2  # raise when the code changes what a shard holds, so that old shards are not mixed with new ones
SEEDS_PER_PART = 100_000


@dataclass(frozen=True)
class Part:
    """One class of a sample: ``number`` rows of ``process`` under ``label``."""

    process: Process
    label: int
    number: int


@dataclass(frozen=True)
class Sample:
    """A file to make. With a ``grid`` every part is resampled to its flat spectrum.

    Shard s of part k holds ``shard_events`` generated events of the seed ``seed + SEEDS_PER_PART * k + s``;
    ``batch_events`` of them pass the detector at a time, with one sequence of random numbers.
    With ``hits`` a row, which is a jet, holds the hits of three layers around it.
    """

    name: str
    parts: tuple[Part, ...]
    cuts: Cuts
    grid: Grid | None = None
    shard_events: int = 4000
    detector: DetectorSettings | None = DEFAULT
    early: EarlyVeto | None = None
    batch_events: int = 250
    hits: bool = False

    @property
    def pairs(self) -> bool:
        """Whether a row is an event of two jets rather than a jet."""
        return isinstance(self.cuts, DijetCuts)

    def describe(self, seed: int) -> dict[str, Any]:
        """Everything the rows depend on, as JSON values."""
        parts = [
            {"process": p.process.name, "label": p.label, "number": p.number, "settings": _lines(p.process)}
            for p in self.parts
        ]
        said = {
            "sample": self.name,
            "layout": LAYOUT,
            "seed": seed,
            "seeds_per_part": SEEDS_PER_PART,
            "shard_events": self.shard_events,
            "batch_events": self.batch_events,
            "parts": parts,
            "cuts": asdict(self.cuts),
            "grid": asdict(self.grid) if self.grid else None,
            "detector": asdict(self.detector) if self.detector else None,
            "early_veto": asdict(self.early) if self.early else None,
            "versions": versions(),
            "multiparton_interactions": "on" if any(p.process.mpi for p in self.parts) else "off",
            "pile_up": "off",
        }
        if self.hits:  # said only then: the names of all other shards stay as they are
            said["hits"] = asdict(STANDARD)
        return json.loads(json.dumps(said))  # tuples become lists, as they will be when it is read back

    def fingerprint(self, part: Part, seed: int) -> str:
        """Names the shards of ``part``: the same only where each of their rows would be the same."""
        what = self.describe(seed)
        names = (
            "layout",
            "seed",
            "shard_events",
            "batch_events",
            "cuts",
            "detector",
            "early_veto",
            "versions",
            "hits",
        )
        kept = {name: what[name] for name in names if name in what}
        kept |= {"settings": _lines(part.process), "place": self.parts.index(part)}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of what makes the numbers.

    Raises:
        MissingDependency: without pythia8mc or fastjet.
    """
    found: dict[str, str] = {}
    for package in ("pythia8mc", "fastjet", "awkward", "numpy"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise MissingDependency(package, "generate") from error
    return found


def _lines(process: Process) -> list[str]:
    return [line for line in process.lines(1) if not line.startswith("Random:")]


JETS = Sample(
    "jets",
    (Part(QCD, 0, 10_000), Part(TOP, 1, 5_000), Part(W, 2, 5_000)),
    JetCuts(),
    Grid(),
)
DIJETS = Sample("dijets", (Part(DIJET, 0, 62_000), Part(wprime(), 1, 3_000)), DijetCuts())


# partons of 1070 GeV at 50 GeV of the shower lie three resolutions below jets of 1.2 TeV; their cone is wider
# than the jet's, for two cores a radius apart may still become one heavy jet
DIJETS_56 = Sample(
    "dijets-56",
    (Part(DIJET, 0, 100_000),),
    DijetCuts(mjj_low=0.0, subjettiness=True),
    early=EarlyVeto(1070.0, radius=1.3),
    batch_events=500,
)


def resonance(mass: float, x: float, y: float, number: int) -> Sample:
    """``number`` events of a W' of other masses (GeV), with the cuts of ``dijets``."""
    process = wprime(mass, x, y)
    return Sample(process.name, (Part(process, 1, number),), DijetCuts())


SAMPLES = {"jets": JETS, "dijets": DIJETS, "dijets-56": DIJETS_56}


def named(name: str) -> Sample:
    """The sample called ``name``.

    Raises:
        InputError: when there is none.
    """
    if name not in SAMPLES:
        raise InputError(f"no sample is called '{name}'", nearest(name, SAMPLES))
    return SAMPLES[name]
