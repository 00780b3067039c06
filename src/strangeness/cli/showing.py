"""``strangeness show``: what an artefact or a result holds, in words."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from strangeness.cli.folder import FROZEN
from strangeness.core.files import existing_file


def shown(path: Path, *, as_json: bool) -> str:
    """The content of an artefact, a result or a frozen configuration.

    Raises:
        FileError: when the file is neither, or damaged.
    """
    values = described(path)
    return json.dumps(values, indent=1, allow_nan=False) if as_json else "\n".join(_lines(values))


def described(path: Path) -> dict[str, Any]:
    """What an artefact, a result or a frozen configuration says of itself, as JSON values."""
    if zipfile.is_zipfile(existing_file(path)):
        return _artefact(path)
    return _frozen(path) if path.name == FROZEN else _result(path)


def _frozen(path: Path) -> dict[str, Any]:
    from strangeness.cli.frozen import read_frozen

    return {"kind": "frozen configuration", **read_frozen(path).values}


def _artefact(path: Path) -> dict[str, Any]:
    from strangeness.catalogue import load
    from strangeness.nn import parameter_count

    value, about = load(path)
    parts = {
        name: {"class": type(part).__name__, "numbers": parameter_count(part)}
        for name in ("map", "scorer", "null")
        if (part := getattr(value, name, None)) is not None
    }
    return {"kind": "artefact", "class": type(value).__name__, **parts, **about}


def _result(path: Path) -> dict[str, Any]:
    from strangeness.report.schema import read_report

    report = read_report(path)
    statements = {section.name: section.statement for section in report.searches}
    return {"kind": "result", "title": report.title, "statements": statements, **report.provenance}


def _lines(values: dict[str, Any], depth: int = 0) -> list[str]:
    lines = []
    for key, value in values.items():
        label = f"{'  ' * depth}{_text(key.replace('_', ' '))}"
        if isinstance(value, dict):
            lines += [f"{label}:", *_lines(value, depth + 1)] if value else []
        elif value is not None:
            lines.append(f"{label}: {_text(value)}")
    return lines


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in text)
