"""The hunt: what it finds, how often it cries wolf, and what it refuses."""

import json

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt, binned
from strangeness.search.result import SearchResult
from strangeness.search.template import FixedExpectation, TemplateBackground
from strangeness.search.windows import scan_all
from strangeness.stats.poisson_fit import fit
from strangeness.stats.selection import SelectionLaw
from tests.search.spectra import EDGES, falling, masses_of

HUNT = BumpHunt(edges=tuple(EDGES), n_pseudo=400, alpha=None)
BINS = EDGES.size - 1


def type_one(p: list[float], level: float = 0.05) -> None:
    """Uniform by Kolmogorov-Smirnov at 1e-3, and the error at ``level`` by a binomial test at 1e-3."""
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    k = int(np.sum(np.array(p) <= level))
    assert stats.binomtest(k, len(p), level).pvalue > 1e-3


def test_type_one_error_with_refit() -> None:
    rng, p = np.random.default_rng(0), []
    for _ in range(400):
        result = BumpHunt(edges=tuple(EDGES), n_pseudo=150, alpha=None).run_counts(
            rng.poisson(falling(800)), rng=rng
        )
        p.append(result.global_p_randomised)
    type_one(p)


def law(edges: np.ndarray, n: int) -> SelectionLaw:
    k = round(0.05 * (n + 1))
    m = edges.size - 1
    return SelectionLaw(edges, np.full(m, float(k)), np.full(m, float(n + 1 - k)), 0.05)


@pytest.mark.parametrize("count_as_finite", [True, False])
def test_finite_calibration_counts_as_finite(count_as_finite: bool) -> None:
    rng, p = np.random.default_rng(1), []
    selection = law(np.array([2700, 3000, 3400, 4000, 7000.0]), 399)
    shares = selection.overlap(EDGES)
    hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=99, alpha=0.05)
    for _ in range(300):
        counts = rng.poisson(falling(3000) * (shares @ selection.draw(rng, 1))[:, 0])
        used = selection if count_as_finite else None
        p.append(hunt.run_counts(counts, selection_law=used, rng=rng).global_p_randomised)
    false_alarms = np.mean(np.array(p) <= 0.05)
    if count_as_finite:
        # estimated from data that already hold one draw: at most 5 % plus 4 standard deviations
        assert false_alarms <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 300)
    else:
        assert false_alarms > 0.2


def test_type_one_error_with_known_expectation() -> None:
    rng, p = np.random.default_rng(2), []
    hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=99, background=FixedExpectation(tuple(falling(60))))
    for _ in range(400):
        p.append(hunt.run_counts(rng.poisson(falling(60)), rng=rng).global_p_randomised)
    type_one(p)


def test_planted_bump_is_found() -> None:
    counts = np.round(falling(5000))
    counts[6:8] += [60, 60]
    result = HUNT.run(masses_of(counts), rng=np.random.default_rng(3))
    assert result.window[0] <= EDGES[7] <= result.window[1]
    assert result.n_extreme == 0 and result.global_p == 1 / 401 == result.smallest_p
    assert "p < 0.0025 (tested: none of 400" in result.statement()
    assert result.global_z_interval[1] is None
    assert result.trials_factor == pytest.approx(result.global_p / result.local_p)
    assert result.local_z is not None and result.local_z > 4
    assert np.argmax(result.spectrum.pulls) in (6, 7)


def test_pseudo_experiments_equal_a_plain_loop() -> None:
    counts = np.random.default_rng(4).poisson(falling(500)).astype(float)
    null = HUNT.null(counts)
    fast = null.pseudo(np.random.default_rng(5), 40)
    toys = np.random.default_rng(5).poisson(null.expected[:, None], (BINS, 40)).astype(float)
    columns, offset = HUNT.background.design(EDGES)  # type: ignore[union-attr]
    refitted = fit(toys.T, columns, offset)
    slow = scan_all(toys, refitted.expected.T.copy(), HUNT.widths).t
    np.testing.assert_allclose(fast, slow, rtol=1e-6, atol=1e-6)


def test_same_seed_same_result_and_progress() -> None:
    seen: list[tuple[int, int]] = []
    masses = masses_of(np.round(falling(300)))
    one = HUNT.run(masses, rng=np.random.default_rng(6), progress=lambda i, n: seen.append((i, n)))
    two = HUNT.run(masses[::-1], rng=np.random.default_rng(6))
    assert one == two and seen[-1] == (400, 400)
    assert SearchResult.from_dict(json.loads(json.dumps(one.to_dict(), allow_nan=False))) == one


