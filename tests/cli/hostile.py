"""Chains of every kind, small, and what can be done to their files."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np

from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.covariate import CovariateShift
from strangeness.calibration.localised import Localised
from strangeness.calibration.mondrian import Mondrian
from strangeness.chain import FittedChain
from strangeness.core import artefact
from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.estimators import Calibrator, Detector, Representation
from strangeness.core.train import Training
from strangeness.detectors.born_machine import BornMachineDetector
from strangeness.detectors.controls import SumOfFeatures
from strangeness.detectors.conv_autoencoder import ConvAutoencoder
from strangeness.detectors.cwola import CWoLa
from strangeness.detectors.cwola_linear import CWoLaLinear
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.detectors.dense_autoencoder import DenseAutoencoder
from strangeness.detectors.ensemble import Ensemble
from strangeness.detectors.isolation_forest import IsolationForest
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.mera_autoencoder import MeraAutoencoder
from strangeness.detectors.mps_classifier import MPSClassifier
from strangeness.detectors.mps_projection import MPSProjection
from strangeness.detectors.nearest_neighbours import NearestNeighbours
from strangeness.detectors.pca import PCA
from strangeness.detectors.quantum_autoencoder import QuantumAutoencoder
from strangeness.detectors.quantum_image_autoencoder import QuantumImageAutoencoder
from strangeness.detectors.quantum_kernel import QuantumKernel
from strangeness.detectors.tree_network_classifier import TreeNetworkClassifier
from strangeness.detectors.variational_autoencoder import VariationalAutoencoder
from strangeness.policies.folds import FoldedNull, FoldedScorer
from strangeness.representations import (
    CalorimeterImages,
    ConstituentChains,
    EnergyFlow,
    JetFeatures,
    JetGraphs,
    JetImages,
    JetTokens,
    KinematicFeatures,
    LundImages,
    PointClouds,
)

_NEVER = Training(epochs=0)
FEATURES = KinematicFeatures(("a", "b", "c"))
SMALL = ConvAutoencoder(channels=(2, 2), hidden=3, latent=2, training=_NEVER)
CHAINS: dict[str, tuple[Representation, Detector]] = {
    "linear": (FEATURES, SumOfFeatures()),
    "classifier": (FEATURES, CWoLa(hidden=(4,), training=_NEVER)),
    "tree network": (FEATURES, TreeNetworkClassifier(bond=2, training=_NEVER)),
    "trees": (FEATURES, CWoLaTrees(trees=3, smallest_leaf=5, leaves=4)),
    "dense": (FEATURES, DenseAutoencoder(hidden=4, training=_NEVER)),
    "variational": (FEATURES, VariationalAutoencoder(hidden=4, training=_NEVER)),
    "isolation": (FEATURES, IsolationForest(trees=3, max_samples=16)),
    "mahalanobis": (FEATURES, Mahalanobis()),
    "neighbours": (FEATURES, NearestNeighbours(k=3)),
    "mera": (FEATURES, MeraAutoencoder(training=_NEVER)),
    "mera classifier": (FEATURES, TreeNetworkClassifier(structure="mera", bond=2, training=_NEVER)),
    "pca": (FEATURES, PCA()),
    "circuit": (FEATURES, QuantumAutoencoder(qubits=2, layers=1, training=_NEVER)),
    "shots": (FEATURES, QuantumAutoencoder(qubits=2, layers=1, shots=5, training=_NEVER)),
    "noise": (FEATURES, QuantumAutoencoder(qubits=2, layers=1, damping=0.1, training=_NEVER)),
    "overlaps": (FEATURES, QuantumKernel(qubits=2)),
    "ensemble": (FEATURES, Ensemble(IsolationForest(trees=2, max_samples=8), members=2, combine="median")),
    "born": (FEATURES, BornMachineDetector(bond=2, components=2, training=_NEVER)),
    "fourier": (FEATURES, BornMachineDetector(bond=2, feature_map="fourier", training=_NEVER)),
    "projection": (FEATURES, MPSProjection(bond=2, components=2, training=_NEVER)),
    "state": (FEATURES, MPSClassifier(bond=2, feature_map="polynomial", training=_NEVER)),
    "learned": (FEATURES, MPSClassifier(bond=2, feature_map="learned", training=_NEVER)),
    "images": (JetImages(8), SMALL),
    "patches": (JetImages(8), QuantumImageAutoencoder(patch=(4, 4), layers=1, training=_NEVER)),
    "lund": (LundImages(8), SMALL),
    "hits": (CalorimeterImages(8), SMALL),
    "jets": (JetFeatures(("mass", "tau1", "girth")), Mahalanobis()),
    "flow": (EnergyFlow(2), SumOfFeatures()),
    "chains": (ConstituentChains(4, "nearest"), SumOfFeatures()),
    "folds": (FEATURES, CWoLaLinear()),
}
"""Every kind of detector and of representation that a chain can hold."""
CALIBRATORS: dict[str, Calibrator] = {
    "isolation": CovariateShift((2000.0, 4000.0, 6000.0), (1.0, 2.0)),
    "mahalanobis": Localised(500.0, (2000.0, 3500.0, 4000.0, 4500.0, 6000.0)),
    "neighbours": SplitConformal(signed=True),
}
"""Chains that are not calibrated by ``SplitConformal`` or ``Mondrian`` with positive weights."""
ALONE = (PointClouds(4), JetGraphs(4), JetTokens(4))
"""The representations that no detector takes yet."""


def events(n: int = 120, seed: int = 5) -> Batch:
    """Events with three features, four particles and hits each, a context in 3-5 TeV; half of them data."""
    rng = np.random.default_rng(seed)
    columns = dict(zip("abc", np.abs(rng.normal(size=(3, n))), strict=True))
    particles = np.stack([rng.exponential(9, (n, 4)), *rng.normal(0, 0.1, (2, n, 4))], axis=2)
    context = rng.uniform(3000, 5000, n)
    layer = np.broadcast_to(np.array([0.0, 1.0, 2.0, 2.0]), (n, 4))
    hits = np.stack([layer, particles[..., 1], particles[..., 2], particles[..., 0]], axis=2)
    x = {**columns, "constituents": particles, "hits": hits.astype(np.float32)}
    return make_batch(x, context=context, sample=np.arange(n) % 2)


def fitted(name: str) -> FittedChain:
    """A chain fitted to ``events``."""
    representation, detector = CHAINS[name]
    batch = events()
    map_ = representation.fit_map(ArraySource(batch), key=jax.random.key(0))
    scorer = detector.fit_scorer(ArraySource(map_(batch)), key=jax.random.key(1))
    if name == "folds":
        null = SplitConformal().fit_null(scorer(map_(batch)), batch)
        return FittedChain(map_, FoldedScorer((scorer, scorer)), FoldedNull((null, null)))
    score = scorer(map_(batch), key=jax.random.key(2))
    usual = Mondrian(bins=3, range=(2000, 6000)) if len(name) % 2 else SplitConformal()
    calibrator = CALIBRATORS.get(name, usual)
    if isinstance(calibrator, SplitConformal) and calibrator.signed:
        batch = replace(batch, weight=np.where(np.arange(len(batch)) % 9, 1.0, -0.5))
    return FittedChain(map_, scorer, calibrator.fit_null(score, batch))


ABOUT = {
    "configuration": {
        "seed": 1,
        "detector": {"name": "pca"},
        "search": {"context": "mjj", "range": [3000.0, 5000.0], "alpha": 0.1},
    }
}


def stored(path: Path, name: str) -> Path:
    """The artefact of a chain as a search leaves it."""
    artefact.save(path, fitted(name), about=ABOUT)
    return path


def parts(path: Path) -> tuple[dict[str, Any], list[np.ndarray]]:
    """The JSON tree and the arrays of an artefact."""
    with zipfile.ZipFile(path) as archive:
        arrays = [np.load(io.BytesIO(archive.read(f"{i}.npy"))) for i in range(len(archive.namelist()) - 1)]
        return json.loads(archive.read("strangeness.json")), arrays


def written(path: Path, tree: Any, arrays: list[np.ndarray]) -> Path:
    """An artefact of a tree and arrays that need not fit."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("strangeness.json", json.dumps(tree))
        for index, array in enumerate(arrays):
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=True)
            archive.writestr(f"{index}.npy", buffer.getvalue())
    return path


