"""Constituents of a jet as a chain of sites in one row, in three orders."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.estimators import Map, Representation
from strangeness.core.identity import uniform
from strangeness.events.events import Events
from strangeness.events.reading import read
from strangeness.events.shipped import verify
from strangeness.methods.jet_tagging import classes_of
from strangeness.representations.point_clouds import PointCloudMap
from strangeness.tensor_networks.compressibility import nearest_chain

SITES, CHANNELS = 32, 3
ORDERS = ("falling pT", "nearest", "shuffled")


@cache
def jets() -> Mapping[str, Events]:
    """The shipped jets by class."""
    return classes_of(read(verify("jets")))


def ordered(clouds: NDArray[Any], id: NDArray[np.uint32], order: str) -> NDArray[Any]:
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


class ChainMap(Map):
    """Rows (n, 96): pT share, eta and phi of one constituent behind those of the other."""

    order: str = eqx.field(static=True)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return ("constituents",)

    def __call__(self, batch: Batch) -> Batch:
        made = PointCloudMap(SITES, "fraction", True)(batch)
        return made.with_x(ordered(made.x, batch.id, self.order).reshape(len(batch), -1))


@dataclass
class Chain(Representation):
    """The 32 hardest constituents of each jet as a chain."""

    order: str = "falling pT"

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return ("constituents",)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> ChainMap:
        return ChainMap(self.order)
