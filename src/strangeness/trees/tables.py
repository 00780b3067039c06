"""Trees as tables of nodes: the walk from the root to a leaf, for all events at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import make_batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer, float_dtype

LEAF = -1
"""What ``feature`` holds in a leaf."""
CHECKED = 1000
"""Rows on which trees that were read are compared with scikit-learn."""
_DEEPEST = 4096


class Tables(Protocol):
    """Trees padded to equal size: each table (trees, nodes); a row goes left when x <= threshold."""

    feature: Any
    threshold: Any
    left: Any
    right: Any
    value: Any
    depth: int


def sum_of_leaves(trees: Tables, x: Any, start: Any) -> Any:
    """``start`` plus the values (n,) of the leaves that the rows ``x`` (n, d) fall into, over all trees."""

    def add_tree(total: Any, tree: Any) -> tuple[Any, None]:
        feature, threshold, left, right, value = tree

        def descend(_: int, node: Any) -> Any:
            at = feature[node]
            seen = jnp.take_along_axis(x, jnp.maximum(at, 0)[:, None], axis=1)[:, 0]
            return jnp.where(at == LEAF, node, jnp.where(seen <= threshold[node], left[node], right[node]))

        leaf = jax.lax.fori_loop(0, trees.depth, descend, jnp.zeros(len(x), jnp.int32))
        return total + value[leaf], None

    tables = (trees.feature, trees.threshold, trees.left, trees.right, trees.value)
    return jax.lax.scan(add_tree, jnp.zeros(len(x), float_dtype()) + start, tables)[0]


def refuse_strays(trees: Tables, n_inputs: int) -> None:
    """Refuse tables of another shape, and nodes that point outside them.

    Raises:
        InputError: for tables that no fit gives.
    """
    shapes = {np.shape(getattr(trees, name)) for name in ("feature", "threshold", "left", "right", "value")}
    shape = shapes.pop()
    if shapes or len(shape) != 2 or 0 in shape:
        raise InputError(f"tables of trees of shape {shape} and {shapes}", "Fit them again.")
    if n_inputs < 1 or not 0 <= trees.depth <= _DEEPEST:
        raise InputError(f"trees {trees.depth} deep of {n_inputs} features", "Fit them again.")
    inner = np.asarray(trees.feature) != LEAF
    for name, end in (("feature", n_inputs), ("left", shape[1]), ("right", shape[1])):
        seen = np.asarray(getattr(trees, name))[inner]
        if np.any((seen < 0) | (seen >= end)):
            raise InputError(f"the table '{name}' of trees points outside 0 to {end - 1}", "Fit them again.")


def padded(tables: Sequence[NDArray[Any]], size: int, dtype: Any, fill: Any = 0) -> NDArray[Any]:
    """Tables of different lengths as one array (trees, size), filled up with ``fill``."""
    filled = np.full((len(tables), size), fill, dtype)
    for row, table in zip(filled, tables, strict=True):
        row[: len(table)] = table
    return filled


def refuse_unless_equal(scorer: Scorer, x: NDArray[Any], theirs: NDArray[Any], tolerance: float) -> None:
    """Refuse trees that were read wrongly: scikit-learn's node tables are no public interface.

    Raises:
        InputError: when a score of ``x`` differs from scikit-learn's by more than the absolute plus relative
            ``tolerance``.
    """
    if not np.allclose(scorer(make_batch(x)), theirs, rtol=tolerance, atol=tolerance):
        raise InputError(
            "the trees of this scikit-learn version cannot be read", "Install scikit-learn 1.7 to 1.9."
        )
