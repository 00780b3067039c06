"""The face against what it must satisfy: every detector in both directions, and what is published of one.

The fits of ``strangeness compare --full --cache DIR`` serve again where ``STRANGENESS_COMPARE_CACHE`` names
that folder; without it every shard is computed anew.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.cases import Case, Measured, Raw
from strangeness.catalogue import all_detectors
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.methods.comparison import Budget, directions, most_events
from strangeness.methods.entries import shipped_entries
from strangeness.methods.fits import compare
from strangeness.methods.jet_tagging import shown_classes
from strangeness.stats.metrics import seed_band

SEEDS = 5
ENTRIES = {entry.label: entry for entry in shipped_entries(all_detectors())}
NETWORK = "conv-autoencoder"
COMPLEX, SIMPLE = ("QCD", "top"), ("top", "QCD")


def row_name(label: str) -> str:
    """The row of an entry that every later detector adds."""
    return f"compared: {label}"


def compared(label: str, seed: int) -> Raw:
    """One seed of an entry in every direction."""
    classes = shown_classes(read(sample_path("jets")))
    kept = os.environ.get("STRANGENESS_COMPARE_CACHE")
    rows = compare(
        classes,
        [ENTRIES[label]],
        pairs=directions(list(classes)),
        seeds=(seed,),
        budget=Budget(most_events(classes)),
        kept=None if kept is None else Path(kept),
    )
    areas = {f"{row.trained_on} -> {row.finds}": row.auc[0] for row in rows}
    return {"areas": areas, "parameters": rows[0].parameters, "events": rows[0].events}


def agree(committed: Raw, again: Raw) -> Sequence[str]:
    """Areas of a repeated shard: equal on one machine, within 0.03 elsewhere (networks amplify rounding)."""
    before, now = committed["areas"], again["areas"]
    if before.keys() != now.keys():
        return [f"directions {sorted(before)} committed, {sorted(now)} again"]
    far = [key for key in before if abs(before[key] - now[key]) > 0.03]
    return [f"{key}: {before[key]:.4f} committed, {now[key]:.4f} again" for key in far]


def _areas(raws: Sequence[Raw], pair: tuple[str, str]) -> np.ndarray[Any, Any]:
    return np.array([raw["areas"][" -> ".join(pair)] for raw in raws])


def _rows(label: str) -> tuple[str, ...]:
    extra = (f"{NETWORK}: QCD -> top, lower end of the band", f"{NETWORK}: top -> QCD, upper end of the band")
    return (row_name(label), *(extra if label == NETWORK else ()))


def summarise(label: str, raws: Sequence[Raw]) -> Mapping[str, Measured | float]:
    """How many finite areas there are, and for the network of the publication both ends of its bands."""
    areas = np.array([list(raw["areas"].values()) for raw in raws])
    middle = ", ".join(
        f"{key} {np.median([raw['areas'][key] for raw in raws]):.3f}" for key in raws[0]["areas"]
    )
    rows: dict[str, Measured | float] = {
        row_name(label): Measured(float(np.isfinite(areas).sum()), note=middle)
    }
    if label == NETWORK:
        direct, reverse = (seed_band(_areas(raws, pair)) for pair in (COMPLEX, SIMPLE))
        rows[f"{NETWORK}: QCD -> top, lower end of the band"] = float(direct[1])
        rows[f"{NETWORK}: top -> QCD, upper end of the band"] = float(reverse[2])
    return rows


def _case(label: str) -> Case:
    return Case(
        f"compared-{label.replace(', ', '-').replace(' ', '-')}",
        _rows(label),
        lambda index, seed: compared(label, index + 1),
        SEEDS,
        lambda raws: summarise(label, raws),
        agree=agree,
    )


CASES = [_case(label) for label in ENTRIES]
