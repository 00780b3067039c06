"""The shared instructions: each expression once, few products, little memory."""

from __future__ import annotations

import numpy as np
import pytest

from strangeness.jets.elimination import PRODUCT, TOTAL, plan


@pytest.mark.parametrize("degree", range(6))
def test_every_graph_is_written_once(degree: int) -> None:
    found = plan(degree)
    totals = found.steps[found.steps[:, 0] == TOTAL]
    assert sorted(totals[:, 1]) == list(range(len(found.graphs)))


@pytest.mark.parametrize(("degree", "products"), [(2, 0), (3, 1), (4, 1), (5, 3)])
def test_the_products_of_matrices_are_shared(degree: int, products: int) -> None:
    """Up to 4 edges all cycles need the one product of two edges; 21 graphs of 5 edges have cycles too."""
    assert np.sum(plan(degree).steps[:, 0] == PRODUCT) == products


def test_results_reuse_memory() -> None:
    found = plan(5)
    assert found.matrices <= 8 and found.vectors <= 24
    assert (found.steps[:, 1:].min(), len(found.graphs)) == (0, 54)
