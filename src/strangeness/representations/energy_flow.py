"""Energy flow polynomials of jets as a matrix of features."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map, Representation
from strangeness.jets.energy_flow import energy_flow_polynomials
from strangeness.jets.graphs import prime_graphs
from strangeness.representations.particles import CONSTITUENTS, constituents_of
from strangeness.representations.ragged_jets import jets_in_blocks, tried_on

FLOOR = 1e-9
"""What is added before a logarithm, so that a jet of one particle has one."""
_RANGES = {"degree": (1, 5), "beta": (0.1, 4.0), "radius": (0.01, 10.0)}


class EnergyFlowMap(Map):
    """Energy flow polynomials of fixed options."""

    degree: int = eqx.field(static=True)
    beta: float = eqx.field(static=True)
    radius: float = eqx.field(static=True)
    log: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.degree, self.beta, self.radius, self.log)

    @property
    def features(self) -> tuple[str, ...]:
        """The names of the columns: 'efp_01_02_02' belongs to the graph with an edge 0-1 and two 0-2."""
        return tuple(f"efp_{graph.name}" for graph in prime_graphs(self.degree)[1:])

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the rows that it makes."""
        return (len(self.features),)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the polynomials, ``float64`` (n, features), dimensionless.

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        constituents = constituents_of(batch)
        x = np.empty((len(constituents), *self.row_shape))
        for rows, jets in jets_in_blocks(constituents):
            found = energy_flow_polynomials(jets, self.degree, beta=self.beta, radius=self.radius)
            # the single vertex is 1 for every jet
            x[rows] = found[:, 1:]
        return batch.with_x(np.log(x + FLOOR) if self.log else x)


@dataclass
class EnergyFlow(Representation):
    """The energy flow polynomials of all connected graphs of 1 to ``degree`` edges: 1, 3, 8, 20 or 53.

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``; eta and phi may be relative to the jet axis
    or absolute. With z the shares of the jet's pt, these are the sums of eq. 1.1 of arXiv:1712.07124, which
    no soft particle, collinear splitting, boost along the beam or turn about it changes.

    Attributes:
        degree: the most edges of a graph.
        beta: exponent of the distances, theta = (dR / radius)^beta.
        radius: the distance that counts as 1, such as the radius of the jet.
        log: take ln(value + 1e-9). Values fall by about a factor of ten for each edge, so logarithms suit
            detectors that measure distances; jets of nearly one particle are then moved by soft ones.
    """

    degree: int = 3
    beta: float = 1.0
    radius: float = 1.0
    log: bool = False

    makes: ClassVar[str] = "tabular"
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "energy-flow",
        "energy flow polynomials of a jet: all connected graphs of a few edges",
        Citation(
            "Komiske:2017aww",
            "P. T. Komiske, E. M. Metodiev, J. Thaler",
            "Energy flow polynomials: A complete linear basis for jet substructure",
            2018,
            "JHEP 04 (2018) 013, arXiv:1712.07124",
        ),
        safe="infrared and collinear",
    )

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> EnergyFlowMap:
        """Check the options on the first batch.

        Raises:
            InputError: for options out of range, a source without a batch, and what the map refuses.
        """
        _refuse_options(self.degree, self.beta, self.radius, self.log)
        return tried_on(EnergyFlowMap(self.degree, float(self.beta), float(self.radius), self.log), source)


def _refuse_options(degree: int, beta: float, radius: float, log: bool) -> None:
    for name, value in (("degree", degree), ("beta", beta), ("radius", radius)):
        low, high = _RANGES[name]
        allowed = int if name == "degree" else (int, float)
        if isinstance(value, bool) or not isinstance(value, allowed) or not low <= value <= high:
            whole = "a whole number" if name == "degree" else "a number"
            raise InputError(f"'{name}' is {value!r}", f"Give {whole} from {low:g} to {high:g}.")
    if not isinstance(log, bool):
        raise InputError(f"'log' is {log!r}", "Give true or false.")
