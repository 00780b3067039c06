"""Where published studies are kept, and what their files hold."""

from __future__ import annotations

import json
import os
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import strangeness
from strangeness.cli.config import DetectorTable, RepresentationTable, checked
from strangeness.core.errors import ConfigError, nearest
from strangeness.core.files import existing_file

STUDY, EXPECTED = "analysis.toml", "expected.json"
Seeds = Annotated[list[int], Field(min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class EntryTable(_Part):
    """A detector with what it sees."""

    label: str
    control: bool = False
    representation: RepresentationTable
    detector: DetectorTable


class StudyTable(_Part):
    """Which events: a shipped sample, or a file for each class; incomplete rows are refused or dropped."""

    sample: Literal["jets"] | None = None
    files: dict[str, str] = {}
    classes: Annotated[list[str], Field(min_length=2)]
    seeds: Seeds
    events: int | None = None
    epochs: int | None = None
    incomplete: Literal["refuse", "drop"] = "refuse"


class TinyTable(_Part):
    """What a quick form changes: ``test`` events of a class are kept; only ``entries``, if any, run."""

    seeds: Seeds = [1]
    events: int = 64
    test: int = 200
    epochs: int = 1
    entries: list[str] = []


class Recipe(_Part):
    """A published study."""

    title: str
    citation: str
    study: StudyTable
    entries: Annotated[list[EntryTable], Field(min_length=1)]
    tiny: TinyTable = TinyTable()


class Expected(_Part):
    """A number or claim of the paper, and the bounds within which ours reproduces it."""

    what: str
    quantity: Literal["auc", "parameters"]
    entry: str
    trained_on: str
    finds: str
    paper: float | None
    low: float
    high: float
    source: str


def recipes_folder() -> Path:
    """Where the recipes are: ``STRANGENESS_RECIPES``, the checkout, or the installed package."""
    named = os.environ.get("STRANGENESS_RECIPES")
    checkout = Path(strangeness.__file__).resolve().parents[2] / "recipes"
    return (
        Path(named)
        if named
        else checkout
        if checkout.is_dir()
        else Path(str(files("strangeness"))) / "recipes"
    )


def listed_recipes(*, as_json: bool) -> str:
    """All recipes with what they reproduce."""
    found = {
        path.parent.name: load(path.parent.name)[0] for path in sorted(recipes_folder().glob(f"*/{STUDY}"))
    }
    if as_json:
        rows = [{"slug": slug, "title": one.title, "citation": one.citation} for slug, one in found.items()]
        return json.dumps(rows, indent=1)
    return "\n".join(f"{slug}\n    {one.title}\n    {one.citation}" for slug, one in found.items())


def load(slug: str) -> tuple[Recipe, list[Expected]]:
    """A recipe and what it expects.

    Raises:
        ConfigError: for an unknown recipe, with the nearest names, or a wrong key or value in it.
    """
    folder = recipes_folder()
    known = [path.parent.name for path in folder.glob(f"*/{STUDY}")]
    if slug not in known:
        raise ConfigError(
            f"no recipe is called '{slug}'", nearest(slug, known) if known else "None is installed."
        )
    study, expected = (existing_file(folder / slug / name) for name in (STUDY, EXPECTED))
    try:
        values = tomllib.loads(study.read_text(encoding="utf-8"))
        wanted = TypeAdapter(list[Expected]).validate_json(expected.read_bytes())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"'{study}' is not TOML ({error})", "Correct that line.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"'{expected}': {first['loc']}: {first['msg']}", "Correct it.") from error
    return checked(Recipe, values, f"'{study}'"), wanted
