"""Which detectors a comparison runs, each with the representation that its input needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass, replace
from typing import Any

from strangeness.core.estimators import Detector, Representation
from strangeness.detectors.controls import OneFeature, SumOfFeatures
from strangeness.methods.comparison import Entry

Representations = Mapping[str, Representation]
"""Input kind of a card -> the representation that makes it."""
CONTROLS = (OneFeature, SumOfFeatures)


def entries(detectors: Mapping[str, Detector], seen: Representations) -> tuple[list[Entry], list[str]]:
    """The entries of detectors, and the labels of those whose input cannot be made."""
    fitting = {label: one for label, one in detectors.items() if one.card.input_kind in seen}
    found = [
        Entry(label, seen[one.card.input_kind], one, control=isinstance(one, CONTROLS))
        for label, one in fitting.items()
    ]
    return found, [label for label in detectors if label not in fitting]


def untrained(entry: Entry) -> Entry | None:
    """The entry with its network as it is initialised, a control; None for a detector without training."""
    training: Any = getattr(entry.detector, "training", None)
    if not is_dataclass(training) or isinstance(training, type):
        return None
    twin: Any = replace(entry.detector, training=replace(training, epochs=0))  # type: ignore[type-var]
    return Entry(f"{entry.label}, untrained", entry.representation, twin, control=True)


def with_untrained(chosen: Sequence[Entry]) -> list[Entry]:
    """All entries, and behind them the untrained twins of those that are trained."""
    return [*chosen, *(twin for entry in chosen if (twin := untrained(entry)) is not None)]
