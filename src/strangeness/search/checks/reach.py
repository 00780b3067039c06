"""How large an excess a sculpting score could fake that the check would have let pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.cells import simulated
from strangeness.search.checks.reference import Array
from strangeness.search.checks.sculpting import SculptingTest
from strangeness.search.windows import scan_all
from strangeness.stats.tails import z_from_log_p

MISSED = 0.1
_STEPS, _FIRST, _LARGEST, _BUMPS = 6, 0.02, 4.0, 2
_SMALLER = (1.0, 0.7, 0.4)


@dataclass(frozen=True)
class Reach:
    """The largest faked excess, in local sigma of the search, that passes the check with 10 % chance.

    Attributes:
        sigma: its local significance, among shifts of up to four standard deviations of the score.
        shape: which of the shapes it is.
    """

    sigma: float
    shape: str

    def sentence(self) -> str:
        """What the statement prints."""
        if self.sigma < 0.05:
            return "a score that shifts with the mass cannot fake an excess in these calibration bins"
        return (
            f"sculpting ({self.shape}) that fakes an excess of up to {self.sigma:.1f} sigma (local) would "
            "have passed with a chance of 10 % or more"
        )


def reach_of(
    test: SculptingTest,
    hunt: BumpHunt,
    spectrum: Array,
    selected: float,
    level: float,
    rng: np.random.Generator,
    n_simulated: int = 200,
) -> Reach:
    """The reach of a sculpting check, from simulations with the reference alone.

    A score that is normal with a mean that depends on the mass, calibrated in the bins of the search, keeps
    more in one part of a bin than in another. Shapes of the mean: a slope over the whole range, and a bump as
    wide as a window of the search at several masses. Each is made larger until the check sees it in nine of
    ten simulations; the expected spectrum of the data with this shape is then fitted and searched.

    Args:
        test: the prepared check.
        hunt: the search, with a fitted background.
        spectrum: (bins,) reference events, selected or not.
        selected: expected number of selected data.
        level: level of the check.
        rng: NumPy generator.
        n_simulated: simulations at each size.
    """
    worst = Reach(0.0, "none")
    critical = float(np.quantile(test.test.null, 1 - level, method="higher"))
    for name, shape in shapes(test, hunt):
        size = _missed_size(test, shape, critical, n_simulated, rng)
        # a large shift saturates, so a smaller one may fake more
        sigma = max(faked(test, hunt, spectrum, selected, part * size * shape) for part in _SMALLER)
        if sigma > worst.sigma:
            worst = Reach(sigma, name)
    return worst


def shapes(test: SculptingTest, hunt: BumpHunt) -> list[tuple[str, Array]]:
    """Names and shifts (c,) of the score with the mass, of unit height."""
    centre = test.cells.centre
    span = float(np.ptp(centre)) or 1.0
    found = [("a slope", (centre - centre.min()) / span)]
    windows = test.cells.windows
    width = int(np.median(np.asarray(hunt.widths)))
    rows = np.flatnonzero(windows.sum(axis=1) == min(width, centre.size))
    if rows.size:
        picked = rows[np.unique(np.linspace(0, rows.size - 1, _BUMPS + 2).astype(int)[1:-1])]
        middle = windows[picked] @ centre / windows[picked].sum(axis=1)
        found += [(f"a bump at {m:.0f} GeV", windows[row]) for m, row in zip(middle, picked, strict=True)]
    return found


def ratios(test: SculptingTest, shift: Array) -> Array:
    """Efficiency (cuts, c) in each cell over the cut, after calibration in the bins of the law."""
    cut = ndtr(ndtri(test.cuts)[:, None] + shift)
    total = (test.cells.held + test.cells.calibrated).astype(np.float64)
    member = (test.cells.owner == np.arange(test.law.a.size)[:, None]).astype(np.float64)
    mean = (cut * total) @ member.T / np.maximum(member @ total, 1e-300)
    return cut / mean[:, test.cells.owner]


def faked(test: SculptingTest, hunt: BumpHunt, spectrum: Array, selected: float, shift: Array) -> float:
    """Local significance of the largest window of the expected selected spectrum under a shift."""
    background = hunt.background
    if not isinstance(background, DijetFunction):
        return 0.0
    edges = hunt.bin_edges()
    smooth = background.fit(spectrum, edges).expected
    middle = 0.5 * (edges[1:] + edges[:-1])
    nearest = np.argmin(np.abs(test.cells.centre[:, None] - middle), axis=0)
    counts = smooth * selected / smooth.sum() * ratios(test, shift)[0][nearest]
    expected = background.fit(counts, edges).expected
    scan = scan_all(counts[:, None], expected[:, None], tuple(hunt.widths))
    return max(float(z_from_log_p(-scan.t[0])), 0.0)


def _missed_size(
    test: SculptingTest, shape: Array, critical: float, n_simulated: int, rng: np.random.Generator
) -> float:
    """Height of a shape that passes with 10 % chance, by halving; the largest if it passes too."""

    def passes(size: float) -> bool:
        toys = simulated(
            test.cells, test.seen, test.law, test.cuts, n_simulated, rng, ratios(test, size * shape)
        )
        return float(np.mean(test.test.largest(test.statistics(toys)) < critical)) > MISSED

    if passes(_LARGEST):
        return _LARGEST
    low, high = np.log(_FIRST), np.log(_LARGEST)
    for _ in range(_STEPS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if passes(float(np.exp(middle))) else (low, middle)
    return float(np.exp(high))
