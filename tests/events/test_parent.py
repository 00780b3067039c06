"""The declared parent: its draws follow its own law, stay smooth, and no event comes twice."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64, identities
from strangeness.events.events import Events
from strangeness.events.parent import DijetParent, bootstrap, fit_parent, plant

LOW, HIGH = 2700.0, 5500.0
NAMES = ("mj1", "mj2", "tau21_1")


@lru_cache(maxsize=2)
def _sample(n: int = 40_000, seed: int = 1) -> Events:
    """Falling mjj; correlated log masses that grow with mjj; a ratio that falls with it."""
    rng = np.random.default_rng(seed)
    mass = LOW * (1 - rng.random(n) * (1 - (HIGH / LOW) ** -5.0)) ** (-1 / 5.0)  # density m^-6
    t = np.log(mass / 3000.0)
    first, second = rng.multivariate_normal([0, 0], [[1, 0.6], [0.6, 1]], n).T
    features = {
        "mjj": mass,
        "mj1": np.expm1(4.5 + 0.8 * t + 0.3 * first),
        "mj2": np.expm1(4.0 + 0.5 * t + 0.4 * np.exp(0.5 * t) * second),
        "tau21_1": 1 / (1 + np.exp(-(0.3 - 0.5 * t + 0.5 * rng.standard_normal(n)))),
    }
    return Events(features, identities(f"sample {seed}", n), np.ones(n), provenance={"name": "sample"})


@lru_cache(maxsize=1)
def _parent() -> DijetParent:
    return fit_parent(_sample(), NAMES, LOW, HIGH)


@lru_cache(maxsize=1)
def _drawn() -> Events:
    return _parent().draw(80_000, np.random.default_rng(2), "drawn")


def _real(events: Events) -> np.ndarray:
    """Features on the real line: logarithms of 1 + mass, logit of the ratio."""
    ratio = events.column("tau21_1")
    return np.stack(
        [np.log1p(events.column("mj1")), np.log1p(events.column("mj2")), np.log(ratio / (1 - ratio))]
    )


def test_the_mass_follows_the_fitted_law() -> None:
    parent, mass = _parent(), _drawn().column("mjj")
    assert mass.min() >= LOW and mass.max() < HIGH
    found = stats.kstest(mass, lambda m: np.interp(m, parent.grid, parent.cumulative))
    # Kolmogorov's law: 1.95 / sqrt(n) is exceeded with probability 1e-3.
    assert found.statistic < 1.95 / np.sqrt(mass.size)


def test_the_fitted_law_is_the_true_one_within_the_sample_s_error() -> None:
    parent, n = _parent(), len(_sample())
    truth = (1 - (parent.grid / LOW) ** -5.0) / (1 - (HIGH / LOW) ** -5.0)
    # A fit of four parameters scatters less than the empirical distribution itself, 1.95 / sqrt(n) at 1e-3.
    assert np.abs(parent.cumulative - truth).max() < 1.95 / np.sqrt(n)


def test_the_residuals_keep_their_covariance() -> None:
    t = np.log(_drawn().column("mjj") / 3000.0)
    _, second, third = _real(_drawn())
    first = (_real(_drawn())[0] - 4.5 - 0.8 * t) / 0.3
    second = (second - 4.0 - 0.5 * t) / (0.4 * np.exp(0.5 * t))
    third = (third - 0.3 + 0.5 * t) / 0.5
    found = np.cov([first, second, third])
    # A correlation from 40,000 events scatters by 1 / sqrt(n) = 0.005, a variance by sqrt(2 / n) = 0.007.
    np.testing.assert_allclose(found, [[1, 0.6, 0], [0.6, 1, 0], [0, 0, 1]], atol=0.035)


def test_the_jitter_leaves_the_covariance_of_the_residuals() -> None:
    parent = replace(_parent(), jitter=1.0)
    rng = np.random.default_rng(3)
    wide, n = np.cov(parent._residual(200_000, rng).T), 200_000
    # five standard deviations of a variance of one, sqrt(2 / n)
    np.testing.assert_allclose(wide, np.cov(parent.residuals.T), atol=5 * np.sqrt(2 / n))


@pytest.mark.parametrize("index", range(3))
def test_the_conditional_mean_follows_the_sample(index: int) -> None:
    edges = np.quantile(_sample().column("mjj"), np.linspace(0, 1, 11))
    found = []
    for events in (_sample(), _drawn()):
        where = np.digitize(events.column("mjj"), edges[1:-1])
        value = _real(events)[index]
        parts = [value[where == i] for i in range(10)]
        found.append([(part.mean(), part.var(ddof=1) / part.size) for part in parts])
    sample, drawn = np.array(found).transpose(0, 2, 1)
    chi2 = np.sum((sample[0] - drawn[0]) ** 2 / (sample[1] + drawn[1]))
    assert stats.chi2.sf(chi2, 10) > 1e-3


def _efficiency_misfit(events: Events, bins: int = 60) -> float:
    """p-value of a quadratic in log mjj for the logit of a cut's efficiency in fine bins (Pearson)."""
    mass = events.column("mjj")
    edges = np.quantile(mass, np.linspace(0, 1, bins + 1))
    where = np.digitize(mass, edges[1:-1])
    n = np.bincount(where, minlength=bins)
    k = np.bincount(where[events.column("mj1") > 120], minlength=bins)
    t = np.log(np.sqrt(edges[1:] * edges[:-1]) / 3000.0)
    design = np.stack([np.ones_like(t), t, t**2], axis=1)
    theta = np.zeros(3)
    for _ in range(30):  # Newton's method for a binomial regression
        p = 1 / (1 + np.exp(-design @ theta))
        theta += np.linalg.solve((design.T * (n * p * (1 - p))) @ design, design.T @ (k - n * p))
    p = 1 / (1 + np.exp(-design @ theta))
    return float(stats.chi2.sf(np.sum((k - n * p) ** 2 / (n * p * (1 - p))), bins - 3))


