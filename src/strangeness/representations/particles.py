"""The padded particles of a batch, checked and read as flat lists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import InputError

Array = NDArray[np.float64]

CONSTITUENTS = "constituents"


@dataclass(frozen=True)
class Particles:
    """The particles of n events, one behind the other.

    Attributes:
        event: (k,) row of the event of each particle, increasing.
        starts: (n,) place of the first particle of each event.
        pt: (k,) transverse momenta in GeV, above 0.
        eta: (k,) pseudorapidities relative to the jet axis.
        phi: (k,) azimuths relative to the jet axis, in radians.
    """

    event: NDArray[np.intp]
    starts: NDArray[np.intp]
    pt: Array
    eta: Array
    phi: Array

    def __len__(self) -> int:
        return len(self.starts)

    def sums(self, values: Array) -> Array:
        """Sums (n,) over the particles of each event of ``values`` (k,)."""
        return np.add.reduceat(values, self.starts)


def constituents_of(batch: Batch) -> NDArray[Any]:
    """The padded particles (n, m, 3) of a batch: pt, eta, phi.

    Raises:
        InputError: when the batch has none, or they have another shape or type.
    """
    if not isinstance(batch.x, Mapping) or CONSTITUENTS not in batch.x:
        raise InputError(
            "the events have no constituents", "Read a file that holds the particles of each jet."
        )
    found = np.asarray(batch.x[CONSTITUENTS])
    if found.ndim != 3 or found.shape[2] != 3 or found.dtype.kind not in "iuf":
        raise InputError(
            f"'constituents' has shape {found.shape} of {found.dtype}", "Give (events, particles, 3) numbers."
        )
    return found


def read_particles(padded: NDArray[Any], first: int = 0) -> Particles:
    """The particles with pt > 0 of padded ones (n, m, 3).

    Args:
        padded: pt [GeV], eta, phi [rad]; zeros stand for no particle, in any place.
        first: number of the first event, for what is said of a bad one.

    Raises:
        InputError: naming the event, for a negative pt, NaN, infinite values, or no particle at all.
    """
    pt = padded[:, :, 0]
    if not np.all(pt >= 0):
        event, place = np.argwhere(~(pt >= 0))[0]
        raise InputError(
            f"a particle of event {first + event} has pt {pt[event, place]}", "Remove or repair it."
        )
    flat = np.flatnonzero(pt > 0)
    event = flat // max(padded.shape[1], 1)
    counts = np.bincount(event, minlength=len(padded))
    if not counts.all():
        raise InputError(
            f"event {first + int(np.argmin(counts > 0))} has no particle",
            "Leave jets without constituents out.",
        )
    values = padded.reshape(-1, 3)[flat].T.astype(np.float64)
    if not np.all(np.isfinite(values)):
        bad = event[np.argmax(~np.isfinite(values).all(axis=0))]
        raise InputError(
            f"a particle of event {first + bad} is NaN or infinite", "Remove or repair such particles."
        )
    starts = np.cumsum(counts) - counts
    return Particles(event, starts, values[0], values[1], values[2])
