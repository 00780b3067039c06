"""The pool of dijets: where the fit of its spectrum may begin, and what a harder generator cut would lose.

The shards are read from the folder that ``STRANGENESS_POOL`` names, the ``--work`` of the command that made
them: ``strangeness generate dijet --events 1000000 --subjettiness``.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from harness.cases import Case, Measured, NotRun, Raw
from strangeness.core.files import sha256

MANIFEST = Path(__file__).parent / "pool" / "dijets-56.json"
GROUPS = 8
"""Harness shards; each reads every eighth shard of the pool."""
STEP = 10.0
HIGH = 9000.0
EDGES = tuple(range(2000, 3600, 100))
BIN = 0.03
TOYS = 2000
PTHAT = (900.0, 1000.0, 1100.0, 1200.0)


def pool(index: int, seed: int) -> Raw:
    """Fine counts of mjj, counts by pTHat, and masses of the leading jet, of an eighth of the pool."""
    from strangeness.events.generation.shards import read

    manifest = json.loads(MANIFEST.read_text(encoding="utf-8")) if MANIFEST.exists() else None
    place = os.environ.get("STRANGENESS_POOL")
    if not place or manifest is None:
        raise NotRun("the pool is not here: see validation/events_pool.py")
    mjj, pthat = np.zeros(int(HIGH / STEP)), np.zeros((len(PTHAT), 2))
    for number, _, _, checksum in manifest["shards"][index::GROUPS]:
        path = Path(place) / manifest["folder"] / f"{number:05d}.npz"
        if sha256(path) != checksum:
            raise ValueError(f"{path} is not the shard of the manifest")
        columns, _ = read(path)
        mjj += np.histogram(columns["mjj"], mjj.size, (0.0, HIGH))[0]
        bins = [*PTHAT, np.inf]
        pthat[:, 0] += np.histogram(columns["pthat"], bins)[0]
        pthat[:, 1] += np.histogram(columns["pthat"], bins, weights=columns["mj1"])[0]
    return {"mjj": mjj.astype(int).tolist(), "pthat": np.round(pthat, 1).tolist()}


def edge_p_values(fine: np.ndarray, seed: int = 1) -> dict[int, tuple[float, int]]:
    """Toy p-value of the four-parameter fit, and events, from each lower edge (GeV) to 9 TeV."""
    from strangeness.search.background import DijetFunction
    from strangeness.stats.poisson_fit import deviance, newton

    found, rng = {}, np.random.default_rng(seed)
    for low in EDGES:
        # bins are multiples of the fine ones, wider by three per cent each, the last ones joined
        edges = [low / STEP]
        while edges[-1] < HIGH / STEP:
            edges.append(min(max(edges[-1] + 1, round(edges[-1] * (1 + BIN))), HIGH / STEP))
        places = np.array(edges, dtype=int)
        counts = np.add.reduceat(fine, places[:-1]).astype(np.float64)
        last = int(np.flatnonzero(counts)[-1]) + 1
        counts, masses = counts[:last], places[: last + 1] * STEP
        law = DijetFunction(4)
        fit = law.fit(counts, masses)
        design = law.prepared(counts, masses)
        toys = rng.poisson(fit.expected[:, None], (last, TOYS)).astype(np.float64)
        mu, _, converged = newton(toys, design, design.internal(fit.params)[:, None])
        misfit = np.where(converged, deviance(toys.T, mu.T), np.inf)
        found[low] = ((1 + int(np.sum(misfit >= fit.deviance))) / (1 + TOYS), int(counts.sum()))
    return found


def pool_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The lowest edge of the fit, events above it, and the shares below harder cuts of the generator."""
    fine = np.sum([raw["mjj"] for raw in raws], axis=0)
    values = edge_p_values(fine)
    good = [low for low in EDGES if values[low][0] > 0.05]
    edge = min(good) if good else 0
    said = ", ".join(f"{low / 1000:.1f}: {p:.3g}" for low, (p, _) in values.items())
    pthat = np.sum([raw["pthat"] for raw in raws], axis=0)
    number, mass = pthat[:, 0], pthat[:, 1] / np.maximum(pthat[:, 0], 1.0)
    total = number.sum()
    below = {cut: number[: k + 1].sum() / total for k, cut in enumerate((1000, 1100, 1200))}
    heavier = (pthat[:2, 1].sum() / number[:2].sum()) / (pthat[2:, 1].sum() / number[2:].sum())
    return {
        "pool: events": Measured(float(total)),
        "dijet fit: lowest edge with a toy p above 0.05, GeV": Measured(
            float(edge), note=f"p from {said} TeV"
        ),
        "dijet fit: events above that edge": Measured(float(values[edge][1]) if edge else 0.0),
        "pTHatMin 1100: share of jets above 1.2 TeV that it would lose": Measured(
            float(below[1100]), note=f"1000: {below[1000]:.3f}, 1200: {below[1200]:.3f}"
        ),
        "pTHatMin 1100: mean mass of the leading jet of lost over kept events": Measured(
            float(heavier), note=", ".join(f"{m:.0f} GeV" for m in mass)
        ),
    }


ROWS = (
    "pool: events",
    "dijet fit: lowest edge with a toy p above 0.05, GeV",
    "dijet fit: events above that edge",
    "pTHatMin 1100: share of jets above 1.2 TeV that it would lose",
    "pTHatMin 1100: mean mass of the leading jet of lost over kept events",
)
CASES = [Case("pool", ROWS, pool, GROUPS, pool_rows)]
