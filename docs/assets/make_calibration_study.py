"""Draw ``calibration-study.png``: ``python docs/assets/make_calibration_study.py``.

Read from the committed validation, ``validation/results/statistics.json``; policies that have not been run
are left out.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from scipy.stats import beta, chi2

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RESULT = REPOSITORY / "validation" / "results" / "statistics.json"
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

from harness.results import read_result  # noqa: E402 - the folder must be on the path first
from validation.statistics_study import THRESHOLDS  # noqa: E402

Raws = list[Any]


@dataclass(frozen=True)
class Point:
    """One policy: its cases, which of its p-values, and how it is drawn."""

    case: str
    p: str
    label: str
    colour: str
    marker: str = "o"


PANELS = {
    "linear discriminant, scan of all masses, p at 1e-4": (
        1e-4,
        (
            Point("study-linear-split", "global", "half-split", "tab:blue"),
            Point("study-linear-same", "global", "same data, training repeated", "tab:green", "s"),
            Point("study-linear-same", "naive global", "same data, taken at its word", "tab:red", "X"),
        ),
    ),
    "boosted trees, one window, p at 1e-2": (
        1e-2,
        (
            Point("study-trees-split", "global", "half-split", "tab:blue"),
            Point("study-trees-same", "global", "same data, training repeated", "tab:green", "s"),
            Point("study-trees-folds", "global", "five folds, training repeated", "tab:purple", "D"),
            Point("study-trees-same", "naive local", "same data, taken at its word", "tab:red", "X"),
            Point("study-trees-folds", "naive local", "five folds, taken at their word", "tab:orange", "P"),
        ),
    ),
}


def calibration(raws: Raws, p: str, at: float) -> tuple[float, float, float]:
    """Observed over expected number of p <= ``at`` without a signal, with its 95 % Poisson interval."""
    sets = sum(raw["sets"] for raw in raws)
    seen = sum(raw[p][THRESHOLDS.index(at)] for raw in raws)
    low = 0.5 * chi2.ppf(0.025, 2 * seen) if seen else 0.0
    high, expected = 0.5 * chi2.ppf(0.975, 2 * seen + 2), sets * at
    return seen / expected, float(low / expected), float(high / expected)


def power(raws: Raws, p: str, at: float) -> tuple[list[float], list[tuple[float, float, float]]]:
    """Strengths, and the share of data sets with p <= ``at`` with its 68 % interval."""
    found = []
    for strength in raws[0]:
        n = sum(raw[strength]["sets"] for raw in raws)
        k = sum(raw[strength][p][THRESHOLDS.index(at)] for raw in raws)
        low = float(beta.ppf(0.16, k, n - k + 1)) if k else 0.0
        high = float(beta.ppf(0.84, k + 1, n - k)) if k < n else 1.0
        found.append((k / n, low, high))
    return [float(strength) for strength in raws[0]], found


def draw(axes: Axes, at: float, points: tuple[Point, ...], cases: Any) -> None:
    """One world: what a p-value is worth against what it finds; larger markers are stronger signals."""
    for point in points:
        names = (point.case, f"{point.case}-power")
        if any(name not in cases for name in names):
            continue
        null, signal = ([shard.raw for shard in cases[name].shards] for name in names)
        if not null or not signal:
            continue
        x, low, high = calibration(null, point.p, at)
        strengths, found = power(signal, point.p, at)
        x = max(x, 0.1)
        axes.plot(np.full(len(found), x), [y for y, _, _ in found], color=point.colour, linewidth=0.8)
        for strength, (y, below, above) in zip(strengths, found, strict=True):
            axes.errorbar(
                x,
                y,
                [[y - below], [above - y]],
                [[x - max(low, 0.1)], [high - x]] if strength == strengths[-1] else None,
                fmt=point.marker,
                color=point.colour,
                markersize=3 + strength / 12,
                linewidth=0.8,
                label=point.label if strength == strengths[-1] else None,
            )
    axes.axvline(1, color="0.6", linewidth=0.8, zorder=0)
    axes.set(
        xscale="log",
        xlim=(0.1, 100),
        ylim=(-0.02, 1.02),
        xlabel=f"signal-free data sets with p ≤ {at:g}, observed / expected",
    )


def main() -> None:
    """Draw and save the figure."""
    committed = read_result(RESULT)
    cases = {} if committed is None else committed.cases
    figure, panels = plt.subplots(1, 2, figsize=(11, 4.5), layout="constrained")
    for axes, (title, (at, points)) in zip(panels, PANELS.items(), strict=True):
        draw(axes, at, points, cases)
        axes.set_title(title)
        axes.legend(fontsize=8)
    panels[0].set_ylabel("share of data sets with a signal that reach the same p")
    figure.savefig(HERE / "calibration-study.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