def _lumpy() -> Events:
    """A sample in which a narrow stretch of mjj has heavier jets: what no smooth law would do."""
    sample = _sample()
    mass = sample.column("mjj")
    lump = (mass > 3200) & (mass < 3260)
    heavier = np.where(lump, 1.25, 1.0) * sample.column("mj1")
    return replace(sample, features={**sample.features, "mj1": heavier})


def test_a_cut_s_efficiency_is_smooth_in_the_parent_and_lumpy_in_the_bootstrap() -> None:
    rng = np.random.default_rng(4)
    smooth = fit_parent(_lumpy(), NAMES, LOW, HIGH).draw(200_000, rng, "smooth")
    copied = bootstrap(_lumpy(), 200_000, rng, "copied")
    assert _efficiency_misfit(smooth) > 1e-3
    assert _efficiency_misfit(copied) < 1e-6


def test_a_bootstrap_of_a_valid_sample_repeats_its_fluctuations() -> None:
    """Five-fold bootstraps share the sample's own fluctuations: not so for five-fold draws of the parent."""
    rng = np.random.default_rng(5)
    edges = np.geomspace(LOW, HIGH, 29)
    seen, _ = np.histogram(_sample().column("mjj"), edges)
    truth = (1 - (edges / LOW) ** -5.0) / (1 - (HIGH / LOW) ** -5.0)
    expected = np.diff(truth) * len(_sample())
    own = (seen - expected) / np.sqrt(expected)

    def agreement(events: Events) -> float:
        counts, _ = np.histogram(events.column("mjj"), edges)
        return float(np.corrcoef(counts / 5 - expected, own * np.sqrt(expected))[0, 1])

    # Correlation over 28 bins: 1 / sqrt(1 + 1/5) = 0.91 is expected for the bootstrap; the fitted law keeps
    # the four smoothest of the 28 fluctuations, sqrt(4 / 28) = 0.38, with a scatter of 0.19.
    assert agreement(bootstrap(_sample(), 200_000, rng, "five-fold")) > 0.75
    assert agreement(_parent().draw(200_000, rng, "five-fold")) < 0.75


def test_no_event_comes_twice() -> None:
    first, second = (_parent().draw(5000, np.random.default_rng(i), f"set {i}") for i in (6, 7))
    both = np.concatenate([as_uint64(first.id), as_uint64(second.id)])
    assert np.unique(both).size == both.size
    for name in ("mjj", *NAMES):
        assert np.unique(first.column(name)).size == len(first)
        assert not np.intersect1d(first.column(name), second.column(name)).size
        assert not np.intersect1d(first.column(name), _sample().column(name)).size
    copied = bootstrap(_sample(), 5000, np.random.default_rng(6), "copied")
    assert np.unique(as_uint64(copied.id)).size == len(copied)
    assert np.all(np.isin(copied.column("mjj"), _sample().column("mjj")))


def test_draws_are_reproducible_and_carry_no_truth() -> None:
    one, two = (_parent().draw(300, np.random.default_rng(8), "set") for _ in range(2))
    np.testing.assert_array_equal(one.id, two.id)
    for name in ("mjj", *NAMES):
        np.testing.assert_array_equal(one.column(name), two.column(name))
    assert one.truth is None and one.provenance == {"name": "set"} and np.all(one.weight == 1)
    assert tuple(one.features) == ("mjj", *NAMES)


