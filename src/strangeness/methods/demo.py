"""The demo: detectors on the shipped jets, and a dijet search with and without a planted resonance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strangeness.chain import Outcome
from strangeness.core.estimators import Detector
from strangeness.core.train import Training
from strangeness.detectors.cwola import CWoLa
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.nearest_neighbours import NearestNeighbours
from strangeness.detectors.pca import PCA
from strangeness.events.events import Events
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.methods.comparison import Compared
from strangeness.methods.dijet_search import (
    controls,
    dijet_search,
    inclusive_local_z,
    pseudo_experiment,
)
from strangeness.methods.jet_tagging import compare
from strangeness.methods.planted import planted_strength
from strangeness.search.gate import Gate
from strangeness.search.result import SearchResult

JET_SEEDS = (1, 2, 3, 4, 5)


def jet_detectors() -> dict[str, Detector]:
    """The detectors that the demo compares on jets, and one of them untrained as a control."""
    detectors: list[Detector] = [
        Mahalanobis(),
        PCA(),
        NearestNeighbours(),
        DenseAutoencoder(),
        CWoLa(),
        CWoLaTrees(),
    ]
    named = {detector.card.name: detector for detector in detectors}
    return {**named, "dense-autoencoder, untrained": DenseAutoencoder(training=Training(epochs=0))}


@dataclass(frozen=True)
class SearchRun:
    """One dijet search of the demo.

    Attributes:
        planted: expected number of planted signal events; 0 for the empty search.
        data: the events under test, with truth for the evaluation alone.
        inclusive_z: local significance in the signal's window before any selection.
        outcome: what the chain left behind.
        controls: the same search with each control.
    """

    planted: float
    data: Events
    inclusive_z: float
    outcome: Outcome
    controls: dict[str, SearchResult]

    @property
    def n_planted(self) -> int:
        """Signal events among the data."""
        return int(np.sum(self.data.truth))


def compare_jets() -> list[Compared]:
    """Detectors and controls on the shipped jets, both ways round, five seeds."""
    return compare(read(sample_path("jets")), jet_detectors(), JET_SEEDS)


def demo_search(seed: int, *, with_resonance: bool) -> SearchRun:
    """The demo's search on the pseudo-experiment ``seed``, with its checks and controls."""
    planted = planted_strength() if with_resonance else 0.0
    toy = pseudo_experiment(seed, planted=planted)
    outcome = dijet_search(CWoLaTrees(), gate=Gate()).run(toy.data, toy.reference, seed=seed)
    others = {
        name: dijet_search(detector, n_pseudo=2000).run(toy.data, toy.reference, seed=seed).result
        for name, detector in controls().items()
    }
    return SearchRun(planted, toy.data, inclusive_local_z(toy.data), outcome, others)
