"""The counting experiment against SciPy's beta-binomial and real calibrations."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.counting import CountingExperiment
from strangeness.search.result import SearchResult
from strangeness.stats.selection import SelectionLaw, order_statistic_law

LAW = SelectionLaw(np.array([1000.0, 3000, 5000]), np.array([5.0, 2.0]), np.array([95.0, 38.0]), 0.05)


def test_p_is_the_beta_binomial_tail() -> None:
    p = np.r_[np.full(9, 0.01), np.full(41, 0.5)]
    result = CountingExperiment(0.05, (1000, 3000)).run(
        p, np.full(50, 2000.0), selection_law=LAW, rng=np.random.default_rng(0)
    )
    assert result.local_p == result.global_p == pytest.approx(stats.betabinom.sf(8, 50, 5, 95))
    assert result.observed == 9 and result.expected == pytest.approx(2.5)
    assert result.global_z == pytest.approx(stats.norm.isf(result.global_p))
    assert SearchResult.from_dict(result.to_dict()) == result
    assert "9 events where 2.5 are expected between 1.00 and 3.00 TeV" in result.statement()


def test_region_over_two_bins_adds_their_counts() -> None:
    mass = np.r_[np.full(20, 2000.0), np.full(10, 4000.0), np.full(5, 9000.0)]
    p = np.r_[np.full(3, 0.01), np.full(17, 0.9), np.full(1, 0.02), np.full(9, 0.9), np.full(5, 0.001)]
    result = CountingExperiment(0.05, (1000, 5000)).run(
        p, mass, selection_law=LAW, rng=np.random.default_rng(0)
    )
    total = sum(
        stats.betabinom.pmf(i, 20, 5, 95) * stats.betabinom.pmf(j, 10, 2, 38)
        for i in range(21)
        for j in range(11)
        if i + j >= 4
    )
    assert result.observed == 4 and result.global_p == pytest.approx(total)


@pytest.mark.parametrize("randomised", [False, True])
def test_null_p_is_uniform_with_fresh_calibrations(randomised: bool) -> None:
    n_cal, n, alpha, rng, p = 83, 60, 0.1, np.random.default_rng(1), []
    a, b = order_statistic_law(n_cal, alpha, randomised)
    law = SelectionLaw(np.array([0.0, 1.0]), np.array([a]), np.array([b]), alpha)
    for _ in range(2000):
        cal, test = rng.random(n_cal), rng.random(n)
        above = (cal[None] > test[:, None]).sum(1)
        values = (above + (rng.random(n) if randomised else 1.0)) / (n_cal + 1)
        run = CountingExperiment(alpha, (0, 1)).run(values, np.full(n, 0.5), selection_law=law, rng=rng)
        p.append(run.global_p_randomised)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


@pytest.mark.parametrize(
    ("experiment", "p", "words"),
    [
        (CountingExperiment(0.0, (1, 2)), [0.5], "alpha"),
        (CountingExperiment(0.05, (2, 1)), [0.5], "region"),
        (CountingExperiment(0.1, (1, 2)), [0.5], "selection law for alpha"),
        (CountingExperiment(0.05, (1, 2)), [0.5], "no event between"),
        (CountingExperiment(0.05, (1, 2)), [1.5], "outside"),
        (CountingExperiment(0.05, (1, 2)), [0.5, 0.5], "contexts"),
    ],
)
def test_bad_input_is_named(experiment: CountingExperiment, p: list[float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        experiment.run(np.array(p), np.array([2000.0]), selection_law=LAW, rng=np.random.default_rng(0))
