"""``strangeness search``: read, refuse what cannot work, run, write."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.cli.beside import beside, timed
from strangeness.cli.building import analysis_of, completed, function_choice
from strangeness.cli.config import Config, Given, from_options, from_toml
from strangeness.cli.costs import untimed, write_costs
from strangeness.cli.coverage import refuse_uncovered
from strangeness.cli.extras import extras, refuse_missing
from strangeness.cli.folder import CHAIN, COSTS, PAGE, RESULT, SCORES, Folder, refuse_finished, run_folder
from strangeness.cli.hyperparameters import detector_of
from strangeness.cli.sources import Sources
from strangeness.core import artefact
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.files import existing_file, sha256, written_whole
from strangeness.core.identity import as_uint64
from strangeness.events.events import Events
from strangeness.methods.dijet_search import MJJ_RANGE
from strangeness.report.calibrated import calibration_of
from strangeness.report.render import write_page
from strangeness.report.runs import average_images_of, displays_of
from strangeness.report.schema import Report, as_json, write_report
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
    sources = Sources.of(config)
    spectrum, known = sources.spectra()
    if known is not None:
        refuse_uncovered(spectrum, known, sources.context, config.search.range or MJJ_RANGE)
    chosen = None if known is None else function_choice(config, known, sources.reference_weights())
    analysis = analysis_of(
        config, spectrum if known is None else known, None if chosen is None else chosen.function
    )
    with run_folder(place, resolved, quiet=quiet) as folder:
        said = [] if chosen is None else [chosen.text()]
        report = untimed(_run(config, analysis, sources, resolved, folder, opened, said))
    if json:
        return as_json(report).rstrip("\n")
    return f"{report.searches[0].statement}\nThe page: {place / PAGE}"


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
    return sums


def _run(
    config: Config,
    analysis: Analysis,
    sources: Sources,
    resolved: dict[str, Any],
    folder: Folder,
    opened: Opened | None,
    said: list[str],
) -> Report:
    seen = sources.seen_by(analysis.representation)
    shifted = sources.shifted(config, analysis.representation)
    outcome, seconds, memory = timed(lambda: analysis.run(*seen, variations=shifted, seed=config.seed))
    if opened is not None:
        outcome = replace(outcome, result=replace(outcome.result, frozen=opened.hash))
    others = beside(config, analysis, outcome, seconds, memory, sources)
    drawn = sources.drawn_by(analysis.representation)
    section = search_section(
        "Search",
        config.detector.name,
        outcome,
        context=config.search.context,
        hunt=analysis.hunt,
        controls=others.controls,
        said=[*said, *([control_wording(outcome.result, others.results)] if others.results else [])],
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
    more = extras(config, analysis, outcome)
    section = section.model_copy(
        update={"spurious": more.spurious, "limit": more.limit, "said": [*section.said, *more.said]}
    )
    report = Report(
        title=f"Search in {config.search.context} with {config.detector.name}",
        searches=[section],
        provenance=_provenance(config, resolved, sources.known)
        | ({} if opened is None else {"frozen": opened.kept}),
    )
    more.write(folder.path, outcome.result, config)
    _write(folder.path, report, outcome, resolved)
    return report


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
    artefact.save(path / CHAIN, outcome.chain, about={"configuration": resolved, "versions": versions()})
    _write_scores(path / SCORES, outcome)
    write_page(report, path / PAGE)
    write_costs(report, path / COSTS)
    write_report(untimed(report), path / RESULT)


def _write_scores(path: Path, outcome: Outcome) -> None:
    """One row a tested event: id, score (higher = stranger), p, context in GeV."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    tested = outcome.tested
    columns = {"id": as_uint64(tested.batch.id), "score": tested.score, "p": tested.p}
    with written_whole(path) as temporary:
        pq.write_table(pa.table({**columns, "context": tested.batch.context}), temporary)
