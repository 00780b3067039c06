"""Draw ``complexity-bias.png``: ``python docs/assets/make_complexity_bias.py``.

Median areas under the curve in both directions, from ``docs/results/comparison.json``.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from strangeness.report.matrix import BiasMatrix, bias_matrix
from strangeness.report.schema import read_report

HERE = Path(__file__).parent
KEPT = HERE.parent / "results" / "comparison.json"


def draw(matrix: BiasMatrix) -> Figure:
    """A row a detector, controls in grey; orange above 0.5, blue below; the sum behind each pair."""
    rows, pairs = len(matrix.detectors), matrix.pairs
    figure, axes = plt.subplots(figsize=(1.9 * len(pairs) + 3.6, 0.29 * rows + 0.8), layout="constrained")
    for place, pair in enumerate(pairs):
        areas = [[matrix.area(name, *way) for way in (pair, pair[::-1])] for name in matrix.detectors]
        left = 2.9 * place
        box = (left, left + 2, rows, 0)
        shown = np.array(areas, float)
        axes.imshow(shown, cmap="PuOr_r", vmin=-0.1, vmax=1.1, extent=box, aspect="auto")
        for row, values in enumerate(areas):
            for column, area in enumerate(values):
                shade = "white" if area is not None and abs(area - 0.5) > 0.4 else "black"
                text = "" if area is None else f"{area:.3f}"
                axes.text(left + column + 0.5, row + 0.5, text, ha="center", va="center", color=shade, size=8)
            both = matrix.both(matrix.detectors[row], pair)
            text = "" if both is None else f"{both:.2f}"
            axes.text(left + 2.4, row + 0.5, text, ha="center", va="center", color="0.4", size=8)
        for column, (first, second) in enumerate((pair, pair[::-1])):
            axes.text(left + column + 0.5, -0.2, f"{first}\n→ {second}", ha="center", va="bottom", size=8)
        axes.text(left + 2.4, -0.2, "sum", ha="center", va="bottom", color="0.4", size=8)
    axes.set(xlim=(0, 2.9 * len(pairs)), ylim=(rows, -1.8), xticks=[])
    axes.set_yticks(np.arange(rows) + 0.5, matrix.detectors, size=8)
    for label, control in zip(axes.get_yticklabels(), matrix.controls, strict=True):
        label.set_color("0.5" if control else "black")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    return figure


if __name__ == "__main__":
    (section,) = read_report(KEPT).comparisons
    draw(bias_matrix(section.rows)).savefig(HERE / "complexity-bias.png", dpi=90)
