"""The cells of the mass in which the checks compare efficiencies, and simulated tables of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.search.checks.reference import Array, ReferenceEvents, dilution, effective
from strangeness.search.checks.simulated import efficiencies
from strangeness.search.windows import checked_widths
from strangeness.stats.selection import SelectionLaw


@dataclass(frozen=True)
class Cells:
    """Cells of the mass, never finer than the histogram that is searched.

    Attributes:
        centre: (c,) mean mass in GeV.
        owner: (c,) calibration bin of each.
        held, calibrated: (c,) effective events, held out and of the calibration.
        windows: (w, c) of 0 and 1: the windows of the search as sums of cells.
    """

    centre: Array
    owner: NDArray[np.intp]
    held: NDArray[np.int64]
    calibrated: NDArray[np.int64]
    windows: Array


@dataclass(frozen=True)
class Selected:
    """Selected events at each cut (cuts, c, P): held out, and of the calibration."""

    held: Array
    calibrated: Array


def cell_edges(mass: Array, law: SelectionLaw, bins: int, edges: Array | None) -> Array:
    """Inner edges of the cells: those of the histogram, or ``bins`` equally filled ones; and the law's."""
    inner = np.quantile(mass, np.linspace(0, 1, bins + 1)[1:-1]) if edges is None else edges[1:-1]
    return np.unique(np.concatenate([inner, law.edges[1:-1]]))


def tables(
    held: ReferenceEvents,
    calibrated: ReferenceEvents | None,
    law: SelectionLaw,
    inner: Array,
    cuts: Array,
    widths: tuple[int, ...],
) -> tuple[Cells, Selected]:
    """The cells that hold held-out events, and what passes the cuts in them."""
    total, selected = _counted(held, inner, cuts)
    more, chosen = np.zeros_like(total), np.zeros_like(selected)
    if calibrated is not None:
        more, chosen = _counted(calibrated, inner, cuts)
    kept = total > 0
    owner = law.bin_of(np.concatenate([[-np.inf], inner]))[kept]
    where = np.searchsorted(inner, held.context, side="right")
    mean = np.bincount(where, held.context, inner.size + 1) / np.maximum(
        np.bincount(where, minlength=inner.size + 1), 1
    )
    cells = Cells(mean[kept], owner, total[kept], more[kept], windows_of(int(kept.sum()), widths))
    return cells, Selected(
        selected[:, kept, None].astype(np.float64), chosen[:, kept, None].astype(np.float64)
    )


def simulated(
    cells: Cells,
    seen: Selected,
    law: SelectionLaw,
    cuts: Array,
    size: int,
    rng: np.random.Generator,
    ratio: Array | None = None,
) -> Selected:
    """Tables of valid searches, or of searches whose efficiency is ``ratio`` (cuts, c) times the valid one.

    Held-out events pass with the efficiency that a finite calibration leaves uncertain. Calibration events
    pass with the known share of their bin.
    """
    factor = np.ones((cuts.size, cells.owner.size)) if ratio is None else ratio
    held = efficiencies(law, cuts, rng, size)[:, cells.owner] * factor[:, :, None]
    bins = law.a.size
    member = (cells.owner[:, None] == np.arange(bins)).astype(np.float64)
    known = (seen.calibrated[:, :, 0] @ member) / np.maximum(cells.calibrated @ member, 1.0)
    fixed = np.repeat((known[:, cells.owner] * factor)[:, :, None], size, axis=2)
    return Selected(_nested(cells.held, held, rng), _nested(cells.calibrated, fixed, rng))


def windows_of(cells: int, widths: tuple[int, ...]) -> Array:
    """Sums (w, cells) over every window of each width."""
    rows = []
    for width in checked_widths([w for w in widths if w <= cells] or [1], cells):
        for first in range(cells - width + 1):
            row = np.zeros(cells)
            row[first : first + width] = 1.0
            rows.append(row)
    return np.stack(rows)


def _nested(total: NDArray[np.int64], efficiency: Array, rng: np.random.Generator) -> Array:
    """Binomial counts (cuts, c, P) of events below rising cuts, the tighter among the looser."""
    counts = np.empty(efficiency.shape)
    left = np.broadcast_to(total[:, None], efficiency.shape[1:]).astype(np.int64)
    above = np.ones(efficiency.shape[1:])
    for cut in range(efficiency.shape[0])[::-1]:
        ratio = np.divide(efficiency[cut], above, out=np.zeros_like(above), where=above > 0)
        left = rng.binomial(left, np.clip(ratio, 0.0, 1.0))
        counts[cut], above = left, efficiency[cut]
    return counts


def _counted(
    events: ReferenceEvents, inner: Array, cuts: Array
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Events (c,) and selected ones (cuts, c), in effective numbers where there are weights."""
    where, cells = np.searchsorted(inner, events.context, side="right"), inner.size + 1
    if not events.weighted:
        selected = [np.bincount(where[events.p <= cut], minlength=cells) for cut in cuts]
        return np.bincount(where, minlength=cells), np.stack(selected)
    diluted = dilution(events, cuts)
    total, selected = np.zeros(cells, np.int64), np.zeros((cuts.size, cells), np.int64)
    for cell in np.unique(where):
        weight, p = events.weights[where == cell], events.p[where == cell]
        total[cell] = round(effective(weight) / diluted)
        share = [weight[p <= cut].sum() / max(weight.sum(), 1e-300) for cut in cuts]
        selected[:, cell] = np.round(total[cell] * np.array(share))
    return total, selected
