"""The tables of the files of a run, made from the classes that write and check them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from inspect import cleandoc
from typing import get_type_hints

from pydantic import BaseModel

from strangeness.report import parts, schema
from strangeness.search.check import Check
from strangeness.search.result import SCHEMA, SearchResult, Spectrum
from tests.docs.markdown import attributes, code, kind, table

_MODELS = {
    "report": schema.Report,
    "search section": schema.SearchSection,
    "histogram": schema.Histogram,
    "control": schema.Control,
    "curve": schema.Curve,
    "comparison section": schema.ComparisonSection,
    "comparison row": schema.ComparisonRow,
    "calibration curve": schema.CalibrationCurve,
    "image set": schema.ImageSet,
    "picture": parts.Picture,
    "event display": schema.EventDisplay,
    "feature note": parts.FeatureNote,
    "cost": schema.Cost,
    "systematics": parts.SystematicsPart,
    "systematic": parts.SystematicRow,
    "spurious signal": parts.SpuriousPart,
    "limit": parts.LimitPart,
    "injection section": schema.InjectionSection,
    "injection curve": schema.InjectionPart,
}


def model(cls: type[BaseModel]) -> str:
    """What the model is, and one row a key."""
    rows = [
        (code(name), kind(field.annotation, field.metadata), "yes" if field.is_required() else "no")
        for name, field in cls.model_fields.items()
    ]
    return cleandoc(f"{cls.__doc__}").replace("``", "`") + "\n\n" + table(("key", "value", "required"), rows)


def result() -> str:
    """The keys of a search's ``result`` as its docstring explains them, all of them."""
    rows = [(code("schema"), f'"{SCHEMA}"')]
    rows += [(", ".join(map(code, names)), meaning) for names, meaning in attributes(SearchResult)]
    said = {name for names, _ in attributes(SearchResult) for name in names}
    missing = {field.name for field in dataclasses.fields(SearchResult)} ^ said
    if missing:
        raise ValueError(f"the docstring of SearchResult and its fields differ in {sorted(missing)}")
    return table(("key", "meaning"), rows)


def check() -> str:
    """The keys of a check."""
    return table(("key", "meaning"), [(code(*names), meaning) for names, meaning in attributes(Check)])


def spectrum() -> str:
    """The keys of a spectrum."""
    names = ", ".join(map(code, get_type_hints(Spectrum)))
    return f"{Spectrum.__doc__}\n\nKeys: {names}."


def _of(cls: type[BaseModel]) -> Callable[[], str]:
    return lambda: model(cls)


TABLES = {"result": result, "check": check, "spectrum": spectrum} | {
    name: _of(cls) for name, cls in _MODELS.items()
}
