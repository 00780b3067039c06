"""The law of a count with systematics and with weights, against integrals and pseudo-experiments."""

import numpy as np
import pytest
from scipy import integrate, stats

from strangeness.core.errors import InputError
from strangeness.search.count_law import count_law, effective_law
from strangeness.search.counting import CountingExperiment
from strangeness.search.systematics import Systematic, factor_law
from strangeness.search.weights import effective_number, effective_weight, refuse_spectrum, skew_ratio
from strangeness.stats.selection import SelectionLaw

EDGES = np.array([1000.0, 3000, 5000])
LAW = SelectionLaw(EDGES, np.array([50.0, 20.0]), np.array([950.0, 380.0]), 0.05)


@pytest.mark.parametrize(("observed", "up", "down"), [(75, 0.2, -0.15), (50, 0.1, 0.05), (120, 0.3, -0.2)])
def test_one_systematic_is_the_integral_over_its_nuisance(observed: int, up: float, down: float) -> None:
    found = count_law(observed, np.array([1000, 0]), LAW, (Systematic("scale", (up,), (down,)),))

    def tail(z: float) -> float:
        mean = 0.05 * (1 + up) ** z if z > 0 else 0.05 * (1 + down) ** -z
        return stats.betabinom.sf(observed - 1, 1000, 50, 50 * (1 / mean - 1)) * stats.norm.pdf(z)

    whole = sum(integrate.quad(tail, *side, epsabs=1e-13)[0] for side in ((-9, 0), (0, 9)))
    # the grid makes the variance of the factor too large by 0.05 %
    assert found.at_least == pytest.approx(whole, rel=5e-3)
    assert found.above < found.at_least and found.spread > np.sqrt(47.5)


def test_several_bins_and_systematics_are_the_average_over_draws() -> None:
    events, shape = np.array([400, 300]), Systematic("shape", (0.3, 0.0), (-0.2, 0.0))
    found = count_law(45, events, LAW, (shape, Systematic("scale", (0.1,), (-0.1,))))
    rng = np.random.default_rng(5)
    z = rng.standard_normal((2, 200_000))
    both = np.where(z[1] > 0, 1.1 ** z[1], 0.9 ** -z[1])
    # the shape moves the region by its share of the background, 20 of 35 events
    both *= np.where(z[0] > 0, (1 + 0.3 * 20 / 35) ** z[0], (1 - 0.2 * 20 / 35) ** -z[0])
    mean = 0.05 * both
    theta = [rng.beta(a, a * (1 / mean - 1)) for a in (50.0, 20.0)]
    counts = rng.binomial(400, theta[0]) + rng.binomial(300, theta[1])
    chance = float(np.mean(counts >= 45))
    # 200,000 draws: five standard errors
    assert found.at_least == pytest.approx(chance, abs=5 * np.sqrt(chance / counts.size))
    assert found.mean == pytest.approx(counts.mean(), abs=5 * counts.std() / np.sqrt(counts.size))
    assert found.spread == pytest.approx(counts.std(), rel=0.02)


def test_without_systematics_the_ends_agree() -> None:
    plain = count_law(9, np.array([50, 0]), LAW)
    tiny = count_law(9, np.array([50, 0]), LAW, (Systematic("none", (1e-9,), (-1e-9,)),))
    for name in ("at_least", "above", "smallest", "mean", "spread"):
        assert getattr(tiny, name) == pytest.approx(getattr(plain, name), rel=1e-6)


def _run(rng: np.random.Generator, systematics: tuple[Systematic, ...], truth: Systematic) -> float:
    n_cal, n, alpha = 400, 300, 0.2
    value, mass = factor_law([truth])
    theta = np.clip(
        rng.beta(alpha * (n_cal + 1), (1 - alpha) * (n_cal + 1)) * rng.choice(value, p=mass), 0, 1
    )
    law = SelectionLaw(
        np.array([0.0, 1.0]), np.array([alpha * (n_cal + 1)]), np.array([(1 - alpha) * (n_cal + 1)]), alpha
    )
    p = np.where(np.arange(n) < rng.binomial(n, theta), 0.0, 1.0)
    run = CountingExperiment(alpha, (0, 1)).run(
        p, np.full(n, 0.5), selection_law=law, rng=rng, systematics=systematics
    )
    assert any("scale" in note for note in run.assumptions) is bool(systematics)
    return run.global_p_randomised


