"""Does the cut keep the same share of background at every mass, between and inside the calibration bins?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.checks.cells import Cells, Selected, cell_edges, simulated, tables
from strangeness.search.checks.reference import Array, ReferenceEvents, reference_events
from strangeness.search.checks.simulated import JointTest, cuts_of, expected_shares
from strangeness.stats.selection import SelectionLaw

_WIDTHS = (1, 2, 3)


def sculpting(
    p: Array, mass: Array, law: SelectionLaw, bins: int, n_simulated: int, rng: np.random.Generator
) -> Check:
    """The check for held-out events without weights, in ``bins`` equally filled cells."""
    return SculptingTest.prepare(reference_events(p, mass), law, bins, n_simulated, rng).check()


@dataclass(frozen=True)
class SculptingTest:
    """The check with its null law, kept so that its reach can be asked.

    At the cut of the search and at looser ones, two tables are compared with flatness: held-out events
    against the law of the finite calibration, and held-out and calibration events together inside each
    calibration bin, where nothing but chance may tell masses apart. Of each table: chi-square over cells, the
    largest window of the search's own widths, a slope and a curvature. All are judged jointly by simulation.

    Attributes:
        cells, seen: the tables.
        law, cuts: efficiencies and cuts of the search.
        spread: standard deviations of the statistics' parts under the null.
        test: the joint test.
    """

    cells: Cells
    seen: Selected
    law: SelectionLaw
    cuts: Array
    spread: tuple[Array, Array]
    test: JointTest

    @classmethod
    def prepare(
        cls,
        held: ReferenceEvents,
        law: SelectionLaw,
        bins: int,
        n_simulated: int,
        rng: np.random.Generator,
        *,
        calibrated: ReferenceEvents | None = None,
        hunt: BumpHunt | None = None,
    ) -> SculptingTest:
        """Fill the tables and simulate their null law."""
        edges = None if hunt is None else hunt.bin_edges()
        cuts = cuts_of(law.alpha)
        inner = cell_edges(held.context, law, bins, edges)
        widths = _WIDTHS if hunt is None else tuple(hunt.widths)
        cells, seen = tables(held, calibrated, law, inner, cuts, widths)
        toys = simulated(cells, seen, law, cuts, n_simulated, rng)
        parts = _parts(cells, toys, law, cuts)
        spread = (parts[0].std(axis=2), parts[1].std(axis=2))
        return cls(cells, seen, law, cuts, spread, JointTest(_statistics(parts, spread, cells)))

    def statistics(self, selected: Selected) -> Array:
        """All statistics (s, P) of tables."""
        return _statistics(_parts(self.cells, selected, self.law, self.cuts), self.spread, self.cells)

    def check(self) -> Check:
        """The outcome for the events themselves."""
        chance, statistic, part = self.test.p(self.statistics(self.seen)[:, 0])
        where = "inside the calibration bins" if part >= 4 * self.cuts.size else "over the whole range"
        cut = self.cuts[(part % (4 * self.cuts.size)) % self.cuts.size]
        text = (
            f"the selection efficiency is flat in {self.cells.owner.size} cells of the mass with "
            f"p = {chance:.2g} (farthest from flat {where}, at p <= {cut:.2g})"
        )
        return Check("mass sculpting", chance, statistic, True, text)

    def with_reach(self, check: Check, reach: str) -> Check:
        """The check with what it would have missed."""
        return replace(check, text=f"{check.text}; {reach}", reach=reach) if reach else check


def _parts(cells: Cells, selected: Selected, law: SelectionLaw, cuts: Array) -> tuple[Array, Array]:
    """Linear parts (cuts, c + w + 2, P) of both tables: residuals of cells, of windows, slope, curvature."""
    expected = (expected_shares(law, cuts)[:, cells.owner] * cells.held)[:, :, None]
    held = selected.held - expected
    total = cells.held + cells.calibrated
    member = (cells.owner == np.arange(law.a.size)[:, None]).astype(np.float64)
    together = selected.held + selected.calibrated
    share = total / np.maximum(member @ total, 1.0)[cells.owner]
    inside = together - (member @ together)[:, cells.owner] * share[:, None]
    whole = np.zeros(cells.owner.size, np.intp)
    return (
        np.concatenate([held, _rows(cells, cells.held, whole) @ held], axis=1),
        np.concatenate([inside, _rows(cells, total, cells.owner) @ inside], axis=1),
    )


def _rows(cells: Cells, weight: NDArray[np.int64], owner: NDArray[np.intp]) -> Array:
    """Windows, slope and curvature (w + 2, c) in the mass, centred in each bin of ``owner``."""
    slope = _centred(cells.centre, weight, owner)
    square = slope**2
    curve = _centred(square, weight, owner)
    norm = float(np.sum(weight * slope**2))
    if norm > 0:
        curve = curve - slope * float(np.sum(weight * slope * curve)) / norm
    return np.concatenate([cells.windows, slope[None], curve[None]])


def _centred(value: Array, weight: NDArray[np.int64], owner: NDArray[np.intp]) -> Array:
    total = np.maximum(np.bincount(owner, weight), 1e-300)
    return value - (np.bincount(owner, weight * value) / total)[owner]


def _statistics(parts: tuple[Array, Array], spread: tuple[Array, Array], cells: Cells) -> Array:
    """Chi-square, largest window, slope and curvature of each table and cut (8 cuts, P)."""
    rows, n = [], cells.owner.size
    for part, sigma in zip(parts, spread, strict=True):
        # a part that no simulation moves, such as a cell that is a whole bin, says nothing
        safe = np.where(sigma > 1e-9, sigma, np.inf)[:, :, None]
        z2 = (part / safe) ** 2
        rows += [z2[:, :n].sum(axis=1), z2[:, n:-2].max(axis=1), z2[:, -2], z2[:, -1]]
    return np.concatenate(rows)
