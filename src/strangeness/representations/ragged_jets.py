"""From the padded particles of a batch to jets of unequal length, and the first look at a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Source
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map
from strangeness.jets.ragged import Jets
from strangeness.representations.particles import read_particles

AnyMap = TypeVar("AnyMap", bound=Map)
_BLOCK = 4096


def jets_in_blocks(constituents: NDArray[Any]) -> Iterator[tuple[slice, Jets]]:
    """The rows and the jets of padded particles (n, m, 3), a few thousand at a time.

    Raises:
        InputError: naming the event, for one without particles, a negative pt, NaN and infinite values.
    """
    for start in range(0, len(constituents), _BLOCK):
        rows = slice(start, min(start + _BLOCK, len(constituents)))
        found = read_particles(constituents[rows], start)
        offsets = np.append(found.starts, len(found.pt)).astype(np.int64)
        pt, eta, phi = (np.ascontiguousarray(values) for values in (found.pt, found.eta, found.phi))
        yield rows, Jets(pt, eta, phi, offsets)


def tried_on(fitted: AnyMap, source: Source) -> AnyMap:
    """The map, after it took the source's first batch.

    Raises:
        InputError: for a source without a batch, and what the map refuses.
    """
    first: Any = next(iter(source), None)
    if first is None:
        raise InputError("the source yields no batch", "Check that the selection leaves events.")
    fitted(first)
    return fitted
