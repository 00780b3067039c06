"""Connected multigraphs without loops, up to isomorphism: the labels of energy flow polynomials."""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Edges = tuple[tuple[int, int], ...]
MOST_EDGES = 5


class Multigraph(NamedTuple):
    """A multigraph on the vertices 0 to ``vertices - 1``.

    ``edges`` holds pairs (a, b) with a < b, in rising order, a repeated one for each further edge.
    """

    vertices: int
    edges: Edges

    @property
    def degree(self) -> int:
        """The number of edges, with multiplicity."""
        return len(self.edges)

    @property
    def name(self) -> str:
        """'dot' for the single vertex, else the edges: '01_02_02' has an edge 0-1 and two edges 0-2."""
        return "_".join(f"{a}{b}" for a, b in self.edges) or "dot"


DOT = Multigraph(1, ())


def prime_graphs(degree: int) -> tuple[Multigraph, ...]:
    """All connected multigraphs without loops of at most ``degree`` edges, one of each isomorphism class.

    They are ordered by edges, then vertices, then the list of edges, and labelled such that this list is the
    smallest of all labellings. There are 1, 1, 2, 5, 12, 33 of 0 to 5 edges (OEIS A076864): the
    prime graphs of arXiv:1712.07124.

    Raises:
        InputError: for a degree below 0 or above 5.
    """
    if not isinstance(degree, int) or not 0 <= degree <= MOST_EDGES:
        raise InputError(f"graphs of {degree} edges", f"Give a whole number from 0 to {MOST_EDGES}.")
    return tuple(graph for edges in range(degree + 1) for graph in _with_edges(edges))


@cache
def _with_edges(number: int) -> tuple[Multigraph, ...]:
    if number == 0:
        return (DOT,)
    # a connected graph stays connected without one edge of a cycle, or else without a leaf
    found = {
        canonical((*smaller.edges, (a, b)))
        for smaller in _with_edges(number - 1)
        for b in range(1, smaller.vertices + 1)
        for a in range(min(b, smaller.vertices))
    }
    return tuple(sorted(found))


def canonical(edges: Edges) -> Multigraph:
    """The graph with the labels 0, 1, ... that make its sorted list of edges the smallest.

    Args:
        edges: pairs of vertices 0, 1, ... of a graph without loops, in any order.
    """
    vertices = max(max(edge) for edge in edges) + 1
    ends = _relabellings(vertices)[:, np.asarray(edges)]
    codes = np.sort(ends.min(axis=2) * vertices + ends.max(axis=2), axis=1)
    smallest = codes[np.lexsort(codes.T[::-1])[0]]
    return Multigraph(vertices, tuple((int(c) // vertices, int(c) % vertices) for c in smallest))


@cache
def _relabellings(vertices: int) -> NDArray[np.int64]:
    return np.array(list(permutations(range(vertices))), dtype=np.int64)
