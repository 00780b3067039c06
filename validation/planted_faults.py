"""Searches that are valid, and searches with one planted fault, for the measurement of the validity gate.

The sizes of the faults were fixed before the gate was tried on them. A fault of size 3 (``FAKED``) fakes an
excess of three local sigma in the expected data of its search, found from the fault and the search alone; the
fault of the calibration's size doubles the type-I error of a count at 5 % instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.spatial import KDTree
from scipy.special import ndtr, ndtri

from strangeness.calibration import Mondrian, SplitConformal
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.search import BumpHunt, Check, DijetFunction, Gate, SearchResult
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.search.windows import scan_all
from strangeness.stats.selection import SelectionLaw
from strangeness.stats.tails import z_from_log_p

Array = NDArray[np.float64]
FAKED = 3.0
"""Size of the planted faults, in local sigma of the search."""
RISE = 1.25 / 3
"""Of the fault of the calibration's size: weights are exp(RISE x size x score)."""
LOW, HIGH = 2700.0, 5500.0
ROUGH = Gate(n_simulated=1000, n_toys=20, n_pseudo=50, reach=False)
"""The gate with fewer simulations and toys, so that a search costs about a second."""


@dataclass(frozen=True)
class Sizes:
    """Events under test, of the calibration and held out; the cut, and the relative width of the bins."""

    data: int
    calibration: int
    held: int
    alpha: float
    width: float = 0.025

    @property
    def selected(self) -> float:
        """Expected number of selected data."""
        return self.data * self.alpha

    def hunt(self, n_pseudo: int = 200) -> BumpHunt:
        """The search, whose function describes the mass law exactly."""
        return BumpHunt(
            lo=LOW,
            hi=HIGH,
            relative_width=self.width,
            alpha=self.alpha,
            background=DijetFunction(3),
            n_pseudo=n_pseudo,
        )


REAL = Sizes(20_000, 48_000, 16_000, 0.01)
"""Data and four times as many reference events, shared out as the chain does."""
LOOSE = Sizes(20_000, 48_000, 16_000, 0.05)
"""The same with 1,000 selected data: with fewer, no slope in these bins fakes three sigma."""
SMALL = Sizes(5_405, 3_243, 1_081, 0.05, 0.05)
"""A reference as large as the data, of which 1,081 are held out."""
HEAVY = Sizes(1_000, 3_000, 1_000, 0.05, 0.05)
"""One calibration bin; with weights exp(1.25 score) the type-I error of a count at 5 % is 10 to 13 %."""
FINE = Sizes(6_000, 18_000, 6_000, 0.05, 0.05)
REDUCED = Sizes(5_000, 12_000, 4_000, 0.05, 0.05)
LARGE = Sizes(300_000, 300_000, 240_000, 0.1)
"""30,000 selected data."""


@dataclass(frozen=True)
class Toy:
    """A search ready for the gate: its law, its reference events, its data and their p-values."""

    sizes: Sizes
    law: SelectionLaw
    held: ReferenceEvents
    calibrated: ReferenceEvents
    tested: tuple[Array, Array]

    def checks(self, rng: np.random.Generator, gate: Gate = ROUGH) -> tuple[Check, ...]:
        """What the gate says."""
        return gate.run(
            self.held.p,
            self.held.context,
            selection_law=self.law,
            hunt=self.sizes.hunt(),
            scale=self.sizes.data / self.sizes.held,
            rng=rng,
            weight=self.held.weight,
            calibration=self.calibrated,
        )

    def search(self, rng: np.random.Generator) -> SearchResult:
        """The search of the data."""
        p, mass = self.tested
        return self.sizes.hunt().run(mass[p <= self.sizes.alpha], selection_law=self.law, rng=rng)


def spectrum(mass: Array, missing: float = 0.0) -> Array:
    """The law of the mass up to a constant: a dijet function, less a turn-on unknown to the search."""
    x = mass / 13_000
    return (1 - x) ** 10 * x**-6 * (1 - missing * np.exp(-(mass - LOW) / 150))


def drawn(n: int, rng: np.random.Generator, missing: float = 0.0) -> Array:
    """Masses (n,) in GeV."""
    grid = np.geomspace(LOW, HIGH, 4097)
    density = spectrum(grid, missing)
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(grid)
    below = np.concatenate([[0.0], np.cumsum(steps)])
    return np.interp(rng.random(n), below / below[-1], grid)


def thirds() -> tuple[float, ...]:
    """Edges of three calibration bins of the same relative width, about nine bins of the search in each."""
    return tuple(np.geomspace(LOW, HIGH, 4).tolist())


Shift = Callable[[Array], Array]
Weigh = Callable[[Array, np.random.Generator], Array]


def flat(mass: Array) -> Array:
    """A score that does not know the mass."""
    return np.zeros(mass.size)


