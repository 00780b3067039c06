"""Classification without labels by boosted trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from strangeness.core.cards import Citation, MethodCard
from strangeness.trees import BoostedTrees


@dataclass
class CWoLaTrees(BoostedTrees):
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
