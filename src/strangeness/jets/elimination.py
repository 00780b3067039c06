"""How sums over the vertices of many graphs are made from few products of matrices: found once, shared.

The sum of a graph, over i, j, ... of w_i w_j ... and M_ij for each edge, is taken vertex by vertex: one with
a single neighbour leaves a vector there, one with two a matrix between them (arXiv:1712.07124, section 4.2).
Graphs of at most 5 edges never need more; the smallest that does, K4, has 6. Intermediate results are
expressions, and equal ones of different graphs are computed once.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.jets.graphs import Multigraph, prime_graphs

Expression = tuple[Any, ...]
"""An oriented matrix: ("edge",); ("times", A, B, ...), by entries; ("product", A, weight, B), A diag(w) B.
Or a vector: ("weight", v, ...), the weights times v, ... by entries; ("sum", A, weight), A w."""
Step = tuple[int, ...]
Ends = tuple[tuple[Expression, ...], ...]
Links = tuple[tuple[int, int, Expression], ...]

EDGE: Expression = ("edge",)
WEIGHT: Expression = ("weight",)
PRODUCT, TIMES, SUM, SCALE, TOTAL = range(5)
NOTHING = -1
# relative times at the usual 50 particles
_COSTS = (8.0, 1.0, 1.0, 0.1, 0.1)


class Plan(NamedTuple):
    """Instructions for a set of graphs, and the memory that they use.

    ``steps`` (instructions, 5) holds an operation, the number of its result, and those of its operands: two
    matrices (or a matrix, or a vector) and a vector. Matrix 0 begins as that of the edges and vector 0 as the
    weights; the results of ``TOTAL`` are the values of the graphs.
    """

    graphs: tuple[Multigraph, ...]
    steps: NDArray[np.int64]
    matrices: int
    vectors: int


@cache
def plan(degree: int) -> Plan:
    """The instructions for ``prime_graphs(degree)``."""
    graphs = prime_graphs(degree)
    program = _Program({EDGE: 0, WEIGHT: 0}, [])
    # the hard graphs first, for what they need serves the easy ones
    for place in sorted(range(len(graphs)), key=lambda i: (-graphs[i].degree, -graphs[i].vertices, i)):
        program = min((program.with_graph(place, end) for end in _ends(graphs[place])), key=_cost)
    return Plan(graphs, *_placed(program.steps))


class _Program(NamedTuple):
    """Steps that give every result a number of its own; ``known`` maps expressions to these."""

    known: dict[Expression, int]
    steps: list[Step]

    def with_graph(self, place: int, end: Expression) -> _Program:
        """A longer program, which also computes the vector ``end`` and its total."""
        longer = _Program(dict(self.known), list(self.steps))
        last = longer.number(end)
        longer.steps.append((TOTAL, place, NOTHING, NOTHING, last))
        return longer

    def number(self, wanted: Expression) -> int:
        """The number of an expression, after the steps that it still needs."""
        if wanted not in self.known:
            step = self._step(wanted)
            self.known[wanted] = len(self.known)
            self.steps.append((step[0], self.known[wanted], *step[1:]))
        return self.known[wanted]

    def _step(self, wanted: Expression) -> Step:
        head, *parts, last = wanted
        if head == "weight":
            return SCALE, self.number((head, *parts)), NOTHING, self.number(last)
        if head == "sum":
            return SUM, self.number(parts[0]), NOTHING, self.number(last)
        if head == "times":
            first = (head, *parts) if len(parts) > 1 else parts[0]
            return TIMES, self.number(first), self.number(last), NOTHING
        return PRODUCT, self.number(parts[0]), self.number(last), self.number(parts[1])


def _cost(program: _Program) -> float:
    return sum(_COSTS[step[0]] for step in program.steps)


def _transposed(matrix: Expression) -> Expression:
    if matrix[0] == "times":
        return ("times", *sorted(_transposed(factor) for factor in matrix[1:]))
    if matrix[0] == "product":
        return ("product", _transposed(matrix[3]), matrix[2], _transposed(matrix[1]))
    return matrix


def _ends(graph: Multigraph) -> list[Expression]:
    """The vectors that all orders of elimination leave on the last vertex."""
    known: dict[Any, set[Expression]] = {}
    start = tuple((a, b, EDGE) for a, b in graph.edges)
    return sorted(_all_ends(((),) * graph.vertices, start, frozenset(range(graph.vertices)), known))


def _all_ends(
    ends: Ends, links: Links, left: frozenset[int], known: dict[Any, set[Expression]]
) -> set[Expression]:
    state = ends, links
    if state not in known:
        if len(left) == 1:
            return {("weight", *ends[min(left)])}
        known[state] = set()
        for vertex in left:
            for fewer_ends, fewer_links in _without(vertex, ends, links):
                known[state] |= _all_ends(fewer_ends, fewer_links, left - {vertex}, known)
    return known[state]


def _without(vertex: int, ends: Ends, links: Links) -> Iterator[tuple[Ends, Links]]:
    """The graph after the sum over one vertex; nothing where it has more than two neighbours."""
    mine = [(a, b, m) if a == vertex else (b, a, _transposed(m)) for a, b, m in links if vertex in (a, b)]
    around = sorted({b for _, b, _ in mine})
    others = tuple(link for link in links if vertex not in link[:2])
    weight = ("weight", *ends[vertex])
    changed = [() if i == vertex else end for i, end in enumerate(ends)]
    out = [_times([m for _, b, m in mine if b == other]) for other in around]
    if len(around) == 1:
        changed[around[0]] = tuple(sorted((*ends[around[0]], ("sum", _transposed(out[0]), weight))))
        yield tuple(changed), others
    if len(around) == 2:
        made = (around[0], around[1], ("product", _transposed(out[0]), weight, out[1]))
        yield tuple(changed), tuple(sorted((*others, made)))


def _times(factors: list[Expression]) -> Expression:
    return ("times", *sorted(factors)) if len(factors) > 1 else factors[0]


def _placed(steps: list[Step]) -> tuple[NDArray[np.int64], int, int]:
    """The same steps on few matrices and vectors: a result takes the place of one that is needed no more."""
    last = {number: i for i, (_, _, *operands) in enumerate(steps) for number in operands}
    places, vector = {0: 0, 1: 0}, {0: False, 1: True}
    free: tuple[list[int], list[int]] = ([], [])
    used = [1, 1]
    placed = []
    for i, (operation, result, *operands) in enumerate(steps):
        if operation != TOTAL:
            kind = vector[result] = operation > TIMES
            used[kind] += not free[kind]
            places[result] = free[kind].pop() if free[kind] else used[kind] - 1
        target = result if operation == TOTAL else places[result]
        placed.append((operation, target, *(places.get(number, 0) for number in operands)))
        for number in set(operands) - {NOTHING}:
            if last[number] == i:
                free[vector[number]].append(places[number])
    return np.array(placed, dtype=np.int64), used[0], used[1]
