"""The complexity-bias matrix: who finds both classes of a pair, and who only orders by complexity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any

import numpy as np

from strangeness.report.markup import Html, tag
from strangeness.report.schema import ComparisonRow
from strangeness.report.style import INK, MUTED, SERIES, as_svg, field_style, literal

Pair = tuple[str, str]
_CELL, _HIGH, _HEAD = 0.74, 0.3, 0.72
_PIXELS, _LINE = 96, 22
_STRONGEST = 0.5
"""Opacity at an area of 0 or 1: text on it keeps a contrast of 4.5 on a light and on a dark page."""


@dataclass(frozen=True)
class BiasMatrix:
    """Median areas under the curve of detectors in both directions of each pair of classes.

    Attributes:
        detectors: names, controls last.
        controls: whether each is a control.
        pairs: pairs of classes with both directions.
        areas: (detector, first, second) -> median AUC, trained on the first and finding the second.
    """

    detectors: tuple[str, ...]
    controls: tuple[bool, ...]
    pairs: tuple[Pair, ...]
    areas: dict[tuple[str, str, str], float]

    def area(self, detector: str, first: str, second: str) -> float | None:
        """The median AUC, or None where it was not measured."""
        return self.areas.get((detector, first, second))

    def both(self, detector: str, pair: Pair) -> float | None:
        """The sum of both directions: 1 for a score that only orders by complexity, 2 for a perfect one."""
        there, back = self.area(detector, *pair), self.area(detector, pair[1], pair[0])
        return None if there is None or back is None else there + back


def bias_matrix(rows: Sequence[ComparisonRow]) -> BiasMatrix:
    """The matrix of a comparison; it has no pair where only one direction was run."""
    directions = list(dict.fromkeys((row.trained_on, row.finds) for row in rows))
    pairs = [pair for i, pair in enumerate(directions) if pair[::-1] in directions[i + 1 :]]
    known = {row.detector: row.control for row in rows}
    ordered = sorted(known, key=lambda name: known[name])
    areas = {(row.detector, row.trained_on, row.finds): float(np.median(row.auc)) for row in rows if row.auc}
    return BiasMatrix(tuple(ordered), tuple(known[name] for name in ordered), tuple(pairs), areas)


def matrix_figure(matrix: BiasMatrix, name: str, title: str) -> Html:
    """Cells coloured by how far the area is from 0.5 (above orange, below blue), the sum beside each pair.

    The cells keep their size and scroll beside their labels on a narrow screen.
    """
    wrapped = [_wrapped(detector) for detector in matrix.detectors]
    widest = max(len(line) for lines in wrapped for line in lines.split("\n"))
    with field_style():
        figure, axis = _canvas(matrix, 0.068 * widest + 0.15)
        for row, lines in enumerate(wrapped):
            colour, size = MUTED if matrix.controls[row] else INK, 10 if "\n" not in lines else 8.5
            axis.text(0.98, row + 0.5, literal(lines), ha="right", va="center", color=colour, fontsize=size,
                      linespacing=1.05, transform=axis.get_yaxis_transform())  # fmt: skip
        labels = _at_size(as_svg(figure, f"{name}-labels", f"{title}: names"), figure, aria_hidden="true")
        figure, axis = _canvas(matrix, 3 * _CELL * len(matrix.pairs))
        _head(axis, matrix)
        for row, detector in enumerate(matrix.detectors):
            _row(axis, matrix, row, detector)
        cells = _at_size(as_svg(figure, name, title), figure)
    scroll = tag("div", cells, class_="scroll", tabindex="0", role="group", aria_label=title)
    return tag("div", labels, scroll, class_="matrix")


def _wrapped(name: str) -> str:
    """At most two lines; what is longer ends in an ellipsis and stands whole in the table."""
    lines = wrap(name, _LINE) or [name]
    return "\n".join(lines[:2]) if len(lines) <= 2 else f"{lines[0]}\n{lines[1][: _LINE - 1]}\u2026"


def _canvas(matrix: BiasMatrix, width: float) -> tuple[Any, Any]:
    """A figure of so many inches whose axes count cells and rows."""
    from matplotlib.figure import Figure

    rows = len(matrix.detectors)
    figure = Figure(figsize=(width, _HEAD + _HIGH * rows + 0.06))
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, 3 * len(matrix.pairs)), ylim=(rows + 0.2, -_HEAD / _HIGH))
    axis.axis("off")
    if any(matrix.controls) and not all(matrix.controls):
        axis.axhline(matrix.controls.index(True), color=MUTED, lw=0.8, ls=":")
    return figure, axis


def _at_size(svg: Html, figure: Any, **attributes: str) -> Html:
    width = figure.get_size_inches()[0] * _PIXELS
    return tag("div", svg, style=f"width:{width:.0f}px", **attributes)


def _head(axis: Any, matrix: BiasMatrix) -> None:
    for index, (first, second) in enumerate(matrix.pairs):
        left = 3 * index
        for offset, (a, b) in enumerate(((first, second), (second, first))):
            axis.text(
                left + offset + 0.5,
                -0.25,
                literal(f"{a}\n\u2192 {b}"),
                ha="center",
                va="bottom",
                fontsize=9.5,
            )
        axis.text(left + 2.42, -0.25, "sum", ha="center", va="bottom", fontsize=9.5, color=MUTED)


def _row(axis: Any, matrix: BiasMatrix, row: int, detector: str) -> None:
    for index, pair in enumerate(matrix.pairs):
        for offset, direction in enumerate((pair, pair[::-1])):
            _cell(axis, 3 * index + offset, row, matrix.area(detector, *direction))
        total = matrix.both(detector, pair)
        said = "\u2013" if total is None else f"{total:.2f}"
        axis.text(3 * index + 2.42, row + 0.5, said, ha="center", va="center", fontsize=10.5, color=MUTED)


def _cell(axis: Any, column: float, row: int, area: float | None) -> None:
    from matplotlib.patches import Rectangle

    if area is not None:
        colour = SERIES[1] if area > 0.5 else SERIES[0]
        strength = _STRONGEST * min(2 * abs(area - 0.5), 1.0)
        box = Rectangle((column + 0.03, row + 0.05), 0.94, 0.9, facecolor=colour, alpha=strength, lw=0)
        axis.add_patch(box)
    said = "\u2013" if area is None else f"{area:.3f}"
    axis.text(column + 0.5, row + 0.5, said, ha="center", va="center", fontsize=10.5)
