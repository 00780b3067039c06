"""Point clouds: the hardest particles of a jet, a fixed number of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation
from strangeness.representations import pixels as grid
from strangeness.representations.particles import CONSTITUENTS, Particles, constituents_of, read_particles

MOMENTA = ("fraction", "log")
_BLOCK = 4096


class PointCloudMap(Map):
    """Point clouds of fixed options."""

    most: int = eqx.field(static=True)
    momentum: str = eqx.field(static=True)
    centred: bool = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.most, self.momentum)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the clouds that it makes."""
        return (self.most, 3)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the clouds, ``float32`` (n, most, 3).

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        constituents = constituents_of(batch)
        clouds = np.zeros((len(constituents), self.most, 3), np.float32)
        for start in range(0, len(constituents), _BLOCK):
            particles = read_particles(constituents[start : start + _BLOCK], start)
            self._fill(clouds[start : start + _BLOCK], particles)
        return batch.with_x(clouds)

    def _fill(self, clouds: NDArray[np.float32], particles: Particles) -> None:
        total = particles.sums(particles.pt)[particles.event]
        if self.centred:
            particles = grid.centred(particles)
        first = np.log1p(particles.pt) if self.momentum == "log" else particles.pt / total
        order = np.lexsort((particles.phi, particles.eta, -particles.pt, particles.event))
        place = np.arange(order.size) - particles.starts[particles.event]
        kept = place < self.most
        rows, columns, order = particles.event[kept], place[kept], order[kept]
        for axis, values in enumerate((first, particles.eta, particles.phi)):
            clouds[rows, columns, axis] = values[order]


@dataclass
class PointClouds(Representation):
    """The hardest particles of each jet: (momentum, eta, phi), zeros behind the last one.

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``. Particles are ordered by falling pt, equal
    ones by rising eta and then phi, so that the order in the file does not matter; those behind the first
    ``most`` are dropped. Fractions and the centroid are those of the whole jet, taken before that cut.

    Attributes:
        most: particles of a cloud.
        momentum: 'fraction', pt over the sum of the jet's pt; or 'log', log(1 + pt / GeV).
        centred: measure eta and phi from the pT-weighted centroid rather than from the jet axis.
    """

    most: int = 64
    momentum: str = "fraction"
    centred: bool = True

    makes: ClassVar[str] = "set"

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> PointCloudMap:
        """Check the options on the first batch.

        Raises:
            InputError: for options out of range, a source without a batch, and what the map refuses.
        """
        _refuse_options(self.most, self.momentum)
        fitted = PointCloudMap(self.most, self.momentum, self.centred)
        first: Any = next(iter(source), None)
        if first is None:
            raise InputError("the source yields no batch", "Check that the selection leaves events.")
        fitted(first)
        return fitted


def _refuse_options(most: int, momentum: str) -> None:
    if not isinstance(most, int) or not 1 <= most <= 4096:
        raise InputError(f"clouds of {most} particles", "Give a whole number from 1 to 4096.")
    if momentum not in MOMENTA:
        raise InputError(f"no momentum is called '{momentum}'", nearest(momentum, MOMENTA))
