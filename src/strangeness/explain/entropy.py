"""Entanglement entropies of a matrix-product state: where its features hang together (arXiv:2106.08334)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer
from strangeness.detectors.born_machine import BornMachineScorer
from strangeness.detectors.mps_classifier import ChainClassifierScorer
from strangeness.tensor_networks.canonical import canonical, entropies
from strangeness.tensor_networks.correlations import mutual_information, site_entropies
from strangeness.tensor_networks.feature_maps import FeatureMap
from strangeness.tensor_networks.mps import MPS

Array = NDArray[np.float64]


@dataclass(frozen=True)
class EntropyMap:
    """Entropies of a state, in nats.

    Attributes:
        cuts: (sites - 1,) across each cut between neighbours.
        sites: (sites,) of each feature with all the others, the label among them.
        mutual: (sites, sites) information that two features share; the diagonal is ``sites``.
    """

    cuts: Array
    sites: Array
    mutual: Array

    def ranked(self) -> NDArray[np.int64]:
        """Features (sites,) by falling entropy; ties in the order of the features."""
        return np.argsort(-self.sites, kind="stable")


def entropy_map(scorer: Scorer) -> EntropyMap:
    """The entropies of the state behind a fitted ``born-machine`` or ``mps-classifier``.

    The state is taken as a function of the ranks of the features: components that are not orthonormal on
    [0, 1] are made so first, so that entropies do not depend on the basis of the feature map. The label of a
    classifier counts to its middle site.

    Raises:
        InputError: for another scorer.
    """
    state = state_of(scorer)
    return EntropyMap(entropies(state), site_entropies(state), mutual_information(state))


def state_of(scorer: Scorer) -> MPS:
    """The normalised state of a scorer, in orthonormal components.

    Raises:
        InputError: for a scorer that is no matrix-product state.
    """
    if isinstance(scorer, BornMachineScorer):
        machine = scorer.machine
        return _orthonormal([*np.asarray(machine.cores, np.float64)], machine.map, None)
    if isinstance(scorer, ChainClassifierScorer):
        model = scorer.classifier
        left, right = (np.asarray(part, np.float64) for part in (model.left, model.right))
        return _orthonormal([*left, np.asarray(model.centre, np.float64), *right], model.map, len(left))
    raise InputError(
        f"{type(scorer).__name__} holds no matrix-product state", "Give a born-machine or an mps-classifier."
    )


def _orthonormal(cores: list[Array], map: FeatureMap, labelled: int | None) -> MPS:
    """The state with every site in orthonormal components; the label joins its site's."""
    tensors = []
    for site, (core, gram) in enumerate(zip(cores, map.gram(len(cores)), strict=True)):
        core = core[:1] if site == 0 else core
        core = core[..., :1] if site == len(cores) - 1 else core
        core = np.tensordot(_root(gram), core, axes=(1, 1))
        tensors.append(_merged(core, site == labelled))
    return canonical(MPS(tuple(tensors)))


def _merged(core: Array, labelled: bool) -> Array:
    """(size, left, [labels,] right) to (left, size, right)."""
    order: Any = (1, 0, 2, 3) if labelled else (1, 0, 2)
    core = core.transpose(order)
    return core.reshape(core.shape[0], -1, core.shape[-1])


def _root(gram: Array) -> Array:
    values, vectors = np.linalg.eigh(gram)
    return (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
