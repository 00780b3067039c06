"""HEPData tables of a search: submission.yaml and one data file a table, written as JSON, a part of YAML."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.core.errors import FileError, InputError
from strangeness.core.files import write_text
from strangeness.search.limits import Limit
from strangeness.search.result import SearchResult

DIGITS = 6
"""Significant digits of every number."""
_SUBMISSION = "submission.yaml"
Row = dict[str, Any]


def write_hepdata(
    result: SearchResult,
    folder: str | os.PathLike[str],
    limits: Sequence[tuple[float, Limit]] | Limit | None = None,
    *,
    context: str = "mjj",
    keywords: Sequence[tuple[str, str]] = (),
) -> Path:
    """Write the tables of a search as a submission that HEPData's validator accepts.

    Tables: the spectrum with its fit and pulls, the significance of the largest excess unless a check has
    withheld it, the validity checks if there are any, the limits if they are given. Numbers have six
    significant digits.

    Args:
        result: of a bump hunt or a counting experiment.
        folder: made by this function; it must not exist.
        limits: one limit, or (mass in GeV, limit) pairs.
        context: name of the searched column, in GeV.
        keywords: (name, value) pairs for every table, e.g. ("cmenergies", "13000.0").

    Raises:
        FileError: when the folder exists or cannot be written.
        InputError: for limits of a blocked search, or limits of different units or levels.
    """
    place = Path(folder)
    if place.exists():
        raise FileError(f"'{place}' exists", "Choose another folder; nothing is overwritten.")
    tables = tables_of(result, limits, context)
    documents: list[Row] = [{"comment": comment(result)}]
    documents += [_described(name, said, keywords) for name, said, _ in tables]
    files = {_file(name): _text(table) for name, _, table in tables}
    files[_SUBMISSION] = "".join(f"---\n{_text(document)}" for document in documents)
    _write_folder(place, files)
    return place


def tables_of(
    result: SearchResult, limits: Sequence[tuple[float, Limit]] | Limit | None, context: str
) -> list[tuple[str, str, Row]]:
    """(name, description, table) of each table."""
    pairs = [(None, limits)] if isinstance(limits, Limit) else list(limits or ())
    if pairs and result.blocked:
        raise InputError(
            f"limits of a search that a check has blocked ({result.reason})", "Leave the limits out."
        )
    found = [("Spectrum", f"Selected events in bins of {context}.", spectrum_table(result, context))]
    if not result.blocked:
        found.append(
            (
                "Significance",
                "The largest excess and how often background alone shows one as large.",
                significance_table(result, context),
            )
        )
    if result.checks:
        found.append(("Validity checks", "Tests of the method on background alone.", checks_table(result)))
    if pairs:
        unit = pairs[0][1].unit
        found.append(("Limits", f"Upper limits by the CLs method; mu = 1 is {unit}.", limits_table(pairs)))
    return found


def spectrum_table(result: SearchResult, context: str) -> Row:
    """Counts, expectation and pulls by bin."""
    spectrum = result.spectrum
    bins = [{"low": low, "high": high} for low, high in zip(spectrum.edges, spectrum.edges[1:], strict=False)]
    return _table(
        [_column(context.upper(), bins, "GEV")],
        [
            _column("Observed events", _values(spectrum.counts)),
            _column("Expected background events", _values(spectrum.fitted)),
            _column("Pull", _values(spectrum.pulls)),
        ],
    )


def significance_table(result: SearchResult, context: str) -> Row:
    """The reported window with its local and global p-value."""
    rows = [
        ("Observed events", result.observed),
        ("Expected background events", result.expected),
        ("Local p-value", result.local_p),
        ("Local significance", result.local_z),
        ("Global p-value", result.global_p),
        ("Global significance", result.global_z),
        ("Smallest global p-value in reach", result.smallest_p),
        ("Pseudo-experiments", result.n_pseudo),
        ("Pseudo-experiments at least as extreme", result.n_extreme),
    ]
    window = {"low": result.window[0], "high": result.window[1]}
    return _table(
        [_column(f"{context.upper()} window", [window], "GEV")],
        [_column(name, _values([value])) for name, value in rows],
    )


def checks_table(result: SearchResult) -> Row:
    """Every validity check with its p-value and outcome."""
    return _table(
        [_column("Check", [{"value": check.name} for check in result.checks])],
        [
            _column("p-value", _values(check.p for check in result.checks)),
            _column("Outcome", _values("passed" if check.passed else "failed" for check in result.checks)),
        ],
    )


def limits_table(pairs: Sequence[tuple[float | None, Limit]]) -> Row:
    """Observed and expected limits, the bands as asymmetric errors.

    Raises:
        InputError: when the limits have different units or levels.
    """
    if len({(limit.unit, limit.level) for _, limit in pairs}) > 1:
        raise InputError("limits of different units or levels in one table", "Write one folder for each.")
    first = pairs[0][1]
    given = [{"value": "search" if mass is None else mass} for mass, _ in pairs]
    units = "" if pairs[0][0] is None else "GEV"
    header = "Limit of the" if pairs[0][0] is None else "Mass"
    level = {"name": "CL", "value": f"{100 * first.level:g} PCT"}
    observed = _column("Observed upper limit on mu", _values(limit.observed for _, limit in pairs))
    expected = _column("Expected upper limit on mu", [_banded(limit) for _, limit in pairs])
    how = _column("Calculator", _values(limit.calculator for _, limit in pairs))
    for column in (observed, expected):
        column["qualifiers"] = [level, {"name": "mu = 1", "value": first.unit}]
    return _table([_column(header, given, units)], [observed, expected, how])


def comment(result: SearchResult) -> str:
    """The statement, whether it was blind, and what it rests on."""
    frozen = f"Configuration frozen as {result.frozen}, before the region was opened."
    notes = [*([frozen] if result.frozen else []), *(f"Assumption: {note}." for note in result.assumptions)]
    return " ".join([result.statement(), *notes])


def rounded(value: Any) -> Any:
    """Numbers with ``DIGITS`` significant digits; whole numbers stay whole, no value becomes "-"."""
    if isinstance(value, bool | str):
        return value
    if value is None or not np.isfinite(value):
        return "-"
    number = float(f"{float(value):.{DIGITS}g}")
    return int(value) if float(value).is_integer() and abs(value) < 2**53 else number


def _banded(limit: Limit) -> Row:
    low2, low, middle, high, high2 = (rounded(value) for value in limit.expected)

    def error(below: float, above: float, label: str) -> Row:
        sides = {"plus": rounded(above - middle), "minus": rounded(below - middle)}
        return {"asymerror": sides, "label": label}

    return {"value": middle, "errors": [error(low, high, "1 sigma"), error(low2, high2, "2 sigma")]}


def _table(independent: list[Row], dependent: list[Row]) -> Row:
    return {"independent_variables": independent, "dependent_variables": dependent}


def _column(name: str, values: list[Row], units: str = "") -> Row:
    header = {"name": name, "units": units} if units else {"name": name}
    return {"header": header, "values": [{key: _kept(item) for key, item in row.items()} for row in values]}


def _kept(item: Any) -> Any:
    return item if isinstance(item, list) else rounded(item)


def _values(values: Iterable[Any]) -> list[Row]:
    return [{"value": value} for value in values]


def _described(name: str, said: str, keywords: Sequence[tuple[str, str]]) -> Row:
    words: dict[str, list[str]] = {}
    for key, value in keywords:
        words.setdefault(key, []).append(value)
    listed = [{"name": key, "values": values} for key, values in words.items()]
    return {"name": name, "description": said, "keywords": listed, "data_file": _file(name)}


def _file(name: str) -> str:
    return f"{name.lower().replace(' ', '_')}.yaml"


def _text(document: Row) -> str:
    return json.dumps(document, indent=1, allow_nan=False) + "\n"


def _write_folder(place: Path, files: dict[str, str]) -> None:
    """All files, or no folder: they are written beside it and moved in one step."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
    except OSError as error:
        raise FileError(f"cannot write '{place}': {error.strerror}", "Choose another place.") from error
    try:
        inner = temporary / place.name
        for name, text in files.items():
            write_text(inner / name, text)
        if place.exists():
            raise FileError(f"'{place}' exists", "Choose another folder; nothing is overwritten.")
        inner.rename(place)
    except OSError as error:
        if isinstance(error, FileError):
            raise
        raise FileError(f"cannot write '{place}': {error.strerror}", "Choose another place.") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
