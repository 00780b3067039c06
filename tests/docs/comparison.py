"""The tables of the committed comparison of all detectors on the shipped jets."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from strangeness.report.schema import ComparisonRow, read_report
from strangeness.stats.metrics import seed_band
from tests.docs.markdown import table
from validation.comparison import KEPT

PAIRED = (
    ("quantum-kernel", "mahalanobis"),
    ("quantum-kernel", "nearest-neighbours"),
    ("quantum-kernel", "quantum-kernel, no entanglement"),
    ("quantum-autoencoder", "mahalanobis"),
    ("quantum-autoencoder", "pca"),
    ("quantum-autoencoder", "dense-autoencoder"),
    ("quantum-autoencoder", "dense-autoencoder, untrained"),
    ("quantum-autoencoder", "quantum-autoencoder, no entanglement"),
    ("quantum-autoencoder", "quantum-autoencoder, trash at random"),
    ("quantum-autoencoder", "quantum-autoencoder, untrained"),
    ("quantum-image-autoencoder, 12x12", "conv-autoencoder, 12x12"),
    ("born-machine", "nearest-neighbours"),
    ("born-machine", "born-machine, untrained"),
    ("mera-autoencoder", "mera-autoencoder, untrained"),
    ("mera-autoencoder", "dense-autoencoder"),
    ("dense-autoencoder", "dense-autoencoder, untrained"),
)
"""What the page says of circuits and tensor networks, one against the other."""


def _rows() -> list[ComparisonRow]:
    (section,) = read_report(KEPT).comparisons
    return section.rows


def _band(values: ArrayLike) -> str:
    middle, low, high = seed_band(values)
    return f"{middle:.3f} [{low:.3f}, {high:.3f}]"


def areas() -> str:
    """Median and central 68 % of the areas over the seeds, controls last."""
    rows = _rows()
    pairs = list(dict.fromkeys((row.trained_on, row.finds) for row in rows))
    found = {(row.detector, row.trained_on, row.finds): _band(row.auc) for row in rows}
    body = [(_label(row), *(found[row.detector, *pair] for pair in pairs)) for row in _detectors(rows)]
    return table(("detector", *(f"{first} → {second}" for first, second in pairs)), body)


def differences() -> str:
    """Means over all directions and their difference, paired by seed: one seed is one split for all."""
    areas: dict[str, list[list[float]]] = {}
    for row in _rows():
        areas.setdefault(row.detector, []).append(row.auc)
    means = {name: np.mean(values, axis=0) for name, values in areas.items()}
    body = []
    for first, second in PAIRED:
        paired = means[first] - means[second]
        above = f"{np.count_nonzero(paired > 0)} of {paired.size}"
        body.append((first, second, *map(_band, (means[first], means[second], paired)), above))
    return table(("first", "second", "mean area", "of the second", "first less second", "above"), body)


def costs() -> str:
    """What a fit with its scoring costs: median over seeds, one core, a process for each detector."""
    body = [
        (
            _label(row),
            "" if row.parameters is None else f"{row.parameters:,}",
            f"{row.events or 0:,}",
            "" if row.seconds is None else f"{row.seconds:.3g}",
            "" if row.memory is None else f"{row.memory:.0f}",
        )
        for row in _detectors(_rows())
    ]
    return table(("detector", "parameters", "training events", "time [s]", "memory [MB]"), body)


def _detectors(rows: list[ComparisonRow]) -> list[ComparisonRow]:
    first = {row.detector: row for row in reversed(rows)}
    return sorted(
        (first[name] for name in dict.fromkeys(row.detector for row in rows)), key=lambda r: r.control
    )


def _label(row: ComparisonRow) -> str:
    return f"*{row.detector}*" if row.control else row.detector


TABLES = {"compared areas": areas, "compared differences": differences, "compared costs": costs}
