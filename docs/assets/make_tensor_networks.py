"""Draw the figures of tensor networks: ``python docs/assets/make_tensor_networks.py``.

``tensor-networks-mera.png`` (cases compressibility and mera), ``tensor-networks-mps.png`` (case mps) and
``tensor-networks-circuits.png`` (cases circuits and landscape) are read from the committed validation,
``validation/results/tensor_networks.json``. A figure whose cases have not all been run is left out, and the
command that runs them is named at the end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

HERE = Path(__file__).parent
REPOSITORY = HERE.parents[1]
RESULT = REPOSITORY / "validation" / "results" / "tensor_networks.json"
if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))

from harness.results import read_result  # noqa: E402 - the folder must be on the path first
from strangeness.representations.constituent_chains import ORDERS  # noqa: E402
from strangeness.stats.metrics import seed_band  # noqa: E402
from validation import tensor_networks_circuits as circuits  # noqa: E402
from validation import tensor_networks_mera as mera  # noqa: E402
from validation import tensor_networks_mps as mps  # noqa: E402

Raws = list[Any]
WAYS = {"sgd": "tab:blue", "dmrg": "tab:red", "joint": "tab:green"}
LAYOUTS = {"chain": "tab:blue", "tree": "tab:green", "mera": "tab:purple"}


def banded(axes: Axes, x: Any, columns: list[Any], colour: str, label: str, style: str = "-") -> None:
    """Medians over the seeds with the central 68 %, one column a point."""
    middle, low, high = np.array([seed_band(column) for column in columns]).T
    axes.plot(x, middle, style, color=colour, marker="o", markersize=4, label=label)
    axes.fill_between(x, low, high, color=colour, alpha=0.15, linewidth=0)


def logarithmic(axes: Axes, ticks: Any, label: str) -> None:
    """Powers of two along the lower edge."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xlabel(label)


def draw_mera(cases: Mapping[str, Raws]) -> Figure:
    """Does locality compress; and do disentanglers help where the bottleneck is strongest."""
    figure, (kept, error, area) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    draw_compressibility(kept, cases["compressibility"])
    for what, axes in (("error", error), ("auc", area)):
        for wide, colour in (("", "tab:blue"), (" wide", "tab:orange")):
            columns = [mera.gains(cases["mera"], what, f"{bond}{wide}") for bond in mera.BONDS]
            banded(axes, mera.BONDS, columns, colour, f"latent {'twice the bond' if wide else 'the bond'}")
        axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
        logarithmic(axes, mera.BONDS, "bond (strong bottleneck on the left)")
        axes.legend(fontsize=8)
    error.set(title="trained over identity disentanglers", ylabel="error of QCD jets kept less, relative")
    area.set(title="the same, QCD → top", ylabel="gain in area under the curve")
    return figure


def draw_compressibility(axes: Axes, raws: Raws) -> None:
    """Variance that three numbers a block keep after two levels, by order, beside random groupings."""
    for offset, raw in zip((-0.17, 0.17), raws, strict=True):
        places = np.arange(len(ORDERS)) + offset
        axes.bar(places, [raw[order]["kept"][-1] for order in ORDERS], 0.32, label=f"{raw['class']} jets")
        chance = [raw[order]["random"][-1] for order in ORDERS]
        axes.plot(places, chance, "k_", markersize=18, label=None if offset < 0 else "random groupings")
    axes.set_xticks(np.arange(len(ORDERS)), ORDERS)
    axes.set(title="do neighbours compress together", ylabel="share of variance kept")
    axes.legend(fontsize=8)


def draw_mps(cases: Mapping[str, Raws]) -> Figure:
    """The scan of bonds, what half of the features is worth, and the entropies that choose them."""
    raws = cases["mps"]
    figure, (scan, pruned, entropy) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    for how, colour in WAYS.items():
        columns = [mps.column(raws, how, bond) for bond in mps.BONDS]
        banded(scan, mps.BONDS, columns, colour, mps.SHOWN[how])
    logarithmic(scan, mps.BONDS, "largest bond")
    scan.set(title="top from QCD", ylabel="area under the curve")
    scan.legend(fontsize=8)
    draw_pruned(pruned, raws)
    draw_entropies(entropy, raws)
    return figure


