"""What the calibration adds to the check of sculpting, the size of the weighted check, and its reach."""

import numpy as np
import pytest
from scipy import stats

from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.background_form import spectrum
from strangeness.search.checks.reach import faked, ratios, reach_of
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.search.checks.sculpting import SculptingTest
from strangeness.search.checks.uniformity import uniform_p_values
from strangeness.stats.selection import SelectionLaw, order_statistic_law
from tests.search.spectra import EDGES, falling

ALPHA, WIDE = 0.05, np.array([2700.0, 3700, 7000])
HUNT = BumpHunt(edges=tuple(EDGES), alpha=ALPHA, n_pseudo=60, background=DijetFunction(3))


def masses(n: int, rng: np.random.Generator) -> np.ndarray:
    bins = rng.choice(EDGES.size - 1, n, p=falling(1.0))
    return EDGES[bins] + rng.random(n) * np.diff(EDGES)[bins]


def search(
    rng: np.random.Generator, height: float = 0.0, rise: float = 0.0
) -> tuple[SelectionLaw, ReferenceEvents, ReferenceEvents]:
    """Law, calibration and held-out events of a normal score with a bump inside the first wide bin."""
    parts = []
    for n in (3000, 1000):
        mass = masses(n, rng)
        score = rng.standard_normal(n) + height * np.exp(-0.5 * ((mass - 3200) / 100) ** 2)
        parts.append((mass, score, np.exp(rise * score)))
    (cal_mass, cal, weight), _ = parts
    p, sizes = [np.empty(part[0].size) for part in parts], []
    for i in range(2):
        own = np.searchsorted(WIDE[1:-1], cal_mass) == i
        order = np.argsort(cal[own])
        below = np.r_[0, np.cumsum(weight[own][order])] / weight[own].sum()
        sizes.append(int(weight[own].sum() ** 2 / (weight[own] ** 2).sum()))
        for (mass, score, _), out in zip(parts, p, strict=True):
            rows = np.searchsorted(WIDE[1:-1], mass) == i
            out[rows] = np.clip(1 - below[np.searchsorted(cal[own][order], score[rows])], 0, 1)
    a, b = np.array([order_statistic_law(n, ALPHA, True) for n in sizes]).T
    law = SelectionLaw(WIDE, a, b, ALPHA, np.array(sizes))
    calibrated, held = (reference_events(q, part[0], part[2]) for q, part in zip(p, parts, strict=True))
    return law, calibrated, held


def test_calibration_events_show_what_few_held_out_events_do_not() -> None:
    alone, together = [], []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        law, calibrated, held = search(rng, 0.6)
        alone.append(SculptingTest.prepare(held, law, 12, 400, rng, hunt=HUNT).check().p)
        both = SculptingTest.prepare(held, law, 12, 400, rng, hunt=HUNT, calibrated=calibrated)
        together.append(both.check().p)
    assert np.median(together) < 0.01 and np.median(together) < np.median(alone)


def test_weighted_checks_keep_their_size() -> None:
    uniform, flat = [], []
    for seed in range(30):
        rng = np.random.default_rng(100 + seed)
        law, calibrated, held = search(rng, rise=0.1)
        uniform.append(uniform_p_values(held, law, 150, rng).p)
        prepared = SculptingTest.prepare(held, law, 12, 150, rng, hunt=HUNT, calibrated=calibrated)
        flat.append(prepared.check().p)
    for p in (uniform, flat):
        assert stats.kstest(p, "uniform", alternative="greater").pvalue > 1e-3


def test_reach_falls_with_the_number_of_reference_events() -> None:
    rng = np.random.default_rng(7)
    law, calibrated, held = search(rng)
    test = SculptingTest.prepare(held, law, 12, 400, rng, hunt=HUNT, calibrated=calibrated)
    counts = spectrum(held, calibrated, HUNT, np.random.default_rng(0))
    reach = reach_of(test, HUNT, counts, 200.0, 0.0025, rng, n_simulated=100)
    more = reach_of(test, HUNT, counts, 800.0, 0.0025, rng, n_simulated=100)
    # the expected fake grows as the square root of the data, here twice; the simulations move it by a few %
    assert 0.3 < reach.sigma < 5 and more.sigma == pytest.approx(2 * reach.sigma, rel=0.25)
    assert "would have passed" in reach.sentence()


def test_a_shift_that_is_the_same_in_a_bin_fakes_nothing() -> None:
    rng = np.random.default_rng(8)
    law, _, held = search(rng)
    test = SculptingTest.prepare(held, law, 12, 100, rng, hunt=HUNT)
    shift = np.where(test.cells.owner == 0, 0.5, -0.5)
    assert ratios(test, shift) == pytest.approx(1.0)
    assert faked(test, HUNT, spectrum(held, None, HUNT, np.random.default_rng(0)), 500.0, shift) < 0.1
