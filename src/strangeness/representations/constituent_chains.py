"""Constituent chains: the hardest particles of a jet one behind the other, in one row of numbers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation
from strangeness.core.identity import uniform
from strangeness.representations.particles import CONSTITUENTS
from strangeness.representations.point_clouds import PointCloudMap, PointClouds
from strangeness.tensor_networks.compressibility import nearest_chain

ORDERS = ("falling pT", "nearest", "shuffled")
POSITIONS = ("plane", "distance")


class ConstituentChainMap(Map):
    """Constituent chains of fixed options."""

    cloud: PointCloudMap
    order: str = eqx.field(static=True)
    position: str = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.order, self.position)

    @property
    def channels(self) -> int:
        """Numbers of each particle."""
        return 3 if self.position == "plane" else 2

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the rows that it makes."""
        return (self.cloud.most * self.channels,)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the rows, ``float32`` (n, most * channels).

        Raises:
            InputError: as ``PointCloudMap``.
        """
        made = self.cloud(batch)
        chains = ordered(np.asarray(made.x), batch.id, self.order)
        if self.position == "distance":
            chains = np.stack([chains[..., 0], np.hypot(chains[..., 1], chains[..., 2])], axis=2)
        return made.with_x(chains.reshape(len(batch), -1))


@dataclass
class ConstituentChains(Representation):
    """The hardest particles of each jet as a chain of sites, for detectors that know which site is which.

    A row holds the numbers of the first particle, then those of the second; zeros behind the last one. They
    are its share of the jet's pT and where it lies from the pT-weighted centroid, as in ``PointClouds``.

    Attributes:
        most: particles of a chain.
        order: "falling pT"; "nearest", from the hardest always to the nearest one that is left; "shuffled",
            drawn for each jet from its identity, a control.
        position: "plane", (eta, phi); "distance", how far it lies.
    """

    most: int = 32
    order: str = "falling pT"
    position: str = "plane"

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> ConstituentChainMap:
        """Check the options on the first batch.

        Raises:
            InputError: as ``PointClouds``, and for an order or position that is not known.
        """
        _refuse_options(self.order, self.position)
        cloud = PointClouds(self.most).fit_map(source, key=key)
        return ConstituentChainMap(cloud, self.order, self.position)


def ordered(clouds: NDArray[np.float32], id: NDArray[np.uint32], order: str) -> NDArray[np.float32]:
    """Clouds (n, sites, 3) by falling pT in another order; places without a particle stay last."""
    real = clouds[..., 0] > 0
    if order == "nearest":
        chosen = nearest_chain(clouds[..., 1:], real)
    elif order == "shuffled":
        draws = np.stack([uniform(id, f"place {place}") for place in range(clouds.shape[1])], axis=1)
        chosen = np.argsort(np.where(real, draws, 2.0), axis=1, kind="stable")
    else:
        return clouds
    return np.take_along_axis(clouds, chosen[..., None], axis=1)


def _refuse_options(order: str, position: str) -> None:
    if order not in ORDERS:
        raise InputError(f"no order of particles is called '{order}'", nearest(order, ORDERS))
    if position not in POSITIONS:
        raise InputError(f"no position of particles is called '{position}'", nearest(position, POSITIONS))