@pytest.mark.parametrize("kind", ["parent", "bootstrap"])
def test_sizes_are_poisson(kind: str) -> None:
    rng, n, expected = np.random.default_rng(9), 400, 50.0
    if kind == "parent":
        sizes = [len(_parent().draw(expected, rng, "set")) for _ in range(n)]
    else:
        sizes = [len(bootstrap(_sample(), expected, rng, "set")) for _ in range(n)]
    # Four standard deviations of the mean, sqrt(50 / 400), and of the variance, about 50 sqrt(2 / 400).
    assert abs(np.mean(sizes) - expected) < 4 * np.sqrt(expected / n)
    assert abs(np.var(sizes, ddof=1) - expected) < 4 * expected * np.sqrt(2 / n)


def test_ratios_and_masses_stay_physical() -> None:
    drawn = _parent().draw(20_000, np.random.default_rng(10), "set")
    assert drawn.column("tau21_1").min() > 0 and drawn.column("tau21_1").max() < 1
    assert min(drawn.column("mj1").min(), drawn.column("mj2").min()) >= 0


def test_one_feature_and_massless_jets_can_be_fitted() -> None:
    mass = _sample().column("mj1").copy()
    mass[:200] = 0.0
    sample = replace(_sample(), features={"mjj": _sample().column("mjj"), "mj1": mass})
    drawn = fit_parent(sample, ("mj1",), LOW, HIGH).draw(500, np.random.default_rng(11), "set")
    assert np.all(np.isfinite(drawn.column("mj1"))) and drawn.column("mj1").min() >= 0


# Planting


def _signal(n: int = 300) -> Events:
    mass = 3500.0 + np.arange(n)
    features = {"mjj": mass, **{name: np.full(n, 0.5) for name in NAMES}}
    return Events(features, identities("signal", n), np.ones(n), truth=np.full(n, 7))


def test_planted_numbers_and_truth() -> None:
    rng, n, expected = np.random.default_rng(12), 300, 40.0
    background = _parent().draw(100, rng, "background")
    counts = []
    for _ in range(n):
        both = plant(background, _signal(), expected, rng)
        truth = np.asarray(both.truth)
        assert set(truth.tolist()) == {0, 1} and np.sum(truth == 0) == len(background)
        planted = as_uint64(both.id[truth == 1])
        assert np.unique(planted).size == planted.size
        assert np.all(np.isin(planted, as_uint64(_signal().id)))
        np.testing.assert_array_equal(both.id[truth == 0], background.id)
        counts.append(planted.size)
    # Four standard deviations of the mean and of the variance, as for the sizes above.
    assert abs(np.mean(counts) - expected) < 4 * np.sqrt(expected / n)
    assert abs(np.var(counts, ddof=1) - expected) < 4 * expected * np.sqrt(2 / n)


def test_nothing_planted_is_the_background_with_truth() -> None:
    background = _parent().draw(100, np.random.default_rng(13), "background")
    both = plant(background, _signal(), 0.0, np.random.default_rng(14))
    np.testing.assert_array_equal(both.id, background.id)
    assert not np.any(both.truth)


# Errors


def test_too_few_signal_events_are_named() -> None:
    background = _parent().draw(10, np.random.default_rng(15), "background")
    with pytest.raises(InputError, match=r"signal events of 5 available\. Plant fewer"):
        plant(background, _signal(5), 1000.0, np.random.default_rng(16))


@pytest.mark.parametrize("expected", [0.0, -1.0, float("nan"), float("inf")])
def test_a_size_that_is_not_positive_is_refused(expected: float) -> None:
    rng = np.random.default_rng(17)
    with pytest.raises(InputError, match=f"'expected' is {expected}"):
        _parent().draw(expected, rng, "set")
    with pytest.raises(InputError, match=f"'expected' is {expected}"):
        bootstrap(_sample(), expected, rng, "set")


@pytest.mark.parametrize("expected", [-1.0, float("nan"), float("inf")])
def test_a_planted_number_below_zero_is_refused(expected: float) -> None:
    background = _parent().draw(10, np.random.default_rng(18), "background")
    with pytest.raises(InputError, match=f"'expected' is {expected}"):
        plant(background, _signal(), expected, np.random.default_rng(19))


def test_a_sample_that_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(InputError, match=r"no event with mjj in \[8000, 9000\)"):
        fit_parent(_sample(), NAMES, 8000.0, 9000.0)
    with pytest.raises(InputError, match="there is no column 'mj3'"):
        fit_parent(_sample(), ("mj3",), LOW, HIGH)
    with pytest.raises(InputError, match="no features"):
        fit_parent(_sample(), (), LOW, HIGH)
    with pytest.raises(InputError, match="needs"):
        fit_parent(_sample().take(np.arange(3)), NAMES, LOW, HIGH)
    with pytest.raises(InputError, match="'mj1' holds"):
        negative = {**_sample().features, "mj1": _sample().column("mj1") - 500.0}
        fit_parent(replace(_sample(), features=negative), NAMES, LOW, HIGH)
    with pytest.raises(InputError, match="no event to draw from"):
        bootstrap(_sample().take(np.arange(0)), 5.0, np.random.default_rng(20), "set")
