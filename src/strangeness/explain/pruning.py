"""Pruning by entropy: the features that a state entangles least are left out, and the loss in AUC is told."""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import ArraySource, Batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer
from strangeness.explain.entropy import entropy_map
from strangeness.stats.metrics import auc


@dataclass(frozen=True)
class Pruning:
    """A detector on all features and on those that were kept.

    Attributes:
        kept: indices of the kept features, in the order of the features.
        entropies: (features,) in nats, of the state that was fitted to all of them.
        auc_all: area under the curve with all features.
        auc_kept: area under the curve of the same detector fitted to the kept ones.
        auc_rest: the same with as many features of the lowest entropy: what the choice is worth.
        auc_random: the same with as many features drawn by chance: what any choice would cost.
        scorer: fitted to the kept features.
    """

    kept: tuple[int, ...]
    entropies: NDArray[np.float64]
    auc_all: float
    auc_kept: float
    auc_rest: float
    auc_random: float
    scorer: Scorer


def prune_by_entropy(
    detector: Detector,
    train: Batch,
    background: Batch,
    signal: Batch,
    *,
    keep: float = 0.5,
    key: PRNGKeyArray,
) -> Pruning:
    """Keep a share of the features, those with the largest single-site entropy (arXiv:2106.08334).

    The choice is made from the fitted state alone; the labelled test events only measure it.

    Args:
        detector: ``born-machine`` or ``mps-classifier``.
        train: events it is fitted to, rows (n, features).
        background: labelled test events.
        signal: labelled test events.
        keep: share of the features, rounded to the nearest number and at least one.
        key: seeds the fits, all alike.

    Raises:
        InputError: for a share outside (0, 1] or a detector without a matrix-product state.
    """
    if not 0 < keep <= 1:
        raise InputError(f"a share of {keep:g} of the features", "Give more than 0 and at most 1.")
    whole = detector.fit_scorer(ArraySource(train), key=key)
    entropies = entropy_map(whole)
    sites = len(entropies.sites)
    count = max(round(keep * sites), 1)
    ranked = entropies.ranked()
    drawn = np.random.default_rng(np.asarray(jax.random.key_data(key))).permutation(sites)
    kept, *controls = (np.sort(one) for one in (ranked[:count], ranked[-count:], drawn[:count]))

    def fitted(features: NDArray[np.int64]) -> tuple[Scorer, float]:
        scorer = detector.fit_scorer(ArraySource(_only(train, features)), key=key)
        return scorer, auc(scorer(_only(background, features)), scorer(_only(signal, features)))

    scorer, area = fitted(kept)
    rest, by_chance = (fitted(features)[1] for features in controls)
    before = auc(whole(background), whole(signal))
    return Pruning(tuple(map(int, kept)), entropies.sites, before, area, rest, by_chance, scorer)


def _only(batch: Batch, features: NDArray[np.int64]) -> Batch:
    return replace(batch, x=jax.tree.map(lambda x: np.asarray(x)[:, features], batch.x))
