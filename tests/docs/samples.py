"""The tables of the shipped samples, made from their manifest."""

from __future__ import annotations

from typing import Any

from strangeness.events.shipped import SAMPLES, manifest
from tests.docs.markdown import code, table


def _made(name: str) -> dict[str, Any]:
    return manifest()["samples"][name]["made_from"]


def classes() -> str:
    """One row a class of a sample: what was generated, selected, matched and kept."""
    head = ("sample", "process", "label", "generated events", "selected", "matched", "dropped", "kept")
    rows = [
        (
            code(name),
            code(part["process"]),
            part["label"],
            f"{part['generated']:,}",
            f"{part['selected']:,}",
            f"{part['matched']:,}",
            f"{part['unmatched_fraction']:.1%}",
            f"{part['kept']:,}",
        )
        for name in SAMPLES
        for part in _made(name)["parts"]
    ]
    return table(head, rows)


def files() -> str:
    """One row a file."""
    entries = [(name, manifest()["samples"][name]) for name in SAMPLES]
    rows = [
        (
            code(name),
            f"{entry['rows']:,}",
            f"{entry['bytes'] / 1e6:.1f} MB",
            ", ".join(map(code, entry["columns"])),
        )
        for name, entry in entries
    ]
    return table(("sample", "rows", "size", "columns"), rows)


def settings() -> str:
    """The Pythia settings of each class that are not the same for all."""
    parts = {part["process"]: part["settings"] for name in SAMPLES for part in _made(name)["parts"]}
    rows = [(code(process), "<br>".join(map(code, lines))) for process, lines in parts.items()]
    return table(("process", "Pythia 8 settings"), rows)


def cuts() -> str:
    """One row a sample."""
    rows = [
        (code(name), ", ".join(f"{key} = {value:g}" for key, value in _made(name)["cuts"].items()))
        for name in SAMPLES
    ]
    return table(("sample", "cuts (GeV; radius and eta without unit)"), rows)


def detector() -> str:
    """One row a number of the detector step, which is the same for both samples."""
    first, *others = [_made(name)["detector"] for name in SAMPLES]
    if any(other != first for other in others):
        raise ValueError("the samples went through different detector steps; write one table each")
    return table(("number", "value"), _flat(first, ""))


def versions() -> str:
    """One row a package."""
    rows = [
        (code(name), *(_made(sample)["versions"][name] for sample in SAMPLES))
        for name in _made("jets")["versions"]
    ]
    return table(("package", *map(code, SAMPLES)), rows)


def _flat(values: dict[str, Any], prefix: str) -> list[tuple[str, str]]:
    rows = []
    for key, value in values.items():
        rows += (
            _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else [(code(prefix + key), f"{value}")]
        )
    return rows


TABLES = {
    "sample files": files,
    "sample classes": classes,
    "sample settings": settings,
    "sample cuts": cuts,
    "sample detector": detector,
    "sample versions": versions,
}
