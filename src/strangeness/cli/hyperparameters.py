"""A detector from the table of its hyperparameters, checked against the fields of its class."""

from __future__ import annotations

import dataclasses
from typing import Any, get_args, get_type_hints

from pydantic import BaseModel, ConfigDict, create_model

from strangeness.catalogue import find_detector
from strangeness.cli.config import DetectorTable, checked
from strangeness.core.estimators import Detector


def detector_of(table: DetectorTable) -> Detector:
    """The detector that a table names, with its hyperparameters.

    Raises:
        ConfigError: for an unknown name or hyperparameter, with the nearest ones, or a wrong type.
    """
    cls = find_detector(table.name)
    given = dict(table.model_extra or {})
    values = checked(_model(cls), given, f"[detector] ({table.name})")
    return _built(cls, values)


def _model(cls: type) -> type[BaseModel]:
    """A strict model with the fields of a dataclass, dataclasses and detectors inside it included."""
    hints, fields = get_type_hints(cls), {}
    for field in dataclasses.fields(cls):
        kind = hints[field.name]
        if Detector in (kind, *get_args(kind)):
            kind = DetectorTable | None
        elif isinstance(kind, type) and dataclasses.is_dataclass(kind):
            kind = _model(kind)
        fields[field.name] = (kind, _default(field))
    config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
    return create_model(cls.__name__, __config__=config, **fields)


def _default(field: dataclasses.Field[Any]) -> Any:
    """None stands for "not given" and is never validated; the class fills in its own default."""
    required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    return ... if required else None


def _built(cls: type, values: BaseModel) -> Any:
    given = {name: getattr(values, name) for name in values.model_fields_set}
    hints = get_type_hints(cls)
    return cls(**{name: _value(hints[name], value) for name, value in given.items()})


def _value(kind: Any, value: Any) -> Any:
    if isinstance(value, DetectorTable):
        return detector_of(value)
    return _built(kind, value) if isinstance(value, BaseModel) else value
