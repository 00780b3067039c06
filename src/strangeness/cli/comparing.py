"""``strangeness compare``: several detectors on even terms, one table, one page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.catalogue import all_detectors, find_detector
from strangeness.cli.folder import PAGE, RESULT, Folder, refuse_finished, run_folder
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.estimators import Detector, Representation
from strangeness.core.files import existing_file, sha256
from strangeness.detectors.controls import OneFeature
from strangeness.events.columns import CONSTITUENTS
from strangeness.events.events import Events
from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.methods import jet_tagging
from strangeness.methods.comparison import Budget, Entry, directions, most_events
from strangeness.methods.entries import CONTROLS, entries, shipped_entries, with_untrained
from strangeness.methods.fits import compare
from strangeness.report.compared import compared_report
from strangeness.report.render import write_page
from strangeness.report.schema import ComparisonSection, Report, as_json, write_report
from strangeness.representations import JetImages, KinematicFeatures, PointClouds
from strangeness.stats.metrics import seed_band


@dataclass(frozen=True)
class Asked:
    """What was asked of a comparison; None stands for the default."""

    files: tuple[Path, ...] = ()
    detectors: str | None = None
    full: bool = False
    seeds: int = 5
    events: int | None = None
    epochs: int | None = None
    features: str | None = None
    pixels: int = 40
    workers: int = 1
    cache: Path | None = None
    layout: str | None = None
    unit: str | None = None
    tree: str | None = None

    def read(self, file: Path, name: str | None = None) -> Events:
        """The events of a file."""
        return read(file, name=name, layout=self.layout, unit=self.unit, tree=self.tree)


def run_compare(asked: Asked, *, out: Path, quiet: bool, json: bool) -> str:
    """Run a comparison into the folder ``out`` and return what is printed.

    Raises:
        StrangenessError: for everything that a user can mend; nothing is then overwritten or left behind.
    """
    refuse_finished(out)
    _refuse_numbers(asked)
    classes = _classes(asked)
    chosen, left_out = _entries(asked, classes)
    config = _resolved(asked, classes, chosen)
    with run_folder(out, config, quiet=quiet) as folder:
        report = _run(asked, classes, chosen, left_out, config, folder)
        write_page(report, folder.path / PAGE)
        write_report(report, folder.path / RESULT)
    if json:
        return as_json(report).rstrip("\n")
    return "\n".join([*table(report.comparisons[0]), f"The page: {out / PAGE}"])


def _refuse_numbers(asked: Asked) -> None:
    least = {"seeds": 1, "events": 4, "epochs": 0, "pixels": 2, "workers": 0}
    for name, low in least.items():
        value = getattr(asked, name)
        if value is not None and value < low:
            raise ConfigError(f"--{name} is {value}", f"Give {low} or more.")
    if asked.full and asked.detectors:
        raise ConfigError("--full beside --detectors", "Give one of them.")


def _classes(asked: Asked) -> dict[str, Events]:
    """The classes of events: one a file, or the labels of a single file; without a file, the shipped jets."""
    if not asked.files:
        return jet_tagging.shown_classes(read(verify("jets")))
    for file in asked.files:
        existing_file(file)
    names = [file.stem for file in asked.files]
    if len(set(names)) < len(names):
        raise InputError(f"two files are called '{max(names, key=names.count)}'", "Rename one.")
    if len(names) > 1:
        return {name: asked.read(file, name) for name, file in zip(names, asked.files, strict=True)}
    return _by_label(asked.read(asked.files[0]), asked.files[0])


def _by_label(events: Events, file: Path) -> dict[str, Events]:
    labels = [] if events.truth is None else np.unique(np.asarray(events.truth)).tolist()
    if len(labels) < 2:
        raise InputError(
            f"'{file}' holds {len(labels)} labelled classes",
            "Give a file with a column 'label' of two or more values, or a file for each class.",
        )
    return {f"label {label}": events.take(np.asarray(events.truth) == label) for label in labels}


def _entries(asked: Asked, classes: dict[str, Events]) -> tuple[list[Entry], list[str]]:
    """The entries that are run, controls last, and the labels of those whose input the events lack."""
    if asked.full and not asked.files and asked.pixels == 40 and asked.features is None:
        return shipped_entries(all_detectors()), []
    seen = _representations(asked, classes)
    chosen, left_out = entries(_detectors(asked), seen)
    if asked.full:
        chosen = with_untrained(chosen)
    if left_out and asked.detectors:
        raise InputError(f"'{left_out[0]}' needs particles and a class has none", "Leave it out.")
    if asked.files:
        scalar = KinematicFeatures(seen["tabular"].features[:1])  # type: ignore[attr-defined]
        beside = [Entry(f"{scalar.features[0]} alone", scalar, OneFeature(), control=True)]
    else:
        beside = jet_tagging.control_entries()
    return [*chosen, *beside], left_out


def _detectors(asked: Asked) -> dict[str, Detector]:
    """Detectors by label; a quick choice unless all, or some by name, were asked for."""
    if asked.detectors:
        names = [name.strip() for name in asked.detectors.split(",") if name.strip()]
        return {name: find_detector(name)() for name in names}
    known = {name: cls for name, cls in all_detectors().items() if not issubclass(cls, OneFeature)}
    if asked.full:
        return {name: cls() for name, cls in known.items()}
    quick = {n: c for n, c in known.items() if c.card.input_kind == "tabular" and n != "ensemble"}
    return {name: cls() for name, cls in quick.items() if not issubclass(cls, CONTROLS)}


def _representations(asked: Asked, classes: dict[str, Events]) -> dict[str, Representation]:
    seen: dict[str, Representation] = {"tabular": _features(asked, classes)}
    if all(events.constituents is not None for events in classes.values()):
        seen |= {"image": JetImages(asked.pixels), "set": PointClouds()}
    return seen


def _features(asked: Asked, classes: dict[str, Events]) -> KinematicFeatures:
    """The features that were asked for, those of the shipped jets, or all that the classes share."""
    if asked.features:
        return KinematicFeatures(tuple(name.strip() for name in asked.features.split(",") if name.strip()))
    if not asked.files:
        return jet_tagging.FEATURES
    shared = [name for name in next(iter(classes.values())).features if name != CONSTITUENTS]
    for events in classes.values():
        shared = [name for name in shared if name in events.features]
    if not shared:
        raise InputError("the classes share no feature", "Name some with --features a,b.")
    return KinematicFeatures(tuple(shared))


def _resolved(asked: Asked, classes: dict[str, Events], chosen: Sequence[Entry]) -> dict[str, Any]:
    """Everything that decides the result, as JSON values, with its hash."""
    values = {
        "files": {str(file): sha256(file) for file in asked.files} or {"shipped": "jets"},
        "classes": {name: len(events) for name, events in classes.items()},
        "entries": {entry.label: f"{entry.representation!r} {entry.detector!r}" for entry in chosen},
        "seeds": list(range(1, asked.seeds + 1)),
        "events": asked.events or most_events(classes),
        "epochs": asked.epochs,
    }
    text = json.dumps(values, sort_keys=True)
    return {**values, "hash": hashlib.sha256(text.encode()).hexdigest()}


def _run(
    asked: Asked,
    classes: dict[str, Events],
    chosen: Sequence[Entry],
    left_out: Sequence[str],
    config: dict[str, Any],
    folder: Folder,
) -> Report:
    results = compare(
        classes,
        chosen,
        pairs=directions(list(classes)),
        seeds=config["seeds"],
        budget=Budget(config["events"], asked.epochs),
        kept=asked.cache or folder.checkpoints / "fits",
        workers=asked.workers,
    )
    passes = "" if asked.epochs is None else f" and at most {asked.epochs} passes over them"
    said = [
        f"Every detector is fitted to at most {config['events']} events of one class{passes}, and tested on "
        "the half of each class that no fit of that seed has seen. Nothing is chosen by what it finds.",
    ]
    if left_out:
        said.append(f"Left out, because a class has no particles: {', '.join(left_out)}.")
    return compared_report(
        results, classes, title=f"{len(chosen)} detectors compared", said=said, provenance=config
    )


def table(section: ComparisonSection) -> list[str]:
    """Areas under the curve as lines of text: median and central 68 % over the seeds."""
    pairs = list(dict.fromkeys((row.trained_on, row.finds) for row in section.rows))
    cells = {(row.detector, row.trained_on, row.finds): _band(row.auc) for row in section.rows}
    labels = list(dict.fromkeys(row.detector for row in section.rows))
    width = max(map(len, labels)) + 2
    heads = [f"{first} -> {second}" for first, second in pairs]
    wide = [max(len(head), 19) + 3 for head in heads]
    lines = [" " * width + "".join(f"{head:>{w}}" for head, w in zip(heads, wide, strict=True))]
    for label in labels:
        row = [cells.get((label, *pair), "") for pair in pairs]
        lines.append(f"{label:<{width}}" + "".join(f"{c:>{w}}" for c, w in zip(row, wide, strict=True)))
    return lines


def _band(areas: Sequence[float]) -> str:
    median, low, high = (float(value) for value in seed_band(areas))
    return f"{median:.3f} [{low:.3f}, {high:.3f}]"
