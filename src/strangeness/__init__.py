"""Model-independent anomaly searches in fundamental physics: from events to a calibrated statement.

The names below are loaded when they are first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strangeness.analysis import Analysis
    from strangeness.calibration import Mondrian, SplitConformal
    from strangeness.catalogue import all_detectors, find_detector, load
    from strangeness.core.artefact import save
    from strangeness.events import Events, read
    from strangeness.representations import KinematicFeatures
    from strangeness.search import BumpHunt, CountingExperiment, DijetFunction, Gate

__version__ = "0.1.0"

_HOMES = {
    "Analysis": "analysis",
    "BumpHunt": "search",
    "CountingExperiment": "search",
    "DijetFunction": "search",
    "Events": "events",
    "Gate": "search",
    "KinematicFeatures": "representations",
    "Mondrian": "calibration",
    "SplitConformal": "calibration",
    "all_detectors": "catalogue",
    "find_detector": "catalogue",
    "load": "catalogue",
    "read": "events",
    "save": "core.artefact",
}

__all__ = [
    "Analysis",
    "BumpHunt",
    "CountingExperiment",
    "DijetFunction",
    "Events",
    "Gate",
    "KinematicFeatures",
    "Mondrian",
    "SplitConformal",
    "__version__",
    "all_detectors",
    "find_detector",
    "load",
    "read",
    "save",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'strangeness' has no attribute '{name}'")
    return getattr(importlib.import_module(f"strangeness.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