def test_weighted_events_become_effective_ones() -> None:
    masses = masses_of(np.round(falling(500)))
    plain = HUNT.run(masses, rng=np.random.default_rng(7))
    equal = HUNT.run(masses, weight=np.full(masses.size, 0.3), rng=np.random.default_rng(7))
    assert equal.global_p == plain.global_p and "weighted" in equal.assumptions[-1]
    with pytest.raises(InputError, match="effective"):  # the last bins hold one event or none
        HUNT.run(masses, weight=np.linspace(0.9, 1.1, masses.size), rng=np.random.default_rng(7))
    masses = masses_of(np.round(falling(500)) + 10)
    weight = np.random.default_rng(8).uniform(0.5, 1.5, masses.size)
    counts, scale = binned(masses, EDGES, weight)
    assert scale == pytest.approx((weight**2).sum() / weight.sum())
    assert counts.sum() == pytest.approx(weight.sum() ** 2 / (weight**2).sum())
    assert HUNT.run(masses, weight=weight, rng=np.random.default_rng(9)).global_p > 0.01


def test_reach_and_assumptions_name_the_calibration() -> None:
    hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=20, alpha=0.05)
    selection = law(np.array([2000.0, 4000, 8000]), 199)
    result = hunt.run_counts(falling(500).round(), selection_law=selection, rng=np.random.default_rng(0))
    assert result.p_reach == pytest.approx((1 / 200, 1 / 200))
    assert any("calibration is finite" in note for note in result.assumptions)


def test_bins_from_a_range() -> None:
    assert BumpHunt(lo=2700, hi=7000).bin_edges().size == 40
    assert (
        BumpHunt(lo=2700, hi=7000, n_pseudo=3).run_counts(np.ones(39), rng=np.random.default_rng(0)).n_pseudo
        == 3
    )


@pytest.mark.parametrize(
    ("hunt", "masses", "words"),
    [
        (HUNT, [], "a selection of shape"),
        (HUNT, [100.0, 9000.0], "all outside 2700-7000"),
        (HUNT, [np.nan, 3000.0], "NaN"),
        (HUNT, [3000.0], "only 1 bins with events"),
        (BumpHunt(), [3000.0], "without bins"),
        (BumpHunt(edges=(0.0, 1.0, 2.0)), [3000.0], "bin edges"),
        (BumpHunt(lo=2700, hi=7000, widths=(2, 99)), [3000.0], "window widths"),
        (BumpHunt(lo=2700, hi=7000, alpha=1.0), [3000.0], "alpha"),
    ],
)
def test_bad_input_is_named(hunt: BumpHunt, masses: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        hunt.run(np.array(masses), rng=np.random.default_rng(0))


def test_bad_numbers_are_named() -> None:
    rng, masses = np.random.default_rng(0), masses_of(np.round(falling(300)))
    with pytest.raises(InputError, match="negative weight"):
        HUNT.run(masses, weight=-np.ones(masses.size), rng=rng)
    with pytest.raises(InputError, match="add up to nothing"):
        HUNT.run(masses, weight=np.zeros(masses.size), rng=rng)
    with pytest.raises(InputError, match="weights of shape"):
        HUNT.run(masses, weight=np.ones(3), rng=rng)
    with pytest.raises(InputError, match="n_pseudo = 0"):
        BumpHunt(edges=tuple(EDGES), n_pseudo=0).run(masses, rng=rng)
    with pytest.raises(InputError, match="empty spectrum"):
        HUNT.run_counts(np.zeros(BINS), rng=rng)
    with pytest.raises(InputError, match="histogram of shape"):
        HUNT.run_counts(np.ones(3), rng=rng)
    with pytest.raises(InputError, match=r"selection law for alpha = 0\.05"):
        BumpHunt(edges=tuple(EDGES)).run(masses, selection_law=law(np.array([1.0, 2]), 199), rng=rng)
    template = BumpHunt(edges=tuple(EDGES), background=TemplateBackground((1,) * BINS), alpha=0.05)
    with pytest.raises(InputError, match="cancels"):
        template.run(masses, selection_law=law(np.array([1.0, 2]), 199), rng=rng)


def test_sequential_pseudo_experiments_fill_the_same_fields() -> None:
    hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=3000, alpha=None, stop_after=20)
    ordinary = hunt.run_counts(np.random.default_rng(1).poisson(falling(800)), rng=np.random.default_rng(2))
    assert ordinary.n_extreme == 20 and ordinary.n_pseudo < 1000
    assert ordinary.global_p == 20 / ordinary.n_pseudo and ordinary.smallest_p == 1 / 3001
    assert any("until 20 were as large, at most 3000" in note for note in ordinary.assumptions)
    assert ordinary.global_z_interval[0] is not None and ordinary.global_z is not None
    assert SearchResult.from_dict(ordinary.to_dict()) == ordinary
    counts = np.round(falling(5000))
    counts[6:8] += [60, 60]
    found = hunt.run_counts(counts, rng=np.random.default_rng(3))
    assert (found.n_extreme, found.n_pseudo, found.global_p) == (0, 3000, 1 / 3001)


def test_sequential_type_one_error_with_refit() -> None:
    rng, p = np.random.default_rng(12), []
    hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=200, alpha=None, stop_after=10)
    for _ in range(300):
        p.append(hunt.run_counts(rng.poisson(falling(800)), rng=rng).global_p_randomised)
    type_one(p)
