"""``strangeness report``: the page of a result, made anew."""

from __future__ import annotations

from pathlib import Path

from strangeness.cli.costs import with_costs
from strangeness.cli.folder import COSTS
from strangeness.core.errors import FileError
from strangeness.report.render import write_page
from strangeness.report.schema import read_report


def make_page(result: Path, out: Path | None) -> str:
    """Write the page and say where it is.

    Raises:
        FileError: when the result cannot be read, or the page exists.
    """
    page = out if out is not None else result.with_name("report.html")
    if page.exists():
        raise FileError(f"'{page}' exists", "Choose another --out file, or remove it.")
    write_page(with_costs(read_report(result), result.with_name(COSTS)), page)
    return f"{page}: {page.stat().st_size / 1000:.0f} kB, complete in itself."
