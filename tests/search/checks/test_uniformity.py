"""The check of uniform p-values against loops."""

import numpy as np
import pytest

from strangeness.search.checks.reference import dilution, reference_events
from strangeness.search.checks.simulated import JointTest, cuts_of, efficiencies
from strangeness.search.checks.uniformity import _statistics, shares_drawn, uniform_p_values, uniformity
from strangeness.stats.dependence import ks_score
from strangeness.stats.selection import SelectionLaw, order_statistic_law


def law(alpha: float = 0.1, sizes: tuple[int, ...] = (300, 200, 150)) -> SelectionLaw:
    a, b = np.array([order_statistic_law(n, alpha, True) for n in sizes]).T
    return SelectionLaw(np.arange(len(sizes) + 1.0), a, b, alpha, np.array(sizes))


@pytest.mark.parametrize("weighted", [False, True])
def test_the_statistic_is_the_one_of_the_description(weighted: bool) -> None:
    rng = np.random.default_rng(0)
    mass = np.repeat([0.5, 2.5], [150, 90])
    p = np.round(rng.random(240), 3)
    events = reference_events(p, mass, rng.exponential(size=240) + 0.1 if weighted else None)
    check = uniform_p_values(events, law(), 40, np.random.default_rng(7))
    # the same simulations, the statistics by loops; the bin without events is left out
    again = np.random.default_rng(7)
    cuts = cuts_of(0.1)
    levels = np.unique(np.r_[np.linspace(0.025, 0.975, 39), cuts])
    less = dilution(events, cuts)
    held = [events.weights[mass == value] for value in (0.5, 2.5)]
    size = np.array([round(w.sum() ** 2 / (w**2).sum() / less) for w in held])
    drawn = efficiencies(law(), levels, again, 40)[:, [0, 2]]
    null = shares_drawn(drawn, size, again)
    seen = np.array(
        [
            [sum(w[p[mass == m] <= level]) / sum(w) for m, w in zip((0.5, 2.5), held, strict=True)]
            for level in levels
        ]
    )
    n_cal = np.array([300, 150])
    found = []
    for gap in [*np.moveaxis(null - levels[:, None, None], 2, 0), seen - levels[:, None]]:
        score = sum(
            float(ks_score(np.array([max(abs(gap[:, i]))]), int(n_cal[i]), int(size[i]))[0]) for i in (0, 1)
        )
        whole = [(size[0] * one + size[1] * two) / (size[0] + size[1]) for one, two in gap]
        at = [whole[int(np.argmin(abs(levels - cut)))] ** 2 for cut in cuts]
        found.append([score, max(map(abs, whole)) ** 2, *at])
    test = JointTest(np.array(found[:-1]).T)
    p_value, statistic, _ = test.p(np.array(found[-1]))
    assert (check.p, check.statistic) == (pytest.approx(p_value), pytest.approx(statistic))
    assert check.passed and "240 " in check.text and "in 2 bins" in check.text
    assert ("weighted" in check.text) is weighted
    if not weighted:
        assert uniformity(p, mass, law(), 40, np.random.default_rng(7)) == check


def test_statistics_of_few_numbers() -> None:
    gap = np.array([[[0.1], [-0.2]], [[-0.3], [0.0]], [[0.05], [0.1]]])
    size, n_cal = np.array([30, 10]), np.array([50, 60])
    score, together, first, last = _statistics(gap, size, n_cal, np.array([0, 2]))[:, 0]
    expected = ks_score(np.array([0.3]), 50, 30) + ks_score(np.array([0.2]), 60, 10)
    assert score == pytest.approx(float(expected[0]))
    assert together == pytest.approx(0.225**2)
    assert (first, last) == (pytest.approx(0.025**2), pytest.approx(0.0625**2))


def test_drawn_shares_are_nested_binomial_parts() -> None:
    size, n = np.array([10, 40]), 4000
    efficiency = np.repeat(np.array([[0.0, 0.1], [0.5, 0.2], [1.0, 0.8]])[:, :, None], n, axis=2)
    drawn = shares_drawn(efficiency, size, np.random.default_rng(1))
    assert not drawn[0, 0].any() and np.all(drawn[2, 0] == 1)
    assert np.all(np.diff(drawn, axis=0) >= 0)
    assert drawn.mean(axis=2) == pytest.approx(efficiency[:, :, 0], abs=5 * np.sqrt(0.25 / 10 / n))
    variance = efficiency[:, :, 0] * (1 - efficiency[:, :, 0]) / size
    assert drawn.var(axis=2) == pytest.approx(variance, rel=0.15)


def test_a_bin_whose_events_weigh_nothing_is_left_out() -> None:
    events = reference_events(
        np.linspace(0.01, 0.99, 60), np.repeat([0.5, 1.5, 2.5], 20), np.repeat([1.0, 0, 2], 20)
    )
    assert "in 2 bins" in uniform_p_values(events, law(), 20, np.random.default_rng(0)).text
    # a hundredth of an effective event is counted as one
    light = reference_events([0.05, 0.9, 0.9], [0.5, 0.5, 2.5], [1e6, 1e-3, 1.0])
    assert 0 < uniform_p_values(light, law(), 20, np.random.default_rng(0)).p <= 1
