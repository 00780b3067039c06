"""The tables of the documentation that are made from the code, and where they stand in the pages.

Run ``python tests/docs/tables.py`` to write them anew after an intended change.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
ROOMS = (
    "cards",
    "commands",
    "comparison",
    "configuration",
    "images",
    "physics",
    "policies",
    "processes",
    "results",
    "samples",
)
"""The modules that make tables."""
_SPAN = re.compile(r"(<!-- table: (?P<name>[a-z0-9 -]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def all_tables() -> dict[str, Callable[[], str]]:
    """Name in the page -> the function that makes the table."""
    rooms = [import_module(f"tests.docs.{room}") for room in ROOMS]
    return {name: make for room in rooms for name, make in room.TABLES.items()}


def named(page: Path) -> list[str]:
    """The tables that a page asks for."""
    return [match["name"] for match in _SPAN.finditer(page.read_text(encoding="utf-8"))]


def renewed(page: Path) -> str:
    """The page with its tables as the code makes them now."""
    tables = all_tables()

    def fill(match: re.Match[str]) -> str:
        return f"{match[1]}\n{tables[match['name']]()}\n\n{match[3]}"

    return _SPAN.sub(fill, page.read_text(encoding="utf-8"))


def pages() -> list[Path]:
    """The pages with such tables."""
    return [page for page in sorted(DOCS.rglob("*.md")) if named(page)]


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    for each in pages():
        each.write_text(renewed(each), encoding="utf-8")
