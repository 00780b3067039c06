"""Draw ``sculpting.png`` of ``docs/explanation/the-gate.md``: ``python docs/assets/make_sculpting.py``.

The left panels are made anew in a few minutes. The power curve is read from the committed validation,
``validation/results/statistics.json``, and left out where that has no ``gate-curve``.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RESULT = REPOSITORY / "validation" / "results" / "statistics.json"
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

from harness.results import read_result  # noqa: E402 - the folder must be on the path first
from strangeness.methods.sculpting import METHODS, Sculpted, sculpting_demonstration  # noqa: E402

SEARCHES, LARGER = 20, 8.0
COLOURS: dict[str, str] = dict(zip(METHODS, ("tab:red", "tab:orange", "tab:blue", "tab:green"), strict=True))


def spectrum(axes: Axes, row: Sculpted) -> None:
    """The selected spectrum of one method with its fit."""
    shown = row.result.spectrum
    edges, counts, fitted = (np.asarray(v) for v in (shown.edges, shown.counts, shown.fitted))
    middle, colour = 0.5 * (edges[1:] + edges[:-1]) / 1000, COLOURS[row.method]
    axes.errorbar(middle, counts, np.sqrt(counts), fmt=".", color=colour, markersize=5, linewidth=1)
    axes.stairs(fitted, edges / 1000, color="0.3", label="fit of a smooth function")
    axes.axvspan(*(edge / 1000 for edge in row.result.window), color=colour, alpha=0.12, linewidth=0)
    axes.set(yscale="log", ylim=(0.5, 2.5 * counts.max()), xlabel="dijet mass [TeV]")
    axes.set_title(f"{row.method}: {row.local_z:.1f} sigma local")


def significances(axes: Axes, rows: list[tuple[Sculpted, ...]]) -> None:
    """Local significance of every method on every data set; crosses are blocked by the gate."""
    for place, method in enumerate(METHODS):
        for row in (row for one in rows for row in one if row.method == method):
            jitter = 0.3 * (hash(row.local_z) % 100 / 100 - 0.5)
            axes.plot(
                place + jitter, row.local_z, "x" if row.blocked else "o", color=COLOURS[method], alpha=0.7
            )
    axes.set_xticks(range(len(METHODS)), METHODS, rotation=20)
    axes.set(ylabel="local significance [sigma]", title=f"{len(rows)} signal-free data sets")
    axes.plot([], [], "x", color="0.4", label="blocked by the gate")
    axes.plot([], [], "o", color="0.4", label="not blocked (the naive cut has no gate)")
    axes.legend()


def power(axes: Axes, raws: list[Any]) -> None:
    """Share of blocked searches against the size of the fault."""
    total, sigma = sum(raw["searches"] for raw in raws), raws[0]["sigma"]
    for name in raws[0]["blocked"]:
        share = np.sum([raw["blocked"][name] for raw in raws], axis=0) / total
        axes.plot(sigma, share, "o-", label=name)
    axes.axhline(0.9, color="0.7", linewidth=0.8, zorder=0)
    axes.set(ylim=(0, 1.03), xlabel="size of the fault", ylabel="share blocked", title="power of the gate")
    axes.legend()


def main() -> None:
    """Draw and save the figure."""
    large = {row.method: row for row in sculpting_demonstration(1, larger=LARGER)}
    rows = [sculpting_demonstration(seed) for seed in range(1, SEARCHES + 1)]
    committed = read_result(RESULT)
    cases = {} if committed is None else committed.cases
    measured = "gate-curve" in cases
    figure, panels = plt.subplots(
        1, 4 if measured else 3, figsize=(17 if measured else 13, 4), layout="constrained"
    )
    spectrum(panels[0], large[METHODS[0]])
    spectrum(panels[1], large[METHODS[2]])
    panels[0].set_ylabel("selected events")
    panels[0].legend()
    significances(panels[2], rows)
    if measured:
        power(panels[3], [shard.raw for shard in cases["gate-curve"].shards])
    figure.savefig(HERE / "sculpting.png", dpi=110)
    plt.close(figure)


if __name__ == "__main__":
    main()
