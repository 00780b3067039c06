"""The list of graphs against a plain enumeration of all multisets of edges, and against known counts."""

from __future__ import annotations

from itertools import combinations, combinations_with_replacement, permutations

import pytest

from strangeness.core.errors import InputError
from strangeness.jets.graphs import Edges, canonical, prime_graphs


def connected(edges: Edges) -> bool:
    reached = {0}
    for _ in edges:
        reached |= {v for edge in edges for v in edge if set(edge) & reached}
    return reached == set(range(max(map(max, edges)) + 1))


def smallest_labelling(edges: Edges, vertices: int) -> Edges:
    return min(
        tuple(sorted((min(p[a], p[b]), max(p[a], p[b])) for a, b in edges))
        for p in permutations(range(vertices))
    )


def test_the_counts_are_the_published_ones() -> None:
    graphs = prime_graphs(5)
    assert [sum(g.degree == d for g in graphs) for d in range(6)] == [1, 1, 2, 5, 12, 33]
    assert len(graphs) == len(set(graphs)) == 54


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
def test_every_connected_multigraph_is_there_once(degree: int) -> None:
    expected = set()
    for vertices in range(2, degree + 2):
        pairs = list(combinations(range(vertices), 2))
        for edges in combinations_with_replacement(pairs, degree):
            if max(map(max, edges)) == vertices - 1 and connected(edges):
                expected.add(smallest_labelling(edges, vertices))
    assert {g.edges for g in prime_graphs(degree) if g.degree == degree} == expected


def test_graphs_are_ordered_named_and_nested() -> None:
    names = [graph.name for graph in prime_graphs(3)]
    assert names == [
        "dot", "01", "01_01", "01_02", "01_01_01", "01_01_02", "01_02_12", "01_02_03", "01_02_13",
    ]  # fmt: skip
    for degree in range(5):
        shorter = prime_graphs(degree)
        assert prime_graphs(5)[: len(shorter)] == shorter


def test_labels_do_not_matter() -> None:
    assert canonical(((2, 1), (1, 0), (2, 1))).name == "01_01_02"


@pytest.mark.parametrize("degree", [-1, 6, 2.0])
def test_other_degrees_are_refused(degree: int) -> None:
    with pytest.raises(InputError, match="whole number from 0 to 5"):
        prime_graphs(degree)
