"""``strangeness recipe run``: a published study run again, its numbers beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from strangeness.cli.building import representation_of
from strangeness.cli.folder import PAGE, RESULT, refuse_finished, run_folder
from strangeness.cli.hyperparameters import detector_of
from strangeness.cli.recipe_files import EntryTable, Expected, Recipe, load
from strangeness.core.errors import ConfigError, FileError, InputError, nearest
from strangeness.core.identity import uniform
from strangeness.events.events import Events
from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.methods import jet_tagging
from strangeness.methods.comparison import Budget, Compared, Entry, directions
from strangeness.methods.fits import compare
from strangeness.report.compared import compared_report
from strangeness.report.render import write_page
from strangeness.report.schema import as_json as report_as_json
from strangeness.report.schema import write_report
from strangeness.stats.metrics import seed_band


@dataclass(frozen=True)
class Verdict:
    """One expectation and what was found: median and 68 % band over the seeds."""

    expected: Expected
    median: float
    low: float
    high: float

    @property
    def reproduced(self) -> bool:
        """Whether the whole band lies within the bounds."""
        return self.expected.low <= self.low and self.high <= self.expected.high

    def line(self, *, judged: bool = True) -> str:
        """In words; a quick form is not judged."""
        one, paper = self.expected, self.expected.paper
        said = "no number" if paper is None else f"{paper:g}"
        ours = f"{self.median:.4g} [{self.low:.4g}, {self.high:.4g}]"
        verdict = "reproduced" if self.reproduced else "NOT reproduced"
        verdict = verdict if judged else "not judged"
        where = f"{one.entry}, {one.trained_on} -> {one.finds}"
        return (
            f"{one.what} ({where}): paper {said}, ours {ours}, wanted {one.low:g} to {one.high:g}: {verdict}"
        )


def run_recipe(
    slug: str, *, tiny: bool, data: Path | None, out: Path, workers: int, quiet: bool, as_json: bool
) -> str:
    """Run a recipe into the folder ``out`` and return the paper's numbers beside ours.

    Raises:
        StrangenessError: for everything that a user can mend; nothing is then overwritten or left behind.
    """
    refuse_finished(out)
    recipe, expected = load(slug)
    if tiny:
        recipe = _tiny(recipe)
        expected = [one for one in expected if one.entry in {table.label for table in recipe.entries}]
    classes = _classes(recipe, data, recipe.tiny.test if tiny else None)
    entries = [_entry(table) for table in recipe.entries]
    config = {"recipe": slug, "tiny": tiny, **recipe.model_dump(mode="json")}
    with run_folder(out, config, quiet=quiet) as folder:
        results = compare(
            classes,
            entries,
            pairs=directions(recipe.study.classes),
            seeds=recipe.study.seeds,
            budget=Budget(recipe.study.events, recipe.study.epochs),
            kept=folder.checkpoints / "fits",
            workers=workers,
        )
        lines = [verdict.line(judged=not tiny) for verdict in verdicts(expected, results)]
        note = (
            ["A quick form on few events: it shows that the recipe runs, not what it finds."] if tiny else []
        )
        report = compared_report(
            results, classes, title=recipe.title, said=[recipe.citation, *note, *lines], provenance=config
        )
        write_page(report, folder.path / PAGE)
        write_report(report, folder.path / RESULT)
    return report_as_json(report) if as_json else "\n".join([*note, *lines, f"The page: {out / PAGE}"])


def verdicts(expected: Sequence[Expected], results: Sequence[Compared]) -> list[Verdict]:
    """What was found of each expectation.

    Raises:
        ConfigError: when an expectation names an entry or direction that the recipe does not run.
    """
    known = {(one.detector, one.trained_on, one.finds): one for one in results}
    found = []
    for one in expected:
        key = (one.entry, one.trained_on, one.finds)
        if key not in known:
            raise ConfigError(f"'{one.what}' expects {key}", "Name an entry and direction of the recipe.")
        values = known[key].auc if one.quantity == "auc" else [float(known[key].parameters)]
        found.append(Verdict(one, *(float(value) for value in seed_band(values))))
    return found


def _tiny(recipe: Recipe) -> Recipe:
    study = recipe.study.model_copy(
        update={"seeds": recipe.tiny.seeds, "events": recipe.tiny.events, "epochs": recipe.tiny.epochs}
    )
    labels = recipe.tiny.entries or [table.label for table in recipe.entries]
    known = {table.label: table for table in recipe.entries}
    if wrong := [label for label in labels if label not in known]:
        raise ConfigError(f"the quick form names the entry '{wrong[0]}'", nearest(wrong[0], known))
    return recipe.model_copy(update={"study": study, "entries": [known[label] for label in labels]})


def _entry(table: EntryTable) -> Entry:
    representation = representation_of(table.representation)
    return Entry(table.label, representation, detector_of(table.detector), control=table.control)


def _classes(recipe: Recipe, data: Path | None, most: int | None) -> dict[str, Events]:
    study = recipe.study
    if study.sample is not None:
        known = jet_tagging.classes_of(read(verify("jets")))
    else:
        known = {name: _complete(_file(recipe, name, data), study.incomplete) for name in study.classes}
    missing = [name for name in study.classes if name not in known]
    if missing:
        raise ConfigError(f"the recipe names the class '{missing[0]}'", nearest(missing[0], known))
    chosen = {name: known[name] for name in study.classes}
    return chosen if most is None else {name: _some(events, most) for name, events in chosen.items()}


def _file(recipe: Recipe, name: str, data: Path | None) -> Events:
    if data is None:
        raise InputError(
            "this recipe needs files that do not come with the package",
            f"Name the folder that holds {', '.join(recipe.study.files.values())} with --data.",
        )
    wanted = recipe.study.files.get(name)
    if wanted is None:
        raise FileError(f"the recipe names no file for '{name}'", "Add it under [study.files].")
    return read(data / wanted, name=name)


def _complete(events: Events, incomplete: str) -> Events:
    """The events without those that lack a value, where these are to be dropped."""
    if incomplete == "refuse":
        return events
    finite = np.all([np.isfinite(column) for column in events.features.values()], axis=0)
    return events.take(finite)


def _some(events: Events, most: int) -> Events:
    """At most so many events, chosen by a hash of their identities."""
    return events.take(np.sort(np.argsort(uniform(events.id, "tiny"), kind="stable")[:most]))
