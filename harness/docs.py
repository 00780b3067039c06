"""A hook of the documentation: pages get the tables of the last full run of a harness."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
_MARK = re.compile(r"<!-- results: (benchmarks|validation) -->")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the mark by the tables (called by MkDocs)."""
    return _MARK.sub(lambda match: tables(REPOSITORY / match.group(1) / "results"), markdown)


def tables(folder: Path) -> str:
    """The committed results in a folder as Markdown."""
    files = sorted(folder.glob("*.json"))
    return "\n\n".join(map(_table, files)) if files else "*No full run has been committed yet.*"


def _table(file: Path) -> str:
    result = json.loads(file.read_text(encoding="utf-8"))
    keys = list(result["rows"][0])
    lines = [f"| {' | '.join(keys)} |", f"|{'---|' * len(keys)}"]
    lines += [f"| {' | '.join(_cell(row[key]) for key in keys)} |" for row in result["rows"]]
    facts = result["hardware"]
    where = f"{facts['cores']} cores, {facts['instructions']}, {facts['memory_gb']} GB"
    packages = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    commits = ", ".join(commit[:12] for commit in result["commits"])
    said = f"Made {result['made']} at commit {commits}, seed {result['seed']}, on {where}, with {packages}."
    return "\n".join([f"## {result['capability']}", "", said, "", *lines])


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = f"{value:.4g}" if isinstance(value, float) else str(value)
    return text.replace("|", "\\|")
