"""Classification without labels by boosted trees: fitted by scikit-learn, stored and scored as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import DATA, Source, make_batch
from strangeness.core.cards import Citation, MethodCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector, Scorer, float_dtype
from strangeness.core.weights import balanced

_LEAF = -1


class BoostedTreesScorer(Scorer):
    """Sum of the leaves that an event falls into, over all trees, plus the prior logit.

    Trees are padded to equal size, so all tables have the shape (trees, nodes); ``feature`` is -1 in a leaf,
    and an event goes left when x <= threshold.
    """

    feature: Any
    threshold: Any
    left: Any
    right: Any
    value: Any
    prior: Any
    n_inputs: int = eqx.field(static=True)
    depth: int = eqx.field(static=True)

    @property
    def row_shape(self) -> tuple[int, ...]:
        return (self.n_inputs,)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        def add_tree(total: Any, tree: Any) -> tuple[Any, None]:
            feature, threshold, left, right, value = tree

            def descend(_: int, node: Any) -> Any:
                at = feature[node]
                seen = jnp.take_along_axis(x, jnp.maximum(at, 0)[:, None], axis=1)[:, 0]
                return jnp.where(
                    at == _LEAF, node, jnp.where(seen <= threshold[node], left[node], right[node])
                )

            leaf = jax.lax.fori_loop(0, self.depth, descend, jnp.zeros(len(x), jnp.int32))
            return total + value[leaf], None

        start = jnp.zeros(len(x), float_dtype()) + self.prior
        trees = (self.feature, self.threshold, self.left, self.right, self.value)
        return jax.lax.scan(add_tree, start, trees)[0]


@dataclass
class CWoLaTrees(Detector):
    """Classification without labels with gradient-boosted trees (arXiv:1708.02949; trees: arXiv:2309.13111).

    Data and reference get the same total weight in training. Features are cut into bins of equal content.

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

    card: ClassVar[MethodCard] = MethodCard(
        name="cwola-trees",
        summary="boosted trees trained on data against reference, without labels",
        citation=Citation(
            key="Finke2023",
            authors="T. Finke, M. Hein, G. Kasieczka, M. Kraemer, A. Mueck, P. Prangchaikul, T. Quadfasel, "
            "D. Shih and M. Sommerhalder",
            title="Tree-based algorithms for weakly supervised anomaly detection",
            year=2023,
            where="Phys. Rev. D 109, 034033, arXiv:2309.13111",
        ),
        family="classical",
        needs=("reference", "data"),
        weights="positive",
    )
    stores: ClassVar = (BoostedTreesScorer,)

    def fit_scorer(self, source: Source, *, key: PRNGKeyArray) -> BoostedTreesScorer:
        from sklearn.ensemble import HistGradientBoostingClassifier
        from threadpoolctl import threadpool_limits

        batch, rows = self.training_events(source)
        # An event of weight 0 would still move the bins and, through the mean weight, the regularisation.
        seen = batch.weight > 0
        batch, x = batch.take(seen), rows[seen].astype(float_dtype())
        weight = balanced(batch, self.card.name)
        edges = [_quantile_edges(column) for column in x.T]
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
        with threadpool_limits(1):
            model.fit(codes, batch.sample == DATA, sample_weight=weight)
        return _checked(_as_arrays(model, edges), model, x[:1000], codes[:1000])


def _quantile_edges(column: NDArray[Any]) -> NDArray[Any]:
    """At most 254 distinct edges between bins of about equally many events."""
    return np.unique(np.quantile(column, np.linspace(0, 1, 256)[1:-1], method="lower"))


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
    size = 2 * model.max_leaf_nodes - 1

    def stacked(name: str, dtype: Any) -> NDArray[Any]:
        return np.stack([np.pad(table[name].astype(dtype), (0, size - len(table))) for table in tables])

    leaf = np.stack(
        [np.pad(t["is_leaf"].astype(bool), (0, size - len(t)), constant_values=True) for t in tables]
    )
    feature = np.where(leaf, _LEAF, stacked("feature_idx", np.int32)).astype(np.int32)
    return BoostedTreesScorer(
        feature=feature,
        threshold=_thresholds(feature, np.where(leaf, 0.0, stacked("num_threshold", np.float64)), edges),
        left=stacked("left", np.int32),
        right=stacked("right", np.int32),
        value=stacked("value", float_dtype()),
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


def _checked(
    scorer: BoostedTreesScorer, model: Any, x: NDArray[Any], codes: NDArray[np.float64]
) -> BoostedTreesScorer:
    """The scorer, once it agrees with the model it was read from: the node tables are no public interface."""
    ours = scorer(make_batch(x))
    if not np.allclose(ours, model.decision_function(codes), rtol=1e-4, atol=1e-4):
        raise InputError(
            "the trees of this scikit-learn version cannot be read", "Install scikit-learn 1.7 to 1.9."
        )
    return scorer
