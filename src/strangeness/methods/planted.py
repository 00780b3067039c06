"""The resonance that the demo plants, at a strength stored with the sample, and what 20 seeds of it gave."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache

from strangeness.events.shipped import sample_path

DEMO_SEEDS = tuple(range(1, 21))
PLANTED_ABOVE, EMPTY_ABOVE = 3.0, 2.0
_FILE = "planted.json"


@dataclass(frozen=True)
class Planted:
    """What is stored beside the dijets.

    Attributes:
        expected: expected number of planted W' -> XY events; the median local Z of the inclusive mjj scan is
            then within 1.5 +- 0.3 (a row of the validation).
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
