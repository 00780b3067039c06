"""Decision trees as arrays: fitted by scikit-learn, read from its node tables, and scored by JAX."""

from strangeness.trees.boosting import BoostedTrees, BoostedTreesScorer
from strangeness.trees.tables import CHECKED, LEAF, Tables, padded, refuse_unless_equal, sum_of_leaves

__all__ = [
    "CHECKED",
    "LEAF",
    "BoostedTrees",
    "BoostedTreesScorer",
    "Tables",
    "padded",
    "refuse_unless_equal",
    "sum_of_leaves",
]
