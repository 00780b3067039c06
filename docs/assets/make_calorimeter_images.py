"""Draw the figures of ``docs/explanation/calorimeter-images.md``.

``python docs/assets/make_calorimeter_images.py --work FOLDER`` generates 1,500 quark and 1,500 gluon jets
with Pythia 8 (about a quarter of an hour on one core; a run that was stopped goes on where it was) and writes
``calorimeter-*.png`` beside itself and the table of that page to the screen. It needs the extra ``generate``.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

from strangeness.events.generation.jet_hits import QUARK_GLUON, jet_hits
from strangeness.events.generation.matching import GLUE, LIGHT
from strangeness.events.generation.processes import GLUON, QUARK, Process
from strangeness.events.generation.pythia import batches
from strangeness.events.generation.substructure import Columns
from strangeness.events.generation.windows import Hits, padded
from strangeness.representations.calorimeter_images import calorimeter_images
from strangeness.representations.calorimeter_pixels import CELL, CELLS, HALF_WIDTH, Images
from strangeness.representations.image_statistics import sparsity

JETS, EVENTS = 1500, 500
SIZES = ((125, 1.0), (40, 0.8), (12, 0.8))
TITLES = ("tracks", "ECAL", "HCAL")
HERE = Path(__file__).parent
SEEDS = {"quark": 41_000, "gluon": 42_000}


def generated(process: Process, number: int, work: Path) -> tuple[Columns, Hits]:
    """The first ``number`` light-quark or gluon jets of a process, from shards in ``work``."""
    kept, columns, hits, shard = 0, [], [], 0
    while kept < number:
        found = _shard(process, shard, work)
        hits.append(Hits(found["hits_jet"] + kept, *(found[f"hits_{name}"] for name in Hits._fields[1:])))
        columns.append({name: found[name] for name in ("pt", "eta", "mass", "multiplicity")})
        kept, shard = kept + len(columns[-1]["pt"]), shard + 1
    whole = Hits(*(np.concatenate(parts) for parts in zip(*hits, strict=True)))
    first = whole.jet < number
    joined = {name: np.concatenate([part[name] for part in columns])[:number] for name in columns[0]}
    return joined, Hits(*(values[first] for values in whole))


def _shard(process: Process, shard: int, work: Path) -> Mapping[str, NDArray[Any]]:
    path = work / f"{process.name}-{shard:04d}.npz"
    if not path.exists():
        seed = SEEDS[process.name] + shard
        events, _ = next(batches(process, seed, EVENTS, size=EVENTS))
        columns, hits = jet_hits(events, process, QUARK_GLUON, np.random.default_rng(seed))
        kept = np.flatnonzero(np.isin(columns["label"], (LIGHT, GLUE)))
        around = {f"hits_{name}": values for name, values in hits.of(kept)._asdict().items()}
        work.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part.npz")
        np.savez(unfinished, **{n: c[kept] for n, c in columns.items()}, **around)
        unfinished.rename(path)
    with np.load(path) as found:
        return dict(found)


def averages(images: Mapping[str, Images]) -> Mapping[str, Images]:
    """The mean image of each class, one row."""
    return {name: np.mean(each, axis=0, keepdims=True) for name, each in images.items()}


def singles(jets: Mapping[str, tuple[Columns, Hits]]) -> dict[str, int]:
    """For each class the jet whose multiplicity is nearest to the median, the first of equal ones."""
    counts = {name: columns["multiplicity"] for name, (columns, _) in jets.items()}
    return {name: int(np.argmin(np.abs(each - np.median(each)))) for name, each in counts.items()}


def grid(rows: Mapping[tuple[int, float], Mapping[str, Images]], path: Path) -> None:
    """Draw one image (1, p, p, 3) of each class: a row a size, a column a class and layer, log scale."""
    figure, axes = plt.subplots(len(rows), 6, figsize=(13, 2.35 * len(rows) + 0.3), layout="constrained")
    for line, ((pixels, crop), classes) in zip(axes, rows.items(), strict=True):
        most = max(image.max() for image in classes.values())
        norm = LogNorm(most / 3e3, most)
        half = HALF_WIDTH * crop
        panels = [(name, channel) for name in classes for channel in range(3)]
        for place, (name, channel) in zip(line, panels, strict=True):
            shown = place.imshow(
                np.ma.masked_less_equal(classes[name][0, :, :, channel], norm.vmin or 0.0),
                norm=norm,
                extent=(-half, half, -half, half),
                origin="lower",
                cmap="inferno_r",
            )
            place.set_title(f"{name}, {TITLES[channel]}, {pixels} x {pixels}", fontsize=8)
            place.set_xlabel(r"$\Delta\eta$", fontsize=8)
            place.tick_params(labelsize=7)
        line[0].set_ylabel(r"$\Delta\phi$ [rad]", fontsize=8)
        bar = figure.colorbar(shown, ax=line, pad=0.01, aspect=14)
        bar.set_label("GeV a pixel", fontsize=8)
        bar.ax.tick_params(labelsize=7)
    _save(figure, path)


def profiles(images: Mapping[str, Images], path: Path) -> None:
    """Draw the mean pT in rings around the centre of images (1, 125, 125, 3), divided by the rings' areas."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained", sharey=True)
    centre = (np.arange(CELLS) + 0.5) * CELL - HALF_WIDTH
    radius = np.hypot(centre[:, None], centre).ravel()
    edges = np.linspace(0, 1.05, 31)
    cells = np.histogram(radius, edges)[0] * CELL**2
    for layer, place in enumerate(axes):
        for (name, image), line in zip(images.items(), ("-", "--"), strict=True):
            inside = np.histogram(radius, edges, weights=image[0, :, :, layer].ravel())[0]
            place.stairs(inside / cells, edges, label=name, linestyle=line, linewidth=1.6)
        place.set(yscale="log", title=TITLES[layer], xlabel=r"$\Delta R$ to the centre of the window")
        place.legend()
    axes[0].set_ylabel(r"mean $p_T$ / area [GeV]")
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=115)
    plt.close(figure)
    # a palette is a third of the size
    Image.open(drawn).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path, optimize=True)


