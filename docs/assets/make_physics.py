"""Draw ``physics.png`` of ``docs/results/physics.md`` from the committed result of ``python -m validation``.

``python docs/assets/make_physics.py`` reads ``validation/results/events.json``; nothing is generated again.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RESULT = REPOSITORY / "validation" / "results" / "events.json"
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

from harness.results import read_result  # noqa: E402 - the folder must be on the path first
from validation import events_physics as physics  # noqa: E402
from validation import events_pool as pool  # noqa: E402

COLOURS = {"qcd": "0.45", "top": "tab:red", "w": "tab:blue", "hbb": "tab:green"}


def drawn(result: Any) -> Figure:
    """Six panels: masses, prongs, quark and gluon jets, resonances, turn-ons, the spectrum of the pool."""
    figure, panels = plt.subplots(2, 3, figsize=(13, 7.2), layout="constrained")
    raws = {name: [shard.raw for shard in outcome.shards] for name, outcome in result.cases.items()}
    masses(panels[0, 0], raws["jets"])
    prongs(panels[0, 1], raws["jets"])
    particles(panels[0, 2], raws["jets"])
    resonances(panels[1, 0], raws["pairs"])
    turn_ons(panels[1, 1], raws["detector"])
    spectrum(panels[1, 2], raws["pool"])
    return figure


def steps(axes: Axes, counts: Any, grid: tuple[float, float, int], label: str, **style: Any) -> None:
    """A histogram of unit area."""
    edges = np.linspace(grid[0], grid[1], grid[2] + 1)
    density = np.asarray(counts) / np.sum(counts) / (edges[1] - edges[0])
    axes.stairs(density, edges, label=label, **style)


def masses(axes: Axes, raws: Any) -> None:
    for name, colour in COLOURS.items():
        steps(axes, physics.summed(raws, name, "mass"), physics.GRIDS["mass"], name, color=colour)
    for mass in (80.4, 125.1, 172.5):
        axes.axvline(mass, color="0.8", linewidth=0.8, zorder=0)
    axes.set(xlabel="jet mass [GeV]", ylabel="density [1/GeV]", title="jets of 550-650 GeV, R = 0.8")
    axes.legend(title="lines: W, h, top")


def prongs(axes: Axes, raws: Any) -> None:
    for what, names, line in (("tau32", ("qcd", "top"), "-"), ("tau21", ("qcd", "w"), "--")):
        for name in names:
            counts = physics.summed(raws, name, what)
            steps(axes, counts, physics.GRIDS[what], f"{what}, {name}", color=COLOURS[name], linestyle=line)
    axes.set(xlabel="ratio of N-subjettinesses", ylabel="density", title="three prongs (full), two (dashed)")
    axes.legend()


def particles(axes: Axes, raws: Any) -> None:
    low, high, bins = physics.GRIDS["multiplicity"]
    grid = (low, high, bins // 3)  # few c and b jets ask for wide bins
    for kind, colour in (("light", "tab:blue"), ("charm", "tab:orange"), ("bottom", "tab:purple")):
        counts = physics.summed(raws, "quark", "multiplicity of", kind).reshape(-1, 3).sum(axis=1)
        steps(axes, counts, grid, f"{kind} quarks ({int(np.sum(counts))})", color=colour)
    counts = physics.summed(raws, "gluon", "multiplicity of", "gluon").reshape(-1, 3).sum(axis=1)
    steps(axes, counts, grid, f"gluons ({int(np.sum(counts))})", color="tab:red")
    axes.set(
        xlabel="measured particles of a jet",
        ylabel="density",
        title="jets of 500-550 GeV, R = 0.4",
        xlim=(0, 110),
    )
    axes.legend()


def resonances(axes: Axes, raws: Any) -> None:
    for name in physics.PAIRS:
        steps(axes, physics.summed(raws, name, "mjj"), physics.PAIR_GRIDS["mjj"], name)
    axes.set(xlabel="mass of two jets [GeV]", ylabel="density [1/GeV]", title="resonances")
    axes.legend()


def turn_ons(axes: Axes, raws: Any) -> None:
    for name, every, passing, grid in (
        ("true pT of the leading jet", "true", "passing", physics.TURN),
        ("half the mass of two jets", "mjj", "mjj passing", physics.MASSES),
    ):
        edges = np.linspace(grid[0], grid[1], grid[2] + 1) / (2.0 if "mass" in name else 1.0)
        share = physics.summed(raws, passing) / np.maximum(physics.summed(raws, every), 1e-30)
        axes.plot(0.5 * (edges[1:] + edges[:-1]), share, marker=".", label=name)
    axes.axvline(physics.CUT, color="0.8", linewidth=0.8, zorder=0)
    axes.set(
        xlabel="[GeV]",
        ylabel="share of events that pass",
        title="leading jet above 1.2 TeV",
        xlim=(900, 2000),
    )
    axes.legend()


def spectrum(axes: Axes, raws: Any) -> None:
    if not raws:
        axes.set_axis_off()
        return
    fine = np.sum([raw["mjj"] for raw in raws], axis=0)
    counts = fine[: fine.size // 10 * 10].reshape(-1, 10).sum(axis=1)
    edges = np.arange(counts.size + 1) * 10 * pool.STEP
    axes.stairs(counts, edges, color="black", label=f"pool, {int(fine.sum()):,} events")
    values = pool.edge_p_values(fine)
    good = [low for low in pool.EDGES if values[low][0] > 0.05]
    if good:
        axes.axvline(
            min(good),
            color="tab:red",
            label=f"fit from {min(good) / 1000:.1f} TeV: p {values[min(good)][0]:.2f}",
        )
    axes.set(
        xlabel="mass of two jets [GeV]", ylabel="events / 100 GeV", title="four-parameter fit", yscale="log"
    )
    axes.set_xlim(1500, 9000)
    axes.legend()


if __name__ == "__main__":
    drawn(read_result(RESULT)).savefig(HERE / "physics.png", dpi=80, metadata={"Software": None})
