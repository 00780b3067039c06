"""``strangeness search``: read, refuse what cannot work, run, write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.cli.beside import beside, timed
from strangeness.cli.building import analysis_of, completed, function_choice
from strangeness.cli.config import MAIN, Config, Given, from_options, from_toml
from strangeness.cli.costs import untimed, write_costs
from strangeness.cli.coverage import refuse_uncovered
from strangeness.cli.extras import extras, refuse_missing
from strangeness.cli.folder import (
    CHAIN,
    CHANNELS,
    COSTS,
    PAGE,
    RESULT,
    SCORES,
    Folder,
    refuse_finished,
    run_folder,
)
from strangeness.cli.hyperparameters import detector_of
from strangeness.cli.sources import Sources
from strangeness.core import artefact
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.files import existing_file, sha256, written_whole
from strangeness.core.identity import as_uint64
from strangeness.events.events import Events
from strangeness.methods.channels import joint_search, joint_statement, refuse_shared
from strangeness.methods.dijet_search import MJJ_RANGE
from strangeness.report.calibrated import calibration_of
from strangeness.report.render import write_page
from strangeness.report.runs import average_images_of, displays_of
from strangeness.report.schema import Report, SearchSection, as_json, write_report
from strangeness.report.summary import plain, search_section, versions
from strangeness.search.controls import control_wording


@dataclass(frozen=True)
class Opened:
    """The frozen configuration that a search opens: its hash, how a page says it, what the result keeps."""

    hash: str
    said: str
    kept: dict[str, Any]


def run_search(
    source: Path,
    given: Given,
    *,
    out: Path | None,
    seed: int | None,
    quiet: bool,
    json: bool,
    opened: Opened | None = None,
) -> str:
    """Run the search of a configuration file, or of options, and return what is printed.

    Raises:
        StrangenessError: for everything that a user can mend; nothing is then overwritten or left behind.
    """
    config = _config(source, given)
    if seed is not None:
        config = config.model_copy(update={"seed": seed})
    place = place_of(config, out)
    refuse_finished(place)
    config = completed(config)
    refuse_missing(config)
    detector_of(config.detector)  # an unknown name is refused before anything is read
    resolved = config.resolved(sha256=_checksums(config))
    prepared = {MAIN: Prepared.of(config, Sources.of(config))}
    for name in config.channels:
        own = config.channel(name)
        prepared[name] = Prepared.of(own, Sources.of(own, name))
    with run_folder(place, resolved, quiet=quiet) as folder:
        report = untimed(_run(config, prepared, resolved, folder, opened))
    if json:
        return as_json(report).rstrip("\n")
    return "\n".join([*report.said, *(s.statement for s in report.searches), f"The page: {place / PAGE}"])


@dataclass(frozen=True)
class Prepared:
    """A channel before anything is fitted: its settings, the analysis, its files, what is said of them."""

    config: Config
    analysis: Analysis
    sources: Sources
    said: tuple[str, ...]

    @classmethod
    def of(cls, config: Config, sources: Sources) -> Prepared:
        """A channel whose reference covers its data.

        Raises:
            InputError: when the reference does not cover the data, or no function describes it.
        """
        spectrum, known = sources.spectra()
        if known is not None:
            refuse_uncovered(spectrum, known, sources.context, config.search.range or MJJ_RANGE)
        chosen = None if known is None else function_choice(config, known, sources.reference_weights())
        function = None if chosen is None else chosen.function
        analysis = analysis_of(config, spectrum if known is None else known, function)
        return cls(config, analysis, sources, () if chosen is None else (chosen.text(),))


def place_of(config: Config, out: Path | None) -> Path:
    """The folder of a run.

    Raises:
        ConfigError: when none was given.
    """
    place = out if out is not None else None if config.out is None else Path(config.out)
    if place is None:
        raise ConfigError("no output folder was given", "Add --out DIR, or 'out' to the configuration.")
    return place


def _config(source: Path, given: Given) -> Config:
    if source.suffix.lower() != ".toml":
        return from_options(source, given)
    if given.names():
        raise ConfigError(
            f"{' and '.join(given.names())} beside the configuration '{source}'", "Set them in the file."
        )
    return from_toml(source)


def _checksums(config: Config) -> dict[str, str]:
    sums = {name: sha256(existing_file(file)) for name, file in config.files().items()}
    if sums["data"] == sums.get("reference"):
        raise InputError(
            f"'{config.data.file}' is both data and reference", "Give a reference with other events."
        )
    seen: dict[str, str] = {}
    for name, own in sums.items():
        if own in seen and name.startswith("channels."):
            raise InputError(
                f"'{seen[own]}' and '{name}' are the same file",
                "Give each channel its own data and reference.",
            )
        seen[own] = name
    return sums


def _run(
    config: Config,
    prepared: dict[str, Prepared],
    resolved: dict[str, Any],
    folder: Folder,
    opened: Opened | None,
) -> Report:
    several = len(prepared) > 1
    done = {
        name: _searched(part, f"Channel {name}" if several else "Search", opened)
        for name, part in prepared.items()
    }
    outcomes = {name: outcome for name, (outcome, _) in done.items()}
    more = extras(config, prepared[MAIN].analysis, outcomes[MAIN])
    sections = {name: section for name, (_, section) in done.items()}
    sections[MAIN] = sections[MAIN].model_copy(
        update={"spurious": more.spurious, "limit": more.limit, "said": [*sections[MAIN].said, *more.said]}
    )
    report = Report(
        title=f"Search in {config.search.context} with {config.detector.name}",
        said=[_joint(config, prepared, outcomes)] if several else [],
        searches=list(sections.values()),
        provenance=_provenance(config, resolved, prepared[MAIN].sources.known)
        | ({} if opened is None else {"frozen": opened.kept}),
    )
    more.write(folder.path, outcomes[MAIN].result, config)
    for name in config.channels:
        _write_chain(folder.path / CHANNELS / name, outcomes[name], resolved)
    _write(folder.path, report, outcomes[MAIN], resolved)
    return report


def _joint(config: Config, prepared: dict[str, Prepared], outcomes: dict[str, Outcome]) -> str:
    """The joint statement of all channels, or why there is none."""
    refuse_shared(outcomes)
    found = {name: (part.analysis, outcomes[name]) for name, part in prepared.items()}
    try:
        return joint_statement(joint_search(found, combine=config.search.combine, seed=config.seed))
    except InputError as error:
        return f"The channels make no joint statement: {error}"


def _searched(part: Prepared, title: str, opened: Opened | None) -> tuple[Outcome, SearchSection]:
    """What a channel's chain leaves behind, and its section of the page."""
    config, analysis, sources = part.config, part.analysis, part.sources
    seen = sources.seen_by(analysis.representation)
    shifted = sources.shifted(config, analysis.representation)
    outcome, seconds, memory = timed(lambda: analysis.run(*seen, variations=shifted, seed=config.seed))
    if opened is not None:
        outcome = replace(outcome, result=replace(outcome.result, frozen=opened.hash))
    others = beside(config, analysis, outcome, seconds, memory, sources)
    drawn = sources.drawn_by(analysis.representation)
    section = search_section(
        title,
        config.detector.name,
        outcome,
        context=config.search.context,
        hunt=analysis.hunt,
        controls=others.controls,
        said=[*part.said, *([control_wording(outcome.result, others.results)] if others.results else [])],
        curves=others.curves,
        costs=others.costs,
        calibration=calibration_of(outcome, seed=config.seed),
        images=average_images_of(outcome, drawn, config.search.alpha or 1.0),
        displays=displays_of(
            outcome,
            drawn,
            seen[1],
            columns=(config.search.context,),
            errors_of=getattr(outcome.chain.scorer, "pixel_errors", None),
            seed=config.seed,
        ),
        blinding="Not blinded." if opened is None else opened.said,
    )
    return outcome, section


