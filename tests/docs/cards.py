"""The table of detectors, made from their cards, and their hyperparameters."""

from __future__ import annotations

import dataclasses
from typing import Any

from strangeness.catalogue import all_detectors
from strangeness.core.estimators import Detector
from tests.docs.markdown import attributes, code, default, table, toml


def ours() -> list[type[Detector]]:
    """The detectors of this package, plug-ins left out, sorted by name."""
    return [cls for cls in all_detectors().values() if cls.__module__.startswith("strangeness.")]


def detectors() -> str:
    """One row a detector."""
    head = ("name", "what it computes", "family", "maturity", "needs", "weights", "row limit", "cite")
    rows = [
        (
            code(card.name),
            card.summary,
            card.family,
            card.maturity,
            ", ".join(card.needs),
            card.weights,
            f"{card.row_limit:,}" if card.in_memory else "none",
            str(card.citation),
        )
        for card in (cls.card for cls in ours())
    ]
    return table(head, rows)


def hyperparameters() -> str:
    """One row a field of every detector; a table inside is written with a dot."""
    rows = [(code(cls.card.name), *row) for cls in ours() for row in _fields(cls, "")]
    return table(("detector", "key", "default", "meaning"), rows)


def _fields(cls: type[Any], prefix: str) -> list[tuple[str, str, str]]:
    meaning = {name: said for names, said in attributes(cls) for name in names}
    rows = []
    for field in dataclasses.fields(cls):
        value = default(field)
        if dataclasses.is_dataclass(value):
            rows += _fields(type(value), f"{prefix}{field.name}.")
        else:
            rows.append((code(prefix + field.name), toml(value), meaning.get(field.name, "")))
    return rows


TABLES = {"detectors": detectors, "hyperparameters": hyperparameters}