def draw_pruned(axes: Axes, raws: Raws) -> None:
    """What each half of the features loses against all of them."""
    halves = {"kept": "by entropy", "random": "random", "rest": "least entropy"}
    for shift, (how, colour) in zip((-0.15, 0.0, 0.15), WAYS.items(), strict=True):
        for place, half in enumerate(halves):
            loss = mps.column(raws, how, half) - mps.column(raws, how, mps.PRUNED)
            axes.plot(np.full(len(loss), place + shift), loss, ".", color=colour, alpha=0.5)
            axes.plot(place + shift, np.median(loss), "_", color=colour, markersize=16)
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.set_xticks(range(len(halves)), list(halves.values()))
    axes.set(title="half of the features", ylabel="area, less that of all features")


def draw_entropies(axes: Axes, raws: Raws) -> None:
    """Single-site entropies of the state that the joint training finds, by constituent."""
    entropies = np.array([raw["joint"]["entropies"] for raw in raws]).reshape(len(raws), -1, 2)
    places = np.arange(1, entropies.shape[1] + 1)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    for feature, (label, colour) in enumerate((("pT share", "tab:blue"), ("distance", "tab:orange"))):
        banded(axes, places, [*entropies[:, :, feature].T], colour, label)
    axes.set(title="joint training", xlabel="constituent by falling pT", ylabel="entropy of the site [nats]")
    axes.legend(fontsize=8)


def draw_circuits(cases: Mapping[str, Raws]) -> Figure:
    """Areas by training events, effective dimensions, and how gradients vanish."""
    figure, (areas, dimensions, flat) = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
    raws = cases["circuits"]
    for layout, colour in LAYOUTS.items():
        for kind, style in zip(circuits.KINDS, ("--", "-"), strict=True):
            label, name = f"{layout} {kind}", f"{layout} {kind} 2"
            columns = [circuits.area(raws, name, n) for n in circuits.EVENTS]
            banded(areas, circuits.EVENTS, columns, colour, label, style)
            names = [f"{layout} {kind} {bond}" for bond in circuits.BONDS]
            columns = [circuits.dimension(raws, name, circuits.EVENTS[-1]) for name in names]
            banded(dimensions, circuits.BONDS, columns, colour, label, style)
    logarithmic(areas, circuits.EVENTS, "training events")
    logarithmic(dimensions, circuits.BONDS, "bond")
    areas.set(title="bond 2, top from QCD", ylabel="area under the curve")
    dimensions.set(title="effective dimension", ylabel="share of the free parameters")
    areas.legend(fontsize=7, handlelength=4)
    for raw in cases["landscape"]:
        flat.plot(raw["sizes"], raw["variance"], marker="o", markersize=4, label=raw["which"])
    flat.set(yscale="log", title="random starts", xlabel="sites", ylabel="variance of a derivative of p")
    flat.legend(fontsize=7)
    return figure


FIGURES: Mapping[str, tuple[tuple[str, ...], Callable[[Mapping[str, Raws]], Figure]]] = {
    "tensor-networks-mera": (("compressibility", "mera"), draw_mera),
    "tensor-networks-mps": (("mps",), draw_mps),
    "tensor-networks-circuits": (("circuits", "landscape"), draw_circuits),
}


def committed() -> dict[str, Raws]:
    """The raw values of the cases that have been run."""
    result = read_result(RESULT)
    cases = {} if result is None else result.cases
    return {name: [shard.raw for shard in case.shards] for name, case in cases.items() if case.shards}


def main(cases: Mapping[str, Raws], folder: Path) -> str:
    """Draw what can be drawn; returns what is missing, empty if nothing."""
    missing = []
    for name, (needed, draw) in FIGURES.items():
        absent = [case for case in needed if case not in cases]
        if absent:
            only = " ".join(f"--only {case}" for case in absent)
            missing.append(f"{name}.png: run python -m validation tensor_networks --full {only}")
            continue
        figure = draw(cases)
        figure.savefig(folder / f"{name}.png", dpi=110)
        plt.close(figure)
    return "\n".join(missing)


if __name__ == "__main__":
    sys.exit(main(committed(), HERE) or None)