def _provenance(config: Config, resolved: dict[str, Any], samples: dict[str, Events]) -> dict[str, Any]:
    described = {
        f"{name}_sample": {**plain(events.provenance), "events": len(events)}
        for name, events in samples.items()
    }
    return {
        "seed": config.seed,
        "configuration_hash": resolved["hash"],
        "versions": versions(),
        "configuration": {key: value for key, value in resolved.items() if key != "hash"},
        **described,
    }


def _write(path: Path, report: Report, outcome: Outcome, resolved: dict[str, Any]) -> None:
    """All files of a run; ``result.json`` comes last and marks it as finished."""
    _write_chain(path, outcome, resolved)
    write_page(report, path / PAGE)
    write_costs(report, path / COSTS)
    write_report(untimed(report), path / RESULT)


def _write_chain(path: Path, outcome: Outcome, resolved: dict[str, Any]) -> None:
    artefact.save(path / CHAIN, outcome.chain, about={"configuration": resolved, "versions": versions()})
    _write_scores(path / SCORES, outcome)


def _write_scores(path: Path, outcome: Outcome) -> None:
    """One row a tested event: id, score (higher = stranger), p, context in GeV."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tested = outcome.tested
    columns = {"id": as_uint64(tested.batch.id), "score": tested.score, "p": tested.p}
    with written_whole(path) as temporary:
        pq.write_table(pa.table({**columns, "context": tested.batch.context}), temporary)