def toy(
    sizes: Sizes,
    rng: np.random.Generator,
    calibrator: Mondrian | SplitConformal,
    *,
    shift: Shift = flat,
    weigh: Weigh | None = None,
    used: Weigh | None = None,
    target: float = 0.0,
    missing: float = 0.0,
) -> Toy:
    """A search with a normal score.

    Args:
        sizes: its sizes.
        rng: NumPy generator.
        calibrator: how it calibrates.
        shift: mean of the score at each mass.
        weigh: right weights of reference events from their scores; None for ones.
        used: the weights that the calibration uses in their place.
        target: mean of the score of the data, which right weights give the reference too.
        missing: turn-on of the mass law that the search does not know.
    """
    mass = [drawn(n, rng, missing) for n in (sizes.calibration, sizes.held, sizes.data)]
    score = [rng.standard_normal(m.size) + shift(m) for m in mass]
    score[2] += target
    right = [np.ones(m.size) if weigh is None else weigh(s, rng) for m, s in zip(mass, score, strict=True)]
    wrong = right[0] if used is None else used(score[0], rng)
    return calibrated_toy(sizes, calibrator, mass, score, [wrong, right[1], np.ones(mass[2].size)], rng)


def calibrated_toy(
    sizes: Sizes,
    calibrator: Mondrian | SplitConformal,
    mass: list[Array],
    score: list[Array],
    weight: list[Array],
    rng: np.random.Generator,
) -> Toy:
    """A search from masses, scores and weights of calibration, held-out events and data."""
    name = f"{rng.integers(1 << 60)}"
    batches: list[Batch] = [
        make_batch(s[:, None], context=m, weight=w, name=f"{name} {i}")
        for i, (m, s, w) in enumerate(zip(mass, score, weight, strict=True))
    ]
    null = calibrator.fit_null(score[0], batches[0])
    p = [null(s, batch, key=0) for s, batch in zip(score, batches, strict=True)]
    return Toy(
        sizes,
        null.selection_law(sizes.alpha),
        reference_events(p[1], mass[1], weight[1]),
        reference_events(p[0], mass[0], weight[0]),
        (p[2], mass[2]),
    )


def faked(sizes: Sizes, efficiency: Shift, missing: float = 0.0) -> float:
    """Local significance of the largest window of the expected selected data, after the fit."""
    hunt = sizes.hunt()
    edges = hunt.bin_edges()
    grid = np.linspace(LOW, HIGH, 40 * (edges.size - 1) * 4 + 1)
    middle = 0.5 * (grid[1:] + grid[:-1])
    counts = np.histogram(middle, edges, weights=spectrum(middle, missing) * efficiency(middle))[0]
    counts *= sizes.selected / counts.sum()
    expected = DijetFunction(3).fit(counts, edges).expected
    return float(z_from_log_p(-scan_all(counts[:, None], expected[:, None], tuple(hunt.widths)).t[0]))


def kept(sizes: Sizes, shift: Shift, edges: tuple[float, ...]) -> Shift:
    """Efficiency at each mass, over the mean of its calibration bin, of a normal score with this mean."""
    grid = np.linspace(LOW, HIGH, 20_001)
    owner = np.clip(np.searchsorted(edges, grid, side="right") - 1, 0, len(edges) - 2)
    passed, events = ndtr(ndtri(sizes.alpha) + shift(grid)), spectrum(grid)
    mean = np.bincount(owner, passed * events) / np.bincount(owner, events)
    return lambda mass: np.interp(mass, grid, passed / mean[owner])


def slope(size: float) -> Shift:
    """A score that rises with the mass."""
    return lambda mass: size * (mass - LOW) / (HIGH - LOW)


def bump(size: float) -> Shift:
    """A score that is larger around 3.3 TeV."""
    return lambda mass: size * np.exp(-0.5 * ((mass - 3300) / 80) ** 2)


@lru_cache
def sculpted(sizes: Sizes, shape: Callable[[float], Shift], edges: tuple[float, ...], sigma: float) -> float:
    """The size of a shape that fakes ``sigma``."""
    root: Any = brentq(lambda d: faked(sizes, kept(sizes, shape(d), edges)) - sigma, 1e-3, 4.0, xtol=1e-4)
    return float(root)


@lru_cache
def turned_on(sigma: float) -> float:
    """The turn-on that fakes ``sigma`` at the large size."""
    root: Any = brentq(lambda a: faked(LARGE, lambda mass: np.ones(mass.size), a) - sigma, 1e-3, 0.9)
    return float(root)


def excess(sigma: float, sizes: Sizes = REAL) -> float:
    """The factor on the number of selected data that fakes ``sigma`` in a count of all of them."""
    return 1 + sigma / float(np.sqrt(sizes.selected))


def tilt(sigma: float) -> float:
    """The shift of a normal score that raises the efficiency by ``excess``."""
    return float(ndtri(REAL.alpha * excess(sigma)) - ndtri(REAL.alpha))


