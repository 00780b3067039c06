"""What the calibration adds to the check of sculpting, the size of the weighted check, and its reach."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.background_form import spectrum
from strangeness.search.checks.cells import Selected, simulated
from strangeness.search.checks.reach import faked, ratios, reach_of
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.search.checks.sculpting import SculptingTest
from strangeness.search.checks.simulated import JointTest
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


def by_hand(test: SculptingTest, selected: Selected) -> list[list[np.ndarray]]:
    """Residuals, windows, slope and curvature of both tables, [table][cut] (parts, P), by least squares."""
    cells, law = test.cells, test.law
    n, found = cells.owner.size, []
    for table in (0, 1):
        found.append([])
        for k, cut in enumerate(test.cuts):
            both = selected.held[k] + selected.calibrated[k] if table else selected.held[k]
            weight = cells.held + cells.calibrated if table else cells.held
            rest = np.empty_like(both)
            for i in range(n):
                mates = [j for j in range(n) if cells.owner[j] == cells.owner[i]]
                if table:
                    part = sum(both[j] for j in mates) / sum(float(weight[j]) for j in mates)
                    rest[i] = both[i] - weight[i] * part
                else:
                    rest[i] = both[i] - weight[i] * cut
            groups = np.eye(law.a.size)[cells.owner] if table else np.ones((n, 1))
            root = np.sqrt(weight)[:, None]

            def less(value: np.ndarray, columns: np.ndarray, root: np.ndarray = root) -> np.ndarray:
                fit = np.linalg.lstsq(root * columns, root[:, 0] * value, rcond=None)[0]
                return value - columns @ fit

            slope = less(cells.centre, groups)
            curve = less(slope**2, np.column_stack([groups, slope]))
            rows = [rest[a : a + w].sum(axis=0) for w in (1, 2, 3) for a in range(n - w + 1)]
            found[-1].append(np.concatenate([rest, rows, [slope @ rest, curve @ rest]]))
    return found


def test_the_statistics_are_those_of_the_description() -> None:
    rng = np.random.default_rng(5)
    law, calibrated, held = search(rng, 0.3)
    test = SculptingTest.prepare(held, law, 6, 60, np.random.default_rng(9), calibrated=calibrated)
    toys = simulated(test.cells, test.seen, law, test.cuts, 60, np.random.default_rng(9))
    parts, seen = by_hand(test, toys), by_hand(test, test.seen)
    n, expected, null = test.cells.owner.size, [], []
    assert set(test.cells.owner) == {0, 1} and n == 7
    for table in (0, 1):
        for kind in range(4):
            for k in range(test.cuts.size):
                sigma = parts[table][k].std(axis=1)
                rows = []
                for values in (seen[table][k], parts[table][k]):
                    z2 = (values / np.where(sigma > 1e-9, sigma, np.inf)[:, None]) ** 2
                    rows.append((z2[:n].sum(axis=0), z2[n:-2].max(axis=0), z2[-2], z2[-1])[kind])
                expected.append(float(rows[0][0]))
                null.append(rows[1])
    assert test.statistics(test.seen)[:, 0] == pytest.approx(np.array(expected), rel=1e-6)
    joint = JointTest(np.array(null))
    p, statistic, part = joint.p(np.array(expected))
    check = test.check()
    assert check.p == pytest.approx(p) and check.statistic == pytest.approx(statistic) and check.passed
    assert f"in {n} cells" in check.text
    where = "inside the calibration bins" if part >= 4 * test.cuts.size else "over the whole range"
    assert where in check.text and f"at p <= {test.cuts[part % test.cuts.size]:.2g})" in check.text
    assert test.with_reach(check, "") is check
    more = test.with_reach(check, "far")
    assert more.text == check.text + "; far" and more.reach == "far"


@pytest.mark.parametrize(
    ("part", "where", "cut"),
    [
        (0, "whole", 0),
        (5, "whole", 2),
        (7, "whole", 1),
        (11, "whole", 2),
        (12, "inside", 0),
        (22, "inside", 1),
    ],
)
def test_the_text_names_the_strongest_part(part: int, where: str, cut: int) -> None:
    law, _, held = search(np.random.default_rng(6))
    law = SelectionLaw(law.edges, law.a, law.b, 0.02, law.n_calibration)
    test = SculptingTest.prepare(held, law, 6, 20, np.random.default_rng(0))
    assert test.cuts.size == 3

    class Told:
        def p(self, seen: np.ndarray) -> tuple[float, float, int]:
            return 0.5, 1.0, part

    told = replace(test, test=Told())  # type: ignore[arg-type]
    assert where in told.check().text and f"p <= {test.cuts[cut]:.2g})" in told.check().text


def test_one_cell_has_no_slope() -> None:
    law, _, held = search(np.random.default_rng(6))
    whole = SelectionLaw(WIDE[[0, 2]], law.a[:1], law.b[:1], ALPHA, np.array([3000]))
    test = SculptingTest.prepare(held, whole, 1, 30, np.random.default_rng(0))
    seen = test.statistics(test.seen)[:, 0].reshape(2, 4, -1)
    # one residual is its own chi-square and largest window; inside the bin nothing is left
    assert seen[0, 0] == pytest.approx(seen[0, 1]) and not seen[1].any() and not seen[0, 2:].any()


def test_windows_are_those_of_the_search() -> None:
    law, _, held = search(np.random.default_rng(6))
    alone = SculptingTest.prepare(held, law, 12, 20, np.random.default_rng(0))
    assert sorted(set(alone.cells.windows.sum(axis=1))) == [1, 2, 3]
    hunt = BumpHunt(edges=tuple(EDGES), alpha=ALPHA, background=DijetFunction(3), widths=(2, 5))
    hunted = SculptingTest.prepare(held, law, 12, 20, np.random.default_rng(0), hunt=hunt)
    assert sorted(set(hunted.cells.windows.sum(axis=1))) == [2, 5]
