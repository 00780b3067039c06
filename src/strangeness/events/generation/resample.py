"""Stratified resampling: classes brought to one common flat pT and |eta| spectrum, no row used twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Grid:
    """Cells of equal width in pT (GeV) and |eta|."""

    pt_low: float = 550.0
    pt_high: float = 650.0
    eta_max: float = 2.0
    pt_bins: int = 10
    eta_bins: int = 4

    @property
    def size(self) -> int:
        return self.pt_bins * self.eta_bins

    def cells(self, pt: NDArray[np.floating], eta: NDArray[np.floating]) -> Ints:
        """The cell of each jet, 0 to size - 1, and -1 outside."""
        column = np.floor((pt - self.pt_low) / (self.pt_high - self.pt_low) * self.pt_bins).astype(np.int64)
        row = np.floor(np.abs(eta) / self.eta_max * self.eta_bins).astype(np.int64)
        inside = (column >= 0) & (column < self.pt_bins) & (row < self.eta_bins)
        return np.where(inside, row * self.pt_bins + column, -1)

    def per_cell(self, number: int) -> int:
        """Rows needed in each cell for at least ``number`` in all."""
        return -(-number // self.size)


def fullness(cells: Ints, grid: Grid, number: int) -> float:
    """How far the emptiest cell is filled, 0 to 1: at 1 ``number`` flat rows can be drawn."""
    counts = np.bincount(cells[cells >= 0], minlength=grid.size)
    return min(1.0, float(counts.min()) / grid.per_cell(number))


def stratified(
    cells: Ints, second: NDArray[np.bool_], grid: Grid, number: int, rng: np.random.Generator
) -> Ints:
    """Indices of ``grid.per_cell(number)`` rows in every cell, in random order, drawn without replacement.

    Rows where ``second`` is true (another jet of an event that already has one) are used only where the
    others of the cell do not suffice, so that rows are nearly always from different events.

    Raises:
        InputError: when a cell holds too few rows.
    """
    if fullness(cells, grid, number) < 1.0:
        short = int(np.bincount(cells[cells >= 0], minlength=grid.size).min())
        raise InputError(
            f"a cell of the (pT, |eta|) grid holds {short} jets, {grid.per_cell(number)} are needed",
            "Generate more events or ask for fewer jets.",
        )
    order = np.lexsort((rng.random(len(cells)), second, cells))
    order = order[cells[order] >= 0]
    sorted_cells = cells[order]
    start = np.searchsorted(sorted_cells, np.arange(grid.size))
    rank = np.arange(len(order)) - start[sorted_cells]
    return rng.permutation(order[rank < grid.per_cell(number)])


def later_in_event(event: Ints, rng: np.random.Generator) -> NDArray[np.bool_]:
    """True for all rows of an event but one, chosen at random; ``event`` (n,) tells the event of a row."""
    order = np.lexsort((rng.random(len(event)), event))
    later = np.zeros(len(event), dtype=bool)
    later[order[1:]] = event[order[1:]] == event[order[:-1]]
    return later
