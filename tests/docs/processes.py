"""The tables of the processes, made from their cards: what they are, their parameters and their settings."""

from __future__ import annotations

from strangeness.events.generation.processes import PROCESSES
from tests.docs.markdown import code, table


def processes() -> str:
    """One row a process."""
    head = ("name", "what it is", "jets", "underlying event", "what to expect", "cite")
    rows = []
    for card in PROCESSES.values():
        process = card.process()
        mpi = "on" if process.mpi else "off"
        rows.append((code(card.name), card.summary, process.radius, mpi, card.expect, card.citation))
    return table(head, rows)


def parameters() -> str:
    """One row a parameter."""
    rows = [
        (code(card.name), code(p.name), f"{p.default:g}", f"{p.low:g} to {p.high:g}", p.unit, p.summary)
        for card in PROCESSES.values()
        for p in card.parameters
    ]
    return table(("process", "parameter", "default", "range", "unit", "meaning"), rows)


def settings() -> str:
    """The settings of every process with its defaults, as Pythia reads them."""
    parts = []
    for card in PROCESSES.values():
        lines = [
            line for line in card.process().lines(1) if not line.startswith(("Print:", "Next:", "Random:"))
        ]
        parts.append("\n".join([f"### {card.name}", "", "```text", *lines, "```"]))
    return "\n\n".join(parts)


TABLES = {"processes": processes, "process parameters": parameters, "process settings": settings}
