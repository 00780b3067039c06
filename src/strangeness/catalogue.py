"""What is installed: detectors found by walking the cards, and the closed table of classes for artefacts."""

from __future__ import annotations

import importlib
import inspect
import os
import pkgutil
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import equinox as eqx

from strangeness import calibration, detectors, policies, representations
from strangeness.chain import FittedChain
from strangeness.core import artefact
from strangeness.core.errors import ConfigError, InputError, nearest
from strangeness.core.estimators import Detector, Map, Null, Scorer
from strangeness.core.probe import refuse_unusable
from strangeness.nn import STORABLE

_GROUP = "strangeness.detectors"


def all_detectors() -> dict[str, type[Detector]]:
    """Every detector by the name on its card: ours, and those of the entry-point group.

    Raises:
        ConfigError: for a plug-in that cannot be loaded, is no detector, or takes the name of another.
    """
    found = [cls for cls in _classes(detectors, Detector) if not inspect.isabstract(cls)]
    found += [_plug_in(entry) for entry in entry_points(group=_GROUP)]
    return _unique(sorted(found, key=lambda cls: cls.card.name), lambda cls: cls.card.name, "detectors")


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
    """The classes that an artefact may name: networks, maps, nulls, folds, and what each detector stores.

    Raises:
        ConfigError: when two different classes have one name, so that an artefact could mean either.
    """
    classes = [FittedChain, *STORABLE, *_classes(representations, Map), *_classes(calibration, Null)]
    classes += [*_classes(policies, Null), *_classes(policies, Scorer)]
    classes += [cls for detector in all_detectors().values() for cls in detector.stores]
    return _unique(classes, lambda cls: cls.__name__, "stored classes")


def load(path: str | os.PathLike[str]) -> tuple[Any, dict[str, Any]]:
    """The fitted object in an artefact and what was written about it.

    Raises:
        FileError: as ``core.artefact.load``, and when what it holds cannot score.
    """
    value, about = artefact.load(path, storable())
    try:
        refuse_unusable(value)
    except InputError as error:
        raise artefact.damaged(path, error) from error
    return value, about


def _plug_in(entry: EntryPoint) -> type[Detector]:
    remedy = "Update or remove the package that provides it."
    try:
        found = entry.load()
    except Exception as error:
        raise ConfigError(
            f"the plug-in '{entry.name}' ({entry.value}) fails to load: {error}", remedy
        ) from error
    if not (inspect.isclass(found) and issubclass(found, Detector)):
        raise ConfigError(f"the plug-in '{entry.name}' ({entry.value}) is not a Detector class", remedy)
    return found


def _unique(classes: Iterable[Any], name: Callable[[Any], str], what: str) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for cls in classes:
        other = known.setdefault(name(cls), cls)
        if other is not cls:
            raise ConfigError(
                f"two {what} are called '{name(cls)}': {other.__module__}.{other.__qualname__} and "
                f"{cls.__module__}.{cls.__qualname__}",
                "Rename one, or remove the package that provides it.",
            )
    return known


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
