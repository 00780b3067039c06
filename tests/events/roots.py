"""Small ROOT files in the layouts that are read, and what is in them, one event at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import awkward as ak
import numpy as np
import uproot

BRANCHES = ("pt", "eta", "phi", "mass", "msoftdrop", "tau1", "tau2", "tau3")


@dataclass
class Jet:
    """A fat jet and the places of its particles in its event."""

    values: dict[str, float]
    particles: list[int]


@dataclass
class Event:
    """Jets, candidates (pt, eta, phi, puppi weight) and one number."""

    met: float
    jets: list[Jet] = field(default_factory=list)
    candidates: list[tuple[float, float, float, float]] = field(default_factory=list)


def made_up(n: int, seed: int = 0, scale: float = 1.0) -> list[Event]:
    """Events with 0 to 3 fat jets in no order; each jet has 1 to 4 of 8 candidates."""
    rng = np.random.default_rng(seed)
    return [_event(rng, scale) for _ in range(n)]


def _event(rng: np.random.Generator, scale: float) -> Event:
    event = Event(met=float(np.float32(scale * rng.uniform(0, 100))))
    draws = rng.uniform([1, -2, -3, 0.5], [300, 2, 3, 1.0], (8, 4)) * [scale, 1, 1, 1]
    event.candidates = [tuple(row) for row in np.float32(draws).astype(float).tolist()]
    for _ in range(rng.integers(0, 4)):
        low, high = [200 * scale, -2, -3, 20 * scale, 10 * scale, 0.5, 0.2, 0.1], [0] * 8
        high = [900 * scale, 2, 3, 200 * scale, 150 * scale, 1.0, 0.5, 0.2]
        values = dict(zip(BRANCHES, np.float32(rng.uniform(low, high)).astype(float).tolist(), strict=True))
        event.jets.append(Jet(values, rng.permutation(8)[: rng.integers(1, 5)].tolist()))
    return event


def nanoaod(path: Path, events: list[Event], *, particles: bool = True, step: int = 7) -> Path:
    """A NanoAOD file, PFNano with ``particles``; another tree lies beside ``Events``."""
    columns: dict[str, Any] = {"MET_pt": np.array([event.met for event in events], np.float32)}
    columns["FatJet"] = ak.zip(
        {name: _f32([[jet.values[name] for jet in event.jets] for event in events]) for name in BRANCHES}
    )
    if particles:
        pairs = [[(j, p) for j, jet in enumerate(e.jets) for p in jet.particles] for e in events]
        index = {"jetIdx": 0, "pFCandsIdx": 1}
        columns["FatJetPFCands"] = ak.zip(
            {name: _i32([[pair[place] for pair in row] for row in pairs]) for name, place in index.items()}
        )
        names = ("pt", "eta", "phi", "puppiWeight")
        columns["PFCands"] = ak.zip(
            {
                name: _f32([[c[place] for c in e.candidates] for e in events])
                for place, name in enumerate(names)
            }
        )
    return write(path, "Events", columns, step, beside=True)


def _f32(lists: list[list[float]]) -> Any:
    counts = [len(values) for values in lists]
    return ak.unflatten(np.array([v for values in lists for v in values], np.float32), counts)


def _i32(lists: list[list[int]]) -> Any:
    counts = [len(values) for values in lists]
    return ak.unflatten(np.array([v for values in lists for v in values], np.int32), counts)


def jetclass(path: Path, n: int = 6, seed: int = 0) -> tuple[Path, list[np.ndarray]]:
    """A JetClass file whose jets are the sums of their particles; the particles (E, px, py, pz) of each."""
    rng = np.random.default_rng(seed)
    particles = [np.float32(rng.uniform(1, 60, (rng.integers(2, 7), 3))) for _ in range(n)]
    four = [np.column_stack([np.linalg.norm(p, axis=1), p]).astype(float) for p in particles]
    total = np.array([cells.sum(axis=0) for cells in four])
    pt = np.hypot(total[:, 1], total[:, 2])
    columns: dict[str, Any] = {
        "jet_pt": pt,
        "jet_eta": np.arcsinh(total[:, 3] / pt),
        "jet_phi": np.arctan2(total[:, 2], total[:, 1]),
        "jet_energy": total[:, 0],
        "jet_nparticles": np.array([len(p) for p in particles], np.float32),
        "jet_sdmass": rng.uniform(10, 90, n),
        **{f"jet_tau{index}": np.full(n, 1 / index) for index in (1, 2, 3, 4)},
        **{f"label_{name}": (np.arange(n) % 3 == place) for place, name in enumerate(("QCD", "Hbb", "Tbl"))},
    }
    for axis, name in enumerate(("px", "py", "pz")):
        columns[f"part_{name}"] = _f32([p[:, axis].tolist() for p in particles])
    return write(path, "tree", columns, 4), four


def write(path: Path, name: str, columns: dict[str, Any], step: int = 1000, *, beside: bool = False) -> Path:
    """A tree of columns, ``step`` entries a basket."""
    n = len(next(iter(columns.values())))
    with uproot.recreate(path) as file:
        if beside:
            file.mktree("Runs", {"run": "int64"}).extend({"run": np.arange(2)})
        kinds = {
            key: values.dtype if isinstance(values, np.ndarray) else values.type.content
            for key, values in columns.items()
        }
        tree = file.mktree(name, kinds)
        for start in range(0, n, step):
            tree.extend({key: values[start : start + step] for key, values in columns.items()})
    return path
