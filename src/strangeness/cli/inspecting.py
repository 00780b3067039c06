"""``strangeness inspect``: what a file of events holds, read once in chunks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from strangeness.cli.sketches import bars, shades
from strangeness.cli.survey import HALF_BINS, Survey
from strangeness.core.files import existing_file
from strangeness.core.run import progress, running
from strangeness.events.detect import LAYOUTS
from strangeness.events.reading import read_chunks

_HEAD = ("column", "smallest", "median", "largest", "missing")


def inspected(
    file: Path, *, layout: str | None, unit: str | None, tree: str | None, quiet: bool, as_json: bool
) -> str:
    """What ``file`` holds, as text with small pictures or as JSON.

    Raises:
        FileError, InputError: as ``read_chunks``; values that seem to be in MeV are told, not refused.
    """
    values = described(file, layout=layout, unit=unit, tree=tree, quiet=quiet)
    return json.dumps(values, indent=1, allow_nan=False) if as_json else "\n".join(_lines(values))


def described(
    file: Path,
    *,
    layout: str | None = None,
    unit: str | None = None,
    tree: str | None = None,
    quiet: bool = True,
) -> dict[str, Any]:
    """What a file of events holds, as JSON values; it is never held whole."""
    survey = Survey()
    with running(progress=not quiet), progress(f"reading {existing_file(file).name}", 0) as show:
        # A unit is given, so that a suspicion is no error here.
        for events in read_chunks(file, layout=layout, unit=unit or "GeV", tree=tree):
            survey.add(events)
            show(survey.events, "events")
    values = survey.values()
    kind = str(values["provenance"]["format"])
    return {"file": str(file), "layout": kind, "what": LAYOUTS[kind], "unit": unit or "GeV", **values}


def _lines(values: dict[str, Any]) -> list[str]:
    lines = [f"{values['file']}: {values['what']}", f"{values['events']:,} events"]
    if values["labels"]:
        lines[-1] += "; label " + ", ".join(f"{name}: {n:,}" for name, n in values["labels"].items())
    if (weights := values["weights"]) is not None:
        lines.append(
            f"weights from {weights['smallest']:g} to {weights['largest']:g}, sum {weights['sum']:g}"
        )
    if (found := values["suspicion"]) is not None:
        lines.append(f"Not GeV? {found}")
    lists = [*_particles(values["constituents"]), *_hits(values["hits"])]
    return [*lines, *_columns(values), *lists, *_provenance(values)]


def _columns(values: dict[str, Any]) -> list[str]:
    columns: dict[str, dict[str, Any]] = values["columns"]
    if not columns:
        return []
    rows = [_HEAD, *((name, *map(_number, _quantities(column))) for name, column in columns.items())]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEAD))]
    pictures = ["1 % to 99 %", *(bars(column["histogram"]["counts"]) for column in columns.values())]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    lines = [f"{line}  {picture}".rstrip() for line, picture in zip(lines, pictures, strict=True)]
    if values["sampled"] < values["events"]:
        lines.append(f"Medians and histograms are of {values['sampled']:,} events drawn at random.")
    return ["", *lines]


def _quantities(column: dict[str, Any]) -> list[float | int | None]:
    return [column[name] for name in _HEAD[1:]]


def _number(value: float | int | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.5g}"


def _particles(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    place = "around the jet's axis" if found["relative"] else "in the detector's frame"
    line = f"constituents, {place}: {_lengths(found)}"
    ends = f"|eta| < {found['eta_range']:.3g} across, |phi| < {found['phi_range']:.3g} upwards"
    edge = "-" * (4 * HALF_BINS)
    picture = [f"|{row}|" for row in shades(np.array(found["picture"]))]
    return ["", line, f"Share of pt, a shade a factor 5.6: {ends}", f"+{edge}+", *picture, f"+{edge}+"]


def _hits(found: dict[str, Any] | None) -> list[str]:
    if found is None:
        return []
    layers = ", ".join(f"{count:,} in {name}" for name, count in found["layers"].items())
    return ["", f"hits: {_lengths(found)}; {layers}"]


def _lengths(found: dict[str, Any]) -> str:
    text = f"{found['fewest']} to {found['most']}, {found['mean']:.1f} on average"
    return text + (f"; {found['without']:,} without any" if found["without"] else "")


def _provenance(values: dict[str, Any]) -> list[str]:
    lines = [f"{key}: {_short(value)}" for key, value in values["provenance"].items()]
    return ["", *lines]


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 90 else f"{text[:87]}..."