def test_type_one_error_with_a_nuisance_that_varies() -> None:
    rng, scale = np.random.default_rng(11), Systematic("scale", (0.4,), (1 / 1.4 - 1,))
    p = np.array([_run(rng, (scale,), scale) for _ in range(100)])
    # 100 experiments: Kolmogorov-Smirnov at 1e-3; ignored, the nuisance makes claims of its own
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    ignored = np.array([_run(rng, (), scale) for _ in range(100)])
    assert np.mean(ignored <= 0.05) > 0.15


def test_weights_of_one_value_change_nothing() -> None:
    rng = np.random.default_rng(0)
    p, mass = rng.random(400), rng.uniform(1000, 5000, 400)
    search = CountingExperiment(0.05, (1000, 5000))
    plain = search.run(p, mass, selection_law=LAW, rng=np.random.default_rng(1))
    assert (
        search.run(p, mass, selection_law=LAW, rng=np.random.default_rng(1), weight=np.full(400, 3.0))
        == plain
    )
    whole = effective_law(30.0, np.array([400.0, 0.0]), LAW)
    assert whole.at_least == pytest.approx(stats.betabinom.sf(29, 400, 50, 950), rel=1e-9)
    assert whole.spread == pytest.approx(stats.betabinom.std(400, 50, 950))


def test_type_one_error_with_spread_weights() -> None:
    rng, p = np.random.default_rng(2), []
    for _ in range(200):
        theta = rng.beta(50, 950)
        values = np.where(rng.random(1000) < theta, 0.0, 1.0)
        run = CountingExperiment(0.05, (1000, 3000)).run(
            values, np.full(1000, 2000.0), selection_law=LAW, rng=rng, weight=rng.exponential(size=1000)
        )
        p.append(run.global_p_randomised)
    rates = [float(np.mean(np.array(p) <= level)) for level in (0.05, 0.5)]
    # 200 experiments, four standard errors
    assert rates[0] == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 200))
    assert rates[1] == pytest.approx(0.5, abs=4 * np.sqrt(0.25 / 200))
    assert any("effective numbers" in note for note in run.assumptions)


def test_effective_numbers() -> None:
    weight = np.array([1.0, 1.0, 2.0])
    assert effective_number(weight) == pytest.approx(16 / 6) and effective_weight(weight) == pytest.approx(
        1.5
    )
    assert skew_ratio(np.full(5, 7.0)) == pytest.approx(1.0)
    # exponential weights: 6 x 1 / 2^2
    assert skew_ratio(np.random.default_rng(0).exponential(size=400_000)) == pytest.approx(1.5, rel=0.02)


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        (np.r_[-1.0, np.ones(999)], "negative weights"),
        (np.zeros(1000), "add up to nothing"),
        (np.ones(3), "shape"),
        (np.r_[1000.0, np.ones(999)], "effective background events"),
        (np.r_[np.full(10, 40.0), np.ones(3990)], "as skewed"),
    ],
)
def test_bad_weights_are_named(weight: np.ndarray, words: str) -> None:
    events = max(1000, weight.size)
    with pytest.raises(InputError, match=words):
        CountingExperiment(0.05, (1000, 3000)).run(
            np.full(events, 0.5),
            np.full(events, 2000.0),
            selection_law=LAW,
            rng=np.random.default_rng(0),
            weight=weight,
        )


def test_weighted_spectra_need_filled_bins_and_one_scale() -> None:
    rng, edges = np.random.default_rng(4), np.arange(1.0, 6.0)
    mass = np.repeat([1.5, 2.5, 3.5, 4.5], 40)
    refuse_spectrum(mass, rng.uniform(0.5, 1.5, 160), edges)
    refuse_spectrum(mass[:1], np.ones(1), edges)
    with pytest.raises(InputError, match="effective events between 4 and 5 GeV"):
        refuse_spectrum(mass[:-36], rng.uniform(0.5, 1.5, 124), edges)
    with pytest.raises(InputError, match=r"changes .*-fold along"):
        refuse_spectrum(mass, mass**2, edges)
    heavy = np.where(np.arange(1600) % 100 == 0, 30.0, 1.0)
    with pytest.raises(InputError, match="as skewed"):
        refuse_spectrum(np.repeat(mass, 10), heavy, edges)
