"""The resonance that the demo plants, at a strength stored with the sample, and what 20 seeds of it gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from strangeness.events.shipped import sample_path
from strangeness.methods.dijet_search import inclusive_local_z, pseudo_data

DEMO_SEEDS = tuple(range(1, 21))
PLANTED_ABOVE, EMPTY_ABOVE = 3.0, 2.0
TARGET_Z = 1.5
_FILE = "planted.json"


@dataclass(frozen=True)
class Planted:
    """What is stored beside the dijets.

    Attributes:
        expected: expected number of planted W' -> XY events.
        planted_above: of the 20 planted searches, those above 3 sigma global.
        empty_above: of the 20 empty ones, those above 2 sigma global.
    """

    expected: float
    planted_above: int
    empty_above: int


@lru_cache(maxsize=1)
def planted() -> Planted:
    """The stored strength and counts; ``python -m validation spine --full`` makes the counts anew."""
    return Planted(**json.loads((sample_path("dijets").parent / _FILE).read_text(encoding="utf-8")))


def planted_strength() -> float:
    """Expected number of planted events."""
    return planted().expected


def find_strength(n_toys: int = 400, low: float = 20.0, high: float = 400.0) -> float:
    """The strength at which the inclusive mjj scan has a median local Z of 1.5, to the nearest 5 events.

    The median rises with the strength; it is found by bisection on the same ``n_toys`` data sets.
    """
    while high - low > 5.0:
        middle = 0.5 * (low + high)
        z = [inclusive_local_z(pseudo_data(10_000 + i, planted=middle)) for i in range(n_toys)]
        low, high = (middle, high) if np.median(z) < TARGET_Z else (low, middle)
    return 5.0 * round(high / 5.0)
