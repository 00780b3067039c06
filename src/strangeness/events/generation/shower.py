"""How a shower spreads its energy over the cells of a calorimeter."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.events.generation.detector import Floats, Ints

_STEPS = 512
_BORDER = 2
"""Cells around a window that hold what showers outside of it leave there, and what their tails add inside."""


@dataclass(frozen=True)
class Profile:
    """The transverse shape of a shower: a narrow and a wide Gaussian, both round, widths in cells.

    ``core`` is the share of the energy in the narrow one. Energy is spread over the cell that is hit and its
    eight neighbours, which also take what lies beyond them: none is lost.
    """

    core: float
    narrow: float
    wide: float


class Window(NamedTuple):
    """Square windows of ``cells`` x ``cells`` around jets: number and side of their cells."""

    cells: int
    size: float


@lru_cache(maxsize=16)
def _shares(profile: Profile) -> NDArray[np.float64]:
    """(2, steps, 3): shares of a narrow and a wide Gaussian in the cell before, the cell hit, and the next.

    The second axis is the place of the impact in its cell. Each row of three sums to 1.
    """
    at = (np.arange(_STEPS) + 0.5) / _STEPS
    out = np.empty((2, _STEPS, 3))
    for which, sigma in enumerate((profile.narrow, profile.wide)):
        scale = 1.0 / (sigma * math.sqrt(2.0))
        out[which, :, 0] = [0.5 * math.erfc(u * scale) for u in at]
        out[which, :, 2] = [0.5 * math.erfc((1.0 - u) * scale) for u in at]
    out[:, :, 1] = 1.0 - out[:, :, 0] - out[:, :, 2]
    return out


def spread(profile: Profile, x: Floats, y: Floats) -> Floats:
    """Shares (n, 3, 3) in the cell hit, in the middle, and its neighbours; ``x``, ``y`` (n,) in cells."""
    table = _shares(profile)
    # just below an edge the difference rounds to 1
    steps = (np.minimum((v - np.floor(v)) * _STEPS, _STEPS - 1).astype(np.int64) for v in (x, y))
    across, along = (table.take(step, axis=1) for step in steps)
    narrow = profile.core * across[0]
    wide = (1.0 - profile.core) * across[1]
    return narrow[:, :, None] * along[0][:, None, :] + wide[:, :, None] * along[1][:, None, :]


def cells(
    profile: Profile, window: Window, jet: Ints, x: Floats, y: Floats, energy: Floats, jets: int
) -> Floats:
    """Energy (n, cells, cells) in the windows of jets; rows rise with x, columns with y.

    Args:
        profile: shape of the showers.
        window: the windows.
        jet: (k,) the window of each deposit, 0 to jets - 1.
        x: (k,) place of the deposit in cells from the lower edge of its window; it may lie outside.
        y: (k,) the same in the other direction.
        energy: (k,) in GeV.
        jets: number of windows.
    """
    side = window.cells + 2 * _BORDER
    near = (x >= -1.0) & (x < window.cells + 1.0) & (y >= -1.0) & (y < window.cells + 1.0)
    jet, x, y, energy = jet[near], x[near], y[near], energy[near]
    row, column = (np.floor(v).astype(np.int64) + _BORDER for v in (x, y))
    place = (jet * side + row) * side + column
    around = (np.arange(-1, 2)[:, None] * side + np.arange(-1, 2)).ravel()
    shares = spread(profile, x, y).reshape(-1, 9) * energy[:, None]
    sums = np.bincount((place[:, None] + around).ravel(), shares.ravel(), jets * side * side)
    inside = slice(_BORDER, _BORDER + window.cells)
    return sums.reshape(jets, side, side)[:, inside, inside].astype(np.float64, copy=False)
