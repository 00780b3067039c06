"""Isolation forest: how few random cuts set an event apart; fitted by scikit-learn, scored as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Source
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.trees import CHECKED, LEAF, padded, refuse_unless_equal, sum_of_leaves
from strangeness.trees.tables import refuse_strays


class IsolationForestScorer(Scorer):
    """2 ** -(mean path length / c(sample)) (Liu, Ting and Zhou 2008, eq. 2).

    Tables have the shape (trees, nodes); ``value`` is the length of the path that ends in a leaf, ``usual``
    the mean path length c of a random search tree of as many events as each tree was grown on.
    """

    feature: Int[Any, "trees nodes"]
    threshold: Float[Any, "trees nodes"]
    left: Int[Any, "trees nodes"]
    right: Int[Any, "trees nodes"]
    value: Float[Any, "trees nodes"]
    usual: Float[Any, ""]
    n_inputs: int = eqx.field(static=True)
    depth: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        refuse_strays(self, self.n_inputs)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.n_inputs,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        # The cuts are those of 32-bit numbers.
        rows = jnp.asarray(x, jnp.float32)
        total = sum_of_leaves(self, rows, 0.0)
        return 2.0 ** (-total / (len(self.feature) * self.usual))


@dataclass
class IsolationForest(Detector):
    """Trees of random cuts, each grown on a few events: the strange end up alone early.

    Attributes:
        trees: trees.
        max_samples: events that each tree is grown on; at most those that there are.
    """

    trees: int = 100
    max_samples: int = 256

    card: ClassVar[MethodCard] = MethodCard(
        name="isolation-forest",
        summary="how few random cuts set an event apart",
        citation=Citation(
            key="Liu2008",
            authors="F. T. Liu, K. M. Ting and Z.-H. Zhou",
            title="Isolation forest",
            year=2008,
            where="ICDM 2008, 413-422, doi:10.1109/ICDM.2008.17",
        ),
        family="classical",
    )
    stores: ClassVar = (IsolationForestScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> IsolationForestScorer:
        from sklearn.ensemble import IsolationForest as Forest

        for name, least in (("trees", 1), ("max_samples", 2)):
            if getattr(self, name) < least:
                what = f"'{name}' of isolation-forest is {getattr(self, name)}"
                raise InputError(what, f"Give {least} or more.")
        _, x = self.training_events(source)
        rows = x.astype(np.float32)
        forest = Forest(
            n_estimators=self.trees,
            max_samples=min(self.max_samples, len(x)),  # type: ignore[arg-type]
            random_state=int(jax.random.bits(key)) % 2**31,
        ).fit(rows)
        scorer = _as_arrays(forest, self.max_samples)
        refuse_unless_equal(scorer, rows[:CHECKED], -forest.score_samples(rows[:CHECKED]), 1e-6)
        return scorer


def _as_arrays(forest: Any, max_samples: int) -> IsolationForestScorer:
    """The trees of a fitted forest, padded to the most nodes that ``max_samples`` allows."""
    trees = [estimator.tree_ for estimator in forest.estimators_]
    size, dtype = 2 * max_samples - 1, float_dtype()

    def stacked(arrays: list[NDArray[Any]], kind: Any, fill: Any = 0) -> NDArray[Any]:
        return padded(arrays, size, kind, fill)

    leaf = stacked([tree.children_left == -1 for tree in trees], bool, True)
    return IsolationForestScorer(
        feature=np.where(leaf, LEAF, stacked([tree.feature for tree in trees], np.int32)).astype(np.int32),
        threshold=stacked([_rounded_down(tree.threshold) for tree in trees], np.float32),
        left=stacked([tree.children_left for tree in trees], np.int32),
        right=stacked([tree.children_right for tree in trees], np.int32),
        value=stacked([_paths(tree) for tree in trees], dtype),
        usual=np.asarray(average_path(np.array([forest.max_samples_]))[0], dtype),
        n_inputs=forest.n_features_in_,
        depth=int(np.ceil(np.log2(max_samples))),
    )


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The largest 32-bit number that is not above: the same cut for 32-bit values."""
    near = threshold.astype(np.float32)
    return np.where(near > threshold, np.nextafter(near, np.float32(-np.inf)), near)


def _paths(tree: Any) -> NDArray[np.float64]:
    """For each node its depth, plus what the events left in it would take on average to be told apart."""
    depth = np.zeros(tree.node_count)
    for node in range(tree.node_count):  # children have higher numbers than their parents
        if tree.children_left[node] != -1:
            depth[[tree.children_left[node], tree.children_right[node]]] = depth[node] + 1
    return depth + average_path(tree.n_node_samples)


def average_path(n: NDArray[Any]) -> NDArray[np.float64]:
    """Mean length c(n) of an unsuccessful search in a random search tree of n (eq. 1): 0 for 1, 1 for 2."""
    size = np.maximum(np.asarray(n, np.float64), 2.0)
    c = 2.0 * (np.log(size - 1.0) + np.euler_gamma) - 2.0 * (size - 1.0) / size
    return np.where(np.asarray(n) > 2, c, np.where(np.asarray(n) == 2, 1.0, 0.0))
