"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Out = Annotated[Path | None, typer.Option(help="Folder for the results; it must not hold a finished run.")]
Seed = Annotated[
    int | None,
    typer.Option(min=0, max=2**32 - 1, help="Seed of everything random; the same seed, the same result."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on standard error.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON on standard output.")]
Unit = Annotated[str | None, typer.Option(help="GeV or MeV, if the file does not hold GeV.")]
Tree = Annotated[str | None, typer.Option(help="Tree of a ROOT file that holds several.")]
Layout = Annotated[str | None, typer.Option(help="Layout of the file, where its content does not tell.")]
