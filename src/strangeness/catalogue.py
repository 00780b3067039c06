"""What is installed: detectors found by walking the cards, and the closed table of classes for artefacts."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from importlib.metadata import entry_points
from typing import Any

import equinox as eqx

from strangeness import calibration, detectors, representations
from strangeness.core import artefact
from strangeness.core.errors import ConfigError, nearest
from strangeness.core.estimators import Detector, Map, Null
from strangeness.nn import STORABLE

_GROUP = "strangeness.detectors"


def all_detectors() -> dict[str, type[Detector]]:
    """Every detector by the name on its card: ours, and those of the entry-point group."""
    found = [cls for cls in _classes(detectors, Detector) if not inspect.isabstract(cls)]
    found += [entry.load() for entry in entry_points(group=_GROUP)]
    return {cls.card.name: cls for cls in sorted(found, key=lambda cls: cls.card.name)}


def find_detector(name: str) -> type[Detector]:
    """The detector called ``name``.

    Raises:
        ConfigError: for an unknown name, with the nearest ones.
    """
    known = all_detectors()
    if name not in known:
        raise ConfigError(f"unknown detector '{name}'", nearest(name, known))
    return known[name]


def storable() -> dict[str, type[eqx.Module]]:
    """The classes that an artefact may name: networks, maps, nulls, and what each detector stores."""
    classes = [*STORABLE, *_classes(representations, Map), *_classes(calibration, Null)]
    classes += [cls for detector in all_detectors().values() for cls in detector.stores]
    return {cls.__name__: cls for cls in classes}


def load(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    """The fitted object in an artefact and what was written about it."""
    return artefact.load(path, storable())


def _classes(package: Any, base: type) -> list[Any]:
    found = []
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        module = importlib.import_module(info.name)
        found += [
            cls
            for cls in vars(module).values()
            if inspect.isclass(cls) and issubclass(cls, base) and cls.__module__ == module.__name__
        ]
    return found
