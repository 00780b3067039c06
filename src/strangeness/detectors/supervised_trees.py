"""Supervised trees: what boosted trees reach when they are told the truth; a reference, never a claim."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strangeness.core.cards import Citation, MethodCard
from strangeness.trees import BoostedTrees


@dataclass
class SupervisedTrees(BoostedTrees):
    """Boosted trees trained on truth: background (0) against signal (1), the most that the features allow.

    The chain's reference-curve mode hands over truth as the sample label. The score never carries a claim: it
    draws the curve that others are compared with.

    Attributes:
        trees: boosting iterations.
        learning_rate: shrinkage of each tree.
        leaves: most leaves of a tree.
        depth: deepest tree.
        feature_share: share of the features that each split may use, drawn anew.
        smallest_leaf: fewest training events in a leaf.
        l2: regularisation of the leaf values.
    """

    learning_rate: float = 0.1
    smallest_leaf: int = 20

    card: ClassVar[MethodCard] = MethodCard(
        name="supervised-trees",
        summary="boosted trees told the truth: a reference that never carries a claim",
        citation=Citation(
            key="Friedman2001",
            authors="J. H. Friedman",
            title="Greedy function approximation: a gradient boosting machine",
            year=2001,
            where="Ann. Statist. 29, 1189-1232, doi:10.1214/aos/1013203451",
        ),
        family="classical",
        needs=("reference", "data"),
        weights="positive",
        uses_truth=True,
    )
