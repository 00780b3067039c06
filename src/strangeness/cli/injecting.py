"""``strangeness sensitivity``: what a configured search would find of a signal that is injected."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from strangeness.cli.building import analysis_of, completed, function_choice
from strangeness.cli.config import Config, from_toml
from strangeness.cli.folder import PAGE, RESULT, Folder, refuse_finished, run_folder
from strangeness.cli.hyperparameters import detector_of
from strangeness.cli.search import place_of
from strangeness.cli.sources import used
from strangeness.cli.tables import FileTable
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.files import existing_file, sha256
from strangeness.events.events import concatenate_events
from strangeness.events.source import EventFile
from strangeness.methods.injection import Plan, samples
from strangeness.methods.injection_runs import injection_curves
from strangeness.report.injections import injection_part
from strangeness.report.render import write_page
from strangeness.report.schema import InjectionSection, Report, as_json, write_report
from strangeness.report.summary import versions
from strangeness.stats.tails import z_from_p


@dataclass(frozen=True)
class Injected:
    """What was asked of an injection study; None stands for the default."""

    signal: Path
    strengths: str
    background: Path | None = None
    events: float | None = None
    repetitions: int = 20
    contamination: str = "0"
    workers: int = 1

    def numbers(self, name: str) -> tuple[float, ...]:
        """The numbers of an option, which are joined by commas.

        Raises:
            InputError: for what is no number.
        """
        text = getattr(self, name)
        try:
            return tuple(float(part) for part in text.split(",") if part.strip())
        except ValueError as error:
            raise InputError(
                f"--{name} {text}", "Give numbers joined by commas, such as 0,50,100."
            ) from error


def run_sensitivity(
    source: Path, asked: Injected, *, out: Path | None, seed: int | None, quiet: bool, json: bool
) -> str:
    """Inject, search and write the curves into the folder of the run; the data are never read.

    Raises:
        StrangenessError: for everything that a user can mend; nothing is then overwritten or left behind.
    """
    if source.suffix.lower() != ".toml":
        raise ConfigError(f"'{source}' is no configuration", "Write the search to a TOML file.")
    config = completed(from_toml(source))
    config = config if seed is None else config.model_copy(update={"seed": seed})
    place = place_of(config, out)
    refuse_finished(place)
    if asked.workers < 0:
        raise InputError(f"{asked.workers} workers", "Give 0 or more.")
    detector_of(config.detector)
    plan = _plan(config, asked)
    with run_folder(place, _resolved(config, asked), quiet=quiet) as folder:
        report = _run(config, asked, plan, folder)
        write_page(report, folder.path / PAGE)
        write_report(report, folder.path / RESULT)
    if json:
        return as_json(report).rstrip("\n")
    return "\n".join([*report.injections[0].said, f"The page: {place / PAGE}"])


def _background(config: Config, asked: Injected) -> FileTable:
    if asked.background is not None:
        return FileTable(file=str(asked.background))
    if config.reference is None:
        raise ConfigError(
            "an injection without background events",
            "Add --background FILE: the data themselves stay closed.",
        )
    return config.reference


def _plan(config: Config, asked: Injected) -> Plan:
    """The plan, with both samples in memory."""
    table = _background(config, asked)
    files = [_opened(table, "background"), _opened(FileTable(file=str(asked.signal)), "signal")]
    context = config.search.context
    mass = concatenate_events(list(files[0].only((context,))))
    chosen = function_choice(config, mass.column(context), mass.weight)
    analysis = analysis_of(config, mass.column(context), None if chosen is None else chosen.function)
    analysis.refuse_mismatch(config.reference is not None)
    read = [
        concatenate_events(list(used(file, analysis.representation, context))).without_truth()
        for file in files
    ]
    background, signal = samples(analysis, *read)
    events = asked.events or config.blind.events
    return Plan(
        analysis=analysis,
        background=background,
        signal=signal,
        events=float(len(background) if config.reference is None else len(background) / 5)
        if events is None
        else events,
        strengths=asked.numbers("strengths"),
        contaminations=tuple(percent / 100 for percent in asked.numbers("contamination")),
        repetitions=asked.repetitions,
        sidebands=config.reference is None,
        seed=config.seed,
    ).checked()


def _opened(table: FileTable, role: str) -> EventFile:
    options = {**table.options(), "name": f"{role} {Path(table.file).stem}"}
    return EventFile(existing_file(table.file), options=tuple(options.items()))


def _resolved(config: Config, asked: Injected) -> dict[str, Any]:
    files = {"background": _background(config, asked).file, "signal": str(asked.signal)}
    return config.resolved(
        sha256={name: sha256(existing_file(file)) for name, file in files.items()},
        injection={
            "strengths": list(asked.numbers("strengths")),
            "contamination": list(asked.numbers("contamination")),
            "repetitions": asked.repetitions,
            "events": asked.events,
        },
    )


def _run(config: Config, asked: Injected, plan: Plan, folder: Folder) -> Report:
    curves = injection_curves(plan, kept=folder.checkpoints / "injections", workers=asked.workers)
    hunt, name = plan.analysis.hunt, config.detector.name
    bound = None if hunt is None else float(z_from_p(1 / (hunt.n_pseudo + 1)))
    parts = [injection_part(curve) for curve in curves]
    section = InjectionSection(
        detector=name,
        context=config.search.context,
        events=plan.events,
        largest_z=bound if plan.analysis.null is None else None,
        said=[*(_said(part.contamination, part.reach, plan) for part in parts), *_notes(plan, parts)],
        curves=parts,
    )
    return Report(
        title=f"Sensitivity of a search in {config.search.context} with {name}",
        injections=[section],
        provenance=_provenance(config.seed, _resolved(config, asked)),
    )


def _provenance(seed: int, resolved: dict[str, Any]) -> dict[str, Any]:
    settings = {key: value for key, value in resolved.items() if key != "hash"}
    return {
        "seed": seed,
        "configuration_hash": resolved["hash"],
        "versions": versions(),
        "configuration": settings,
    }


def _said(contamination: float, reach: float | None, plan: Plan) -> str:
    where = "" if contamination == 0 else f", with {100 * contamination:g} % signal in the reference"
    if reach is None:
        return (
            f"None of the strengths up to {max(plan.strengths):g} reaches 3 sigma (global) in half of the "
            f"cases{where}."
        )
    return (
        f"{reach:.3g} signal events among {plan.events:,.0f} of background reach 3 sigma (global) in half of "
        f"the cases{where}."
    )


def _notes(plan: Plan, parts: list[Any]) -> list[str]:
    notes = [
        f"Data and reference of {plan.repetitions} repetitions were drawn from {len(plan.background):,} "
        "background events; validity checks were left out."
    ]
    if failed := sum(part.failed for part in parts):
        notes.append(f"{failed} repetitions could not be searched and count as 0 sigma.")
    return notes
