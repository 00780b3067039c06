"""Jets of one class found among jets of another, both ways round (train on A find B, train on B find A)."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import numpy as np

from strangeness.core.estimators import Detector
from strangeness.detectors.controls import OneFeature
from strangeness.events.events import Events
from strangeness.methods.comparison import Budget, Compared, Entry
from strangeness.methods.fits import compare as compare_entries
from strangeness.representations import KinematicFeatures

CLASSES = ("qcd", "top", "w")
SHOWN = {"qcd": "QCD", "top": "top", "w": "W"}
DIRECTIONS = (("qcd", "top"), ("qcd", "w"), ("top", "qcd"), ("w", "qcd"))
FEATURES = KinematicFeatures(("mass", "multiplicity", "tau21", "tau32", "girth", "ptd"), log=("mass",))
CONTROLS = {
    "pT alone": KinematicFeatures(("pt",)),
    "mass alone": KinematicFeatures(("mass",)),
    "multiplicity alone": KinematicFeatures(("multiplicity",)),
}


def classes_of(jets: Events) -> dict[str, Events]:
    """The shipped jets by class: truth 0 QCD, 1 top, 2 W."""
    return {name: jets.take(np.asarray(jets.truth) == code) for code, name in enumerate(CLASSES)}


def shown_classes(jets: Events) -> dict[str, Events]:
    """The same under the names that pages show."""
    return {SHOWN[name]: events for name, events in classes_of(jets).items()}


def control_entries() -> list[Entry]:
    """Single features that every detector is shown beside."""
    return [Entry(label, features, OneFeature(), control=True) for label, features in CONTROLS.items()]


def compare(jets: Events, detectors: Mapping[str, Detector], seeds: Sequence[int]) -> list[Compared]:
    """Every detector and every control in four directions, each fitted to half of the jets of a class.

    Args:
        jets: events with truth 0 QCD, 1 top, 2 W.
        detectors: label -> detector.
        seeds: each seeds a split into training and test halves and the fit.
    """
    entries = [
        Entry(name, FEATURES, detector, control="untrained" in name) for name, detector in detectors.items()
    ]
    return compare_entries(
        classes_of(jets),
        [*entries, *control_entries()],
        pairs=DIRECTIONS,
        seeds=seeds,
        budget=Budget(events=sys.maxsize),
    )
