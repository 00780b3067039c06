"""Gradient-boosted trees that tell two samples apart: fitted by scikit-learn, scored as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Float, Int, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import DATA, Source
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.core.weights import balanced
from strangeness.trees.tables import CHECKED, LEAF, padded, refuse_strays, refuse_unless_equal, sum_of_leaves


class BoostedTreesScorer(Scorer):
    """Sum of the leaves that an event falls into, over all trees, plus the prior logit.

    Trees are padded to equal size, so all tables have the shape (trees, nodes); ``feature`` is -1 in a leaf,
    and an event goes left when x <= threshold.
    """

    feature: Int[Any, "trees nodes"]
    threshold: Float[Any, "trees nodes"]
    left: Int[Any, "trees nodes"]
    right: Int[Any, "trees nodes"]
    value: Float[Any, "trees nodes"]
    prior: Float[Any, ""]
    n_inputs: int = eqx.field(static=True)
    depth: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        refuse_strays(self, self.n_inputs)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.n_inputs,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return sum_of_leaves(self, x, self.prior)


@dataclass
class BoostedTrees(Detector):
    """What detectors made of boosted trees share; they differ in what their two samples are, so in the card.

    Both samples get the same total weight in training. Features are cut into bins of equal content.

    Attributes:
        trees: boosting iterations.
        learning_rate: shrinkage of each tree.
        leaves: most leaves of a tree.
        depth: deepest tree.
        feature_share: share of the features that each split may use, drawn anew.
        smallest_leaf: fewest training events in a leaf.
        l2: regularisation of the leaf values.
    """

    trees: int = 100
    learning_rate: float = 0.02
    leaves: int = 31
    depth: int = 8
    feature_share: float = 0.5
    smallest_leaf: int = 50
    l2: float = 1.0

    stores: ClassVar = (BoostedTreesScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> BoostedTreesScorer:
        from sklearn.ensemble import HistGradientBoostingClassifier

        batch, rows = self.training_events(source)
        # An event of weight 0 would still move the bins and, through the mean weight, the regularisation.
        seen = batch.weight > 0
        batch, x = batch.take(seen), rows[seen].astype(float_dtype())
        weight = balanced(batch, self.card.name)
        edges = _quantile_edges(x)
        codes = _codes(x, edges)
        model = HistGradientBoostingClassifier(
            max_iter=self.trees,
            learning_rate=self.learning_rate,
            max_leaf_nodes=self.leaves,
            max_depth=self.depth,
            max_features=self.feature_share,
            min_samples_leaf=self.smallest_leaf,
            l2_regularization=self.l2,
            early_stopping=False,  # type: ignore[arg-type]
            random_state=int(jax.random.bits(key)) % 2**31,
        )
        # One thread: small fits are faster so, and sums do not depend on how rows are shared out.
        with _thread_pools().limit(limits=1):
            model.fit(codes, batch.sample == DATA, sample_weight=weight)
            expected = model.decision_function(codes[:CHECKED])
        scorer = _as_arrays(model, edges)
        refuse_unless_equal(scorer, x[:CHECKED], expected, 1e-4)
        return scorer


@cache
def _thread_pools() -> Any:
    """What limits the threads of the libraries that scikit-learn has loaded; they are looked up once."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _quantile_edges(x: NDArray[Any]) -> list[NDArray[Any]]:
    """For each column, at most 254 distinct edges between bins of about equally many events."""
    # NumPy's quantiles by the method "lower", from one sort
    places = np.floor((len(x) - 1) * np.linspace(0, 1, 256)[1:-1]).astype(int)
    return [np.unique(column) for column in np.sort(x, axis=0)[places].T]


def _codes(x: NDArray[Any], edges: list[NDArray[Any]]) -> NDArray[np.float64]:
    """The bin of each value: code <= j exactly where x <= edges[j].

    scikit-learn takes so few values as they are; its own weighted quantiles cost more than all the trees.
    """
    columns = [np.searchsorted(cuts, column) for cuts, column in zip(edges, x.T, strict=True)]
    return np.stack(columns, axis=1).astype(np.float64)


def _as_arrays(model: Any, edges: list[NDArray[Any]]) -> BoostedTreesScorer:
    """The trees of a model fitted on codes, from its node tables, with their thresholds back in x.

    They are padded to the most nodes that the settings allow, so that all fits of them share one compilation.
    """
    tables = [stage[0].nodes for stage in model._predictors]
    nodes = padded(tables, 2 * model.max_leaf_nodes - 1, tables[0].dtype)
    leaf = (nodes["is_leaf"] == 1) | (nodes["count"] == 0)
    feature = np.where(leaf, LEAF, nodes["feature_idx"]).astype(np.int32)
    return BoostedTreesScorer(
        feature=feature,
        threshold=_thresholds(feature, np.where(leaf, 0.0, nodes["num_threshold"]), edges),
        left=nodes["left"].astype(np.int32),
        right=nodes["right"].astype(np.int32),
        value=nodes["value"].astype(float_dtype()),
        prior=np.asarray(np.ravel(model._baseline_prediction)[0], float_dtype()),
        n_inputs=len(edges),
        depth=model.max_depth,
    )


def _thresholds(
    feature: NDArray[np.int32], code: NDArray[np.float64], edges: list[NDArray[Any]]
) -> NDArray[Any]:
    """Thresholds in x from those in codes: code <= 3.5 is x <= edges[3]."""
    cut = np.zeros(code.shape, float_dtype())
    for index, cuts in enumerate(edges):
        used = feature == index
        cut[used] = cuts[np.floor(code[used]).astype(int)]
    return cut