def table(images: Mapping[tuple[int, float], Mapping[str, Images]]) -> str:
    """Markdown: active pixels and what the hardest hold, of each class, size and layer."""
    lines = [
        "| class | layer | pixels | active | in the hardest | in the 10 hardest |",
        "|---|---|---|---|---|---|",
    ]
    for (pixels, _), classes in images.items():
        for (name, each), channel in product(classes.items(), range(3)):
            found = sparsity(each[..., channel : channel + 1], (1, 10))
            shares = [found.active.mean(), *found.held.mean(axis=0)]
            shown = " | ".join(f"{share:.1%}" for share in shares)
            lines.append(f"| {name} | {TITLES[channel]} | {pixels} x {pixels} | {shown} |")
    return "\n".join(lines)


def drawn(work: Path, folder: Path = HERE) -> None:
    """All figures, from the jets in ``work``."""
    jets = {process.name: generated(process, JETS, work) for process in (QUARK, GLUON)}
    hits = {name: padded(each, JETS) for name, (_, each) in jets.items()}
    every = {
        size: {name: calorimeter_images(each, size[0], crop=size[1]) for name, each in hits.items()}
        for size in SIZES
    }
    at = singles(jets)
    single = {
        size: {name: each[at[name]][None] for name, each in classes.items()}
        for size, classes in every.items()
    }
    mean = {size: averages(classes) for size, classes in every.items()}
    grid(mean, folder / "calorimeter-average.png")
    grid(single, folder / "calorimeter-single.png")
    profiles(mean[SIZES[0]], folder / "calorimeter-profile.png")
    sys.stdout.write(f"{table(every)}\n")


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--work", type=Path, required=True, help="folder of the generated jets")
    drawn(options.parse_args().work)
