"""What a configuration asks for behind a search: a spurious-signal test, a limit, tables for HEPData."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strangeness.analysis import Analysis
from strangeness.chain import Outcome
from strangeness.cli.config import Config
from strangeness.cli.folder import HEPDATA, WORKSPACE
from strangeness.cli.tables import LimitTable
from strangeness.core.errors import InputError, MissingDependency
from strangeness.events.source import EventFile
from strangeness.methods.signal_limit import SignalLimit, signal_limit, spurious_on_reference
from strangeness.report.hepdata import write_hepdata
from strangeness.report.parts import LimitPart, SpuriousPart
from strangeness.search.limits import Limit
from strangeness.search.result import SearchResult
from strangeness.search.spurious import SpuriousSignal
from strangeness.search.workspace import write_workspace


@dataclass
class Extras:
    """Parts of the page, sentences for it, and files for the folder."""

    spurious: SpuriousPart | None = None
    limit: LimitPart | None = None
    said: list[str] = field(default_factory=list)
    workspace: dict[str, Any] | None = None
    found: Limit | None = None

    def write(self, folder: Path, result: SearchResult, config: Config) -> None:
        """Write the workspace and the tables."""
        if self.workspace is not None:
            write_workspace(self.workspace, folder / WORKSPACE)
        if config.hepdata is not None:
            keywords = list(config.hepdata.keywords.items())
            write_hepdata(
                result, folder / HEPDATA, self.found, context=config.search.context, keywords=keywords
            )


def refuse_missing(config: Config) -> None:
    """Raise a MissingDependency before any work when a limit is asked for without pyhf."""
    if config.limit is not None and importlib.util.find_spec("pyhf") is None:
        raise MissingDependency("pyhf", "limits")


def extras(config: Config, analysis: Analysis, outcome: Outcome) -> Extras:
    """What the tables ``spurious_signal``, ``limit`` and ``hepdata`` ask for.

    What cannot be had is said with its reason: a finished search is not thrown away for it.
    """
    made, fakes = Extras(), None
    if config.spurious_signal is not None:
        table = config.spurious_signal
        try:
            fakes = spurious_on_reference(
                analysis, outcome, relative_width=table.relative_width, limit=table.limit, seed=config.seed
            )
            made.spurious = spurious_part(fakes)
        except InputError as error:
            made.said.append(f"No spurious-signal test: {error}")
    if config.limit is not None:
        try:
            found = _limited(config, config.limit, analysis, outcome, fakes)
            made.limit, made.workspace, made.found = limit_part(found), found.workspace, found.limit
        except InputError as error:
            made.said.append(f"No upper limit: {error}")
    return made


def _limited(
    config: Config, table: LimitTable, analysis: Analysis, outcome: Outcome, fakes: SpuriousSignal | None
) -> SignalLimit:
    share = analysis.split((), None if config.reference is None else ()).tested_share
    return signal_limit(
        analysis,
        outcome,
        EventFile(table.signal, options=(("name", f"signal {Path(table.signal).stem}"),)),
        name=Path(table.signal).stem,
        tested_share=share,
        luminosity=table.luminosity,
        level=table.level,
        calculator=table.calculator,
        n_toys=table.toys,
        spurious=fakes,
        seed=config.seed,
    )


def spurious_part(found: SpuriousSignal) -> SpuriousPart:
    """A spurious-signal test for the page."""
    return SpuriousPart(
        text=found.text(),
        passed=found.passed,
        masses=found.masses.tolist(),
        strength=found.strength.tolist(),
        error=found.error.tolist(),
    )


def limit_part(found: SignalLimit) -> LimitPart:
    """An upper limit for the page."""
    limit = found.limit
    return LimitPart(
        statement=limit.statement(),
        level=limit.level,
        observed=limit.observed,
        expected=list(limit.expected),
        unit=limit.unit,
        calculator=limit.calculator,
        background=limit.background,
        efficiency=found.efficiency,
        produced=found.produced,
        window=list(found.window),
        notes=list(limit.notes),
    )