_LEAVES: list[Any] = [
    *(
        None,
        True,
        False,
        -1,
        0,
        1,
        2,
        10**9,
        10**30,
        1e308,
        float("nan"),
        0.5,
        "",
        "x",
        "os.system",
        "a\ud800",
    ),
    *(
        [],
        {},
        [1],
        {"x": 1},
        {"json": 3},
        {"json": "tanh"},
        {"array": 0},
        {"tuple": []},
        {"list": [{"json": 1}]},
    ),
    *({"dict": []}, {"dict": [["a", {"json": 1}]]}, {"class": "PCAScorer", "fields": {}}),
]
_CHANGES: list[Callable[[np.ndarray], np.ndarray]] = [
    lambda a: a[:-1] if a.ndim else a[None],
    lambda a: a[:0] if a.ndim else a[None, None],
    lambda a: np.concatenate([a, a]) if a.ndim else -a,
    lambda a: a.T.copy(),
    lambda a: a.ravel(),
    lambda a: a[..., None],
    lambda a: a[..., :1] if a.ndim else a,
    lambda a: -np.asarray(a, float),
    lambda a: a * 0,
    lambda a: np.full(a.shape, np.nan),
    lambda a: np.full(a.shape, 3e38, np.float32),
    lambda a: np.full(a.shape, 1e300),
    lambda a: np.asarray(a, int) + 10**6,
    lambda a: np.asarray(a, np.int8),
    lambda a: np.asarray(a, complex),
    lambda a: np.asarray(a, object),
    lambda a: np.asarray(a, str),
    lambda a: np.asarray(a, bool),
    lambda a: a[::-1] if a.ndim else a,
]


def mutated(
    rng: np.random.Generator, tree: dict[str, Any], arrays: list[np.ndarray]
) -> tuple[Any, list[Any]]:
    """One change of an artefact's tree (in place) or of one of its arrays."""
    if rng.random() < 0.4:
        index = int(rng.integers(len(arrays)))
        arrays[index] = _CHANGES[rng.integers(len(_CHANGES))](arrays[index])
        return tree, arrays
    places = list(_places(tree))
    holder, key = places[rng.integers(len(places))]
    action = rng.random()
    if action < 0.7:
        holder[key] = _LEAVES[rng.integers(len(_LEAVES))]
    elif action < 0.85:
        del holder[key]
    else:
        other, at = places[rng.integers(len(places))]
        holder[key] = json.loads(json.dumps(other[at]))
    return tree, arrays


def _places(node: Any) -> Any:
    """Every (holder, key) below a node of JSON."""
    for key in list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
        yield node, key
        yield from _places(node[key])
