"""Jet graphs: the hardest particles of a jet as nodes, and the distances between them as edges."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map, Representation
from strangeness.representations.particles import CONSTITUENTS
from strangeness.representations.point_clouds import PointCloudMap
from strangeness.representations.ragged_jets import tried_on

Graphs = dict[str, NDArray[Any]]
_BLOCK = 2**19
"""Distances that are computed at once: 4 MB, which stays in the cache."""


class JetGraphMap(Map):
    """Graphs of fixed options."""

    most: int = eqx.field(static=True)
    neighbours: int = eqx.field(static=True)
    radius: float = eqx.field(static=True)
    centred: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.most, self.neighbours, self.radius)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the graphs, the arrays of ``JetGraphs`` by name.

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        nodes = PointCloudMap(self.most, "fraction", self.centred)(batch).x
        graphs = self._empty(nodes)
        step = max(_BLOCK // self.most**2, 1)
        for start in range(0, len(nodes), step):
            rows = slice(start, start + step)
            self._fill({name: values[rows] for name, values in graphs.items()})
        return batch.with_x(graphs)

    def _empty(self, nodes: NDArray[np.float32]) -> Graphs:
        shape = *nodes.shape[:2], self.neighbours or self.most
        graphs: Graphs = {"nodes": nodes, "mask": nodes[..., 0] > 0}
        graphs |= {"distance": np.zeros(shape, np.float32), "edges": np.zeros(shape, bool)}
        return graphs | ({"index": np.zeros(shape, np.int32)} if self.neighbours else {})

    def _fill(self, graphs: Graphs) -> None:
        gap, edges = _pairs(graphs["nodes"], graphs["mask"])
        if self.neighbours:
            index = np.argsort(np.where(edges, gap, np.inf), axis=2, kind="stable")[..., : self.neighbours]
            gap, edges = (np.take_along_axis(values, index, axis=2) for values in (gap, edges))
            own = np.arange(self.most)[:, None]
            graphs["index"][:] = np.where(edges, index, own)
        elif self.radius:
            edges &= gap <= self.radius
        graphs["distance"][:] = np.where(edges, gap, 0.0)
        graphs["edges"][:] = edges


def _pairs(nodes: NDArray[Any], mask: NDArray[np.bool_]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """dR of all pairs of nodes, and which pairs are two different particles; (n, most, most)."""
    eta, phi = np.moveaxis(nodes[..., 1:].astype(np.float64), 2, 0)
    d_phi = phi[:, :, None] - phi[:, None, :]
    d_phi -= 2.0 * np.pi * np.floor(d_phi / (2.0 * np.pi) + 0.5)
    edges = mask[:, :, None] & mask[:, None, :] & ~np.eye(mask.shape[1], dtype=bool)
    return np.hypot(eta[:, :, None] - eta[:, None, :], d_phi), edges


@dataclass
class JetGraphs(Representation):
    """The hardest particles of each jet as graphs, with the distances dR on the edges (arXiv:1902.08570).

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``, and particles are ordered and dropped as by
    ``PointClouds``. The graphs are a dictionary of arrays with the event in front; d is ``most``, or
    ``neighbours`` where that is not 0:

    * ``nodes`` float32 (n, most, 3): fraction of the jet's pt, eta, phi; zeros behind the last particle;
    * ``mask`` bool (n, most): the nodes that are particles;
    * ``edges`` bool (n, most, d): the entries that are edges, never from a node to itself;
    * ``distance`` float32 (n, most, d): dR along each edge, 0 for no edge;
    * ``index`` int32 (n, most, d), with neighbours alone: the node at the other end, nearest first and of
      equally near ones the harder first; the node itself for no edge.

    A jet of one particle is a node without edges.

    Attributes:
        most: nodes of a graph.
        neighbours: edges from each node to its nearest ones; 0 for all pairs.
        radius: the largest dR of an edge between all pairs; 0 for no limit.
        centred: measure eta and phi from the pT-weighted centroid rather than from the jet axis.
    """

    most: int = 32
    neighbours: int = 0
    radius: float = 0.0
    centred: bool = True

    makes: ClassVar[str] = "graph"
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "jet-graphs",
        "particles of a jet as nodes, distances between them on the edges",
        Citation(
            "Qu:2019gqs",
            "H. Qu, L. Gouskos",
            "ParticleNet: Jet Tagging via Particle Clouds",
            2020,
            "Phys. Rev. D 101, 056019, arXiv:1902.08570",
        ),
    )

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> JetGraphMap:
        """Check the options on the first batch.

        Raises:
            InputError: for options out of range, a source without a batch, and what the map refuses.
        """
        _refuse_options(self.most, self.neighbours, self.radius)
        return tried_on(JetGraphMap(self.most, self.neighbours, float(self.radius), self.centred), source)


def _refuse_options(most: int, neighbours: int, radius: float) -> None:
    if not isinstance(most, int) or not 2 <= most <= 1024:
        raise InputError(f"graphs of {most} nodes", "Give a whole number from 2 to 1024.")
    if not isinstance(neighbours, int) or not 0 <= neighbours < most:
        raise InputError(f"{neighbours} neighbours of {most} nodes", f"Give 0 to {most - 1}.")
    if not 0.0 <= radius <= 10.0 or (radius and neighbours):
        raise InputError(
            f"edges within {radius} to {neighbours} neighbours", "Give a radius up to 10, or neighbours."
        )