def leaked(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 1: a detector that knows its training events by heart, a share of the calibration among them.

    The score is the distance to the nearest training event in four dimensions, zero for those it has seen.
    """
    mass = [drawn(n, rng) for n in (REAL.calibration, REAL.held, REAL.data)]
    x = [rng.standard_normal((m.size, 4)) for m in mass]
    seen = rng.random(REAL.calibration) < 1 - 1 / excess(sigma)
    tree = KDTree(np.concatenate([rng.standard_normal((4000, 4)), x[0][seen]]))
    # the smallest step breaks the ties of zeros
    score = [np.asarray(tree.query(rows)[0]) + 1e-9 * rng.random(len(rows)) for rows in x]
    return calibrated_toy(REAL, Mondrian(edges=thirds()), mass, score, [np.ones(m.size) for m in mass], rng)


def sculpting_slope(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 2: a score that rises with the mass inside three wide calibration bins."""
    return toy(LOOSE, rng, Mondrian(edges=thirds()), shift=slope(sculpted(LOOSE, slope, thirds(), sigma)))


def sculpting_bump(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 2, variant: a score that is larger around one mass, calibrated over all masses together."""
    size = sculpted(REAL, bump, (LOW, HIGH), sigma)
    return toy(REAL, rng, SplitConformal(), shift=bump(size))


def sculpting_small(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 2, variant: the same inside a wide calibration bin of a small search, 1,081 events held out."""
    return toy(SMALL, rng, Mondrian(edges=thirds()), shift=bump(sculpted(SMALL, bump, thirds(), sigma)))


def weights_ignored(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 3: the calibration takes all weights for one."""
    return _weighted(rng, tilt(sigma), lambda s, r: np.ones(s.size))


def weights_permuted(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 3, variant: the weights of the calibration belong to other events."""
    return _weighted(rng, tilt(sigma), lambda s, r: r.permutation(np.exp(tilt(sigma) * s)))


def weights_squared(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 3, variant: the calibration uses the square of the weights, which fall with the score."""
    return _weighted(rng, -tilt(sigma), lambda s, r: np.exp(-2 * tilt(sigma) * s))


def too_few(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 4: weights that rise with the score, so that few heavy events decide where the cut lies."""
    rise = RISE * sigma
    return toy(HEAVY, rng, SplitConformal(), weigh=lambda s, _: np.exp(rise * s), target=rise)


def one_event(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 4, variant: log-normal weights, of which one carries as much as may pass."""
    spread = 2.0 / FAKED * sigma
    return toy(HEAVY, rng, SplitConformal(), weigh=lambda s, r: np.exp(spread * r.standard_normal(s.size)))


def bad_fit(rng: np.random.Generator, sigma: float = FAKED) -> Toy:
    """Fault 5: a spectrum with a turn-on that the three-parameter function does not have."""
    return toy(LARGE, rng, SplitConformal(), missing=turned_on(sigma))


def valid_fine(rng: np.random.Generator) -> Toy:
    """Valid: a score that rises with the mass, calibrated in the bins of the search."""
    edges = FINE.hunt().bin_edges()
    edges = np.r_[edges[:-4], edges[-1]]
    # above the last inner edge, where bins are joined, the score no longer depends on the mass
    return toy(
        FINE, rng, Mondrian(edges=tuple(edges.tolist())), shift=lambda m: slope(2.0)(np.minimum(m, edges[-2]))
    )


def valid_small(rng: np.random.Generator) -> Toy:
    """Valid: wide calibration bins and few events, with a score that does not know the mass."""
    return toy(SMALL, rng, Mondrian(edges=thirds()))


def valid_split(rng: np.random.Generator) -> Toy:
    """Valid: one calibration for all masses, with a score that does not know the mass."""
    return toy(REDUCED, rng, SplitConformal())


def valid_weighted(rng: np.random.Generator) -> Toy:
    """Valid: a weighted reference, the weights rising with the score."""
    return toy(REDUCED, rng, Mondrian(edges=thirds()), weigh=lambda s, _: np.exp(0.15 * s), target=0.15)


def _weighted(rng: np.random.Generator, rise: float, used: Weigh) -> Toy:
    calibrator = Mondrian(edges=thirds())
    return toy(REAL, rng, calibrator, weigh=lambda s, _: np.exp(rise * s), used=used, target=rise)


VALID: tuple[Callable[..., Toy], ...] = (valid_fine, valid_small, valid_split, valid_weighted)
FAULTS: dict[str, Callable[..., Toy]] = {
    "leaked split": leaked,
    "sculpting score": sculpting_slope,
    "wrong weights": weights_ignored,
    "calibration too small": too_few,
    "bad fit": bad_fit,
}
VARIANTS: dict[str, Callable[..., Toy]] = {
    "sculpting score, one mass": sculpting_bump,
    "sculpting score, small search": sculpting_small,
    "weights permuted": weights_permuted,
    "weights squared": weights_squared,
    "one event carries the cut": one_event,
}


def blocked_by(make: Callable[..., Toy], seed: int, sigma: float = FAKED) -> list[str]:
    """The checks that fail; a calibration that its law refuses counts as stopped."""
    rng = np.random.default_rng(seed)
    try:
        return [check.name for check in make(rng, sigma).checks(rng) if not check.passed]
    except InputError as error:
        return [f"refused: {error.what}"[:80]]
