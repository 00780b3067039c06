"""How well neighbouring constituents compress together: by falling pT, as a chain of nearest, shuffled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from harness.cases import Case, Measured, Raw
from strangeness.core.batch import ArraySource
from strangeness.nn import Standardiser
from strangeness.representations.constituent_chains import ORDERS, ConstituentChains
from strangeness.tensor_networks.compressibility import local_compressibility
from validation.tensor_networks_chains import CHANNELS, SITES, jets

RANK, LEVELS, PAIRINGS = 3, 2, 200
CLASSES = ("qcd", "top")
ROWS = (
    "compressibility: kept by neighbours, falling pT over shuffled",
    "compressibility: kept by neighbours, chain of nearest ones over shuffled",
    "compressibility: kept by neighbours over random groupings, falling pT, standard deviations",
    "compressibility: distance of neighbours, chain of nearest ones over falling pT",
)


def measured(index: int, seed: int) -> Raw:
    """For QCD jets and for tops (the shard's index): what each order keeps."""
    batch = jets()[CLASSES[index]].without_truth().batch()

    def chains(order: str) -> NDArray[Any]:
        made = ConstituentChains(SITES, order).fit_map(ArraySource(batch), key=jax.random.key(0))
        return made(batch).x

    return {"class": CLASSES[index], **{order: _kept(chains(order), seed) for order in ORDERS}}


def _kept(x: NDArray[Any], seed: int) -> dict[str, Any]:
    rows = np.asarray(x, np.float64)
    clouds = rows.reshape(len(rows), SITES, CHANNELS)
    sites = np.asarray(Standardiser.of(rows)(rows), np.float64).reshape(clouds.shape)
    rng = np.random.default_rng(seed)
    found = local_compressibility(sites, RANK, levels=LEVELS, pairings=PAIRINGS, rng=rng)
    return {
        "kept": found.kept.tolist(),
        "random": found.random.mean(axis=0).tolist(),
        "excess": found.excess().tolist(),
        "overall": found.overall.tolist(),
        "distance": _distance(clouds),
    }


def _distance(clouds: NDArray[np.float64]) -> float:
    """Mean distance of neighbours that both are particles."""
    both = (clouds[:, 1:, 0] > 0) & (clouds[:, :-1, 0] > 0)
    return float(np.hypot(*np.moveaxis(np.diff(clouds[..., 1:], axis=1), 2, 0))[both].mean())


def _compared(raws: Sequence[Raw]) -> dict[str, Measured]:
    pt, near, mixed = (raws[0][order] for order in ORDERS)
    said = "; ".join(
        f"{raw['class']}, {order}: kept {raw[order]['kept'][-1]:.3f} (random groupings "
        f"{raw[order]['random'][-1]:.3f}, principal components {raw[order]['overall'][-1]:.3f})"
        for raw in raws
        for order in ORDERS
    )
    values = (
        pt["kept"][-1] / mixed["kept"][-1],
        near["kept"][-1] / mixed["kept"][-1],
        pt["excess"][-1],
        near["distance"] / pt["distance"],
    )
    notes = (said, said, f"top {raws[1][ORDERS[0]]['excess'][-1]:.2f}", "")
    return {row: Measured(value, note=note) for row, value, note in zip(ROWS, values, notes, strict=True)}


CASES = [Case("compressibility", ROWS, measured, len(CLASSES), _compared, tolerance=1e-6)]
