"""Several windows against brute force over all counts, and against simulated calibrations."""

import itertools

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.counting import CountingExperiment
from strangeness.search.window_scan import Window, window_scan, windows_of
from strangeness.stats.selection import SelectionLaw, order_statistic_law

LAW = SelectionLaw(
    np.array([1000.0, 2000, 3000, 4000]), np.array([5.0, 2, 3]), np.array([95.0, 38, 27]), 0.05
)


def windows(observed: tuple[int, int, int], law: SelectionLaw = LAW) -> list[Window]:
    events = ((20, 0, 0), (0, 15, 0), (0, 0, 8))
    return [Window((1000.0 * (i + 1), 1000.0 * (i + 2)), n, events[i], law) for i, n in enumerate(observed)]


@pytest.mark.parametrize("observed", [(4, 1, 0), (0, 0, 0), (1, 6, 2), (20, 0, 0)])
def test_exact_global_p_is_the_sum_over_all_counts(observed: tuple[int, int, int]) -> None:
    tested = windows(observed)
    scan = window_scan(tested, np.random.default_rng(0))
    tails = [
        [stats.betabinom.sf(k - 1, n, a, b) for k in range(n + 1)]
        for n, a, b in zip((20, 15, 8), LAW.a, LAW.b, strict=True)
    ]
    x = min(tail[n] for tail, n in zip(tails, observed, strict=True))
    total = 0.0
    for counts in itertools.product(range(21), range(16), range(9)):
        if min(tail[k] for tail, k in zip(tails, counts, strict=True)) <= x * (1 + 1e-10):
            total += np.prod(
                [stats_pmf(n, k, a, b) for n, k, a, b in zip((20, 15, 8), counts, LAW.a, LAW.b, strict=True)]
            )
    assert scan.exact and scan.global_p == pytest.approx(total, rel=1e-9)
    assert scan.local_p[scan.best] == pytest.approx(x)
    assert 0 < scan.global_p_randomised <= scan.global_p + 1e-15


_PMF: dict[tuple[int, int, float, float], float] = {}


def stats_pmf(n: int, k: int, a: float, b: float) -> float:
    if (n, k, a, b) not in _PMF:
        _PMF[n, k, a, b] = float(stats.betabinom.pmf(k, n, a, b))
    return _PMF[n, k, a, b]


def test_shared_bins_get_the_labelled_bound() -> None:
    shared = [Window((1000, 1500), 4, (10, 0, 0), LAW), Window((1500, 2000), 1, (10, 0, 0), LAW)]
    scan = window_scan(shared, np.random.default_rng(0))
    x = stats.betabinom.sf(3, 10, 5, 95)
    assert not scan.exact and scan.method.startswith("bound")
    assert scan.global_p == pytest.approx(2 * x) and scan.local_p[0] == pytest.approx(x)
    with pytest.raises(InputError, match="share a calibration bin"):
        window_scan(shared, np.random.default_rng(0), independent=True)


def test_several_laws_are_dependent_unless_stated() -> None:
    other = SelectionLaw(LAW.edges, LAW.a, LAW.b, 0.05)
    two = [windows((4, 1, 0))[0], Window((5000, 6000), 0, (9, 0, 0), other)]
    bound = window_scan(two, np.random.default_rng(0))
    stated = window_scan(two, np.random.default_rng(0), independent=True)
    assert not bound.exact and stated.exact and stated.global_p < bound.global_p
    assert stated.global_p > bound.local_p[0] * 0.999


def test_one_window_is_the_counting_experiment() -> None:
    rng = np.random.default_rng(3)
    p, mass = rng.random(60), rng.uniform(1000, 4000, 60)
    (window,) = windows_of(p, mass, [(1000, 2500)], alpha=0.05, selection_law=LAW)
    run = CountingExperiment(0.05, (1000, 2500)).run(p, mass, selection_law=LAW, rng=rng)
    scan = window_scan([window], rng)
    assert scan.global_p == pytest.approx(run.global_p) and scan.exact
    assert (window.observed, window.expected) == (run.observed, pytest.approx(run.expected))
    assert scan.smallest_p == pytest.approx(run.smallest_p)


def test_null_p_is_uniform_over_fresh_calibrations() -> None:
    n_cal, alpha, rng = 59, 0.1, np.random.default_rng(4)
    a, b = order_statistic_law(n_cal, alpha, False)
    law = SelectionLaw(np.arange(4.0), np.full(3, a), np.full(3, b), alpha)
    mass, randomised, bound = np.repeat([0.5, 1.5, 2.5], 30), [], []
    for _ in range(2000):
        above = (rng.random((3, 1, n_cal)) > rng.random((3, 30))[..., None]).sum(-1)
        p = ((above + 1.0) / (n_cal + 1)).ravel()
        tested = windows_of(p, mass, [(0, 1), (1, 2), (2, 3)], alpha=alpha, selection_law=law)
        scan = window_scan(tested, rng)
        randomised.append(scan.global_p_randomised)
        bound.append(window_scan(tested, rng, independent=False).global_p)
    assert stats.kstest(randomised, "uniform").pvalue > 1e-3
    # the bound holds: 5 % within four binomial standard deviations of 2,000
    assert np.mean(np.array(bound) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 2000)


def test_unusable_windows_are_named() -> None:
    with pytest.raises(InputError, match="selected of"):
        Window((1, 2), 9, (1, 2, 3), LAW)
    with pytest.raises(InputError, match="a law of 3 bins"):
        Window((1, 2), 0, (1, 2), LAW)
    with pytest.raises(InputError, match="without windows"):
        window_scan([], np.random.default_rng(0))
    with pytest.raises(InputError, match="no event between"):
        windows_of([0.5], [1500.0], [(5000, 6000)], alpha=0.05, selection_law=LAW)
    with pytest.raises(InputError, match="Use one cut"):
        windows_of([0.5], [1500.0], [(1000, 2000)], alpha=0.1, selection_law=LAW)
    with pytest.raises(InputError, match="one of each"):
        windows_of([0.5], [1500.0, 2.0], [(1000, 2000)], alpha=0.05, selection_law=LAW)
