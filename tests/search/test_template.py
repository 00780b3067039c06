"""Two Poisson counts against SciPy's binomial, and the exactness of the conditional global p."""

import numpy as np
import pytest
from scipy import special, stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.template import FixedExpectation, TemplateBackground, _far, template_t
from tests.search.spectra import EDGES, falling, masses_of

BINS = EDGES.size - 1


@pytest.mark.parametrize(("n", "m", "tau"), [(30, 0, 1.0), (12, 5, 1.0), (140, 100, 1.0), (25, 30, 2.5)])
def test_window_p_is_the_binomial_one(n: int, m: int, tau: float) -> None:
    expected = -stats.binom.logsf(n - 1, n + m, 1 / (1 + tau))
    assert template_t(n, m, tau) == pytest.approx(expected, rel=1e-9)


def test_published_example() -> None:
    # Cousins, Linnemann and Tucker, table 1: n_on = 140, n_off = 100, tau = 1.2 has Z_Bi = 3.93
    z = -stats.norm.ppf(np.exp(-template_t(140, 100, 1.2)))
    assert z == pytest.approx(3.93, abs=0.005)


def test_thirty_events_over_an_empty_reference_are_seen() -> None:
    assert template_t(30, 0, 1.0) == pytest.approx(30 * np.log(2))
    assert template_t(4000, 0, 1.0) == pytest.approx(4000 * np.log(2))
    reference = np.round(falling(3000)).astype(int)
    data = reference.copy()
    reference[-4:], data[-4:] = 0, 0
    data[-3] = 30
    hunt = BumpHunt(
        edges=tuple(EDGES), background=TemplateBackground(tuple(reference)), n_pseudo=2000, widths=(1, 2)
    )
    result = hunt.run(masses_of(data), rng=np.random.default_rng(0))
    assert result.window[0] <= EDGES[-4] and result.window[1] >= EDGES[-3]
    assert result.local_p == pytest.approx(2.0**-30)
    assert result.global_p == 1 / 2001 and result.observed == 30 and result.expected == 0


def test_deep_tail_joins_the_bulk() -> None:
    n = np.arange(900, 1300)
    t = template_t(n, np.full(n.size, 30), 1.0)
    assert np.all(np.diff(t) > 0) and np.all(np.abs(np.diff(t, n=2)) < 1e-3)


def test_no_excess_gives_nothing() -> None:
    assert template_t(5, 10, 2.0) == 0.0 and template_t(0, 0, 1.0) == 0.0


def test_global_p_is_uniform_with_a_finite_reference() -> None:
    rng, p = np.random.default_rng(1), []
    for _ in range(200):
        reference, data = rng.poisson(falling(400)), rng.poisson(falling(200))
        hunt = BumpHunt(
            edges=tuple(EDGES), background=TemplateBackground(tuple(reference), 2.0), n_pseudo=199
        )
        p.append(hunt.run_counts(data, rng=rng).global_p_randomised)
    # 200 toys: Kolmogorov-Smirnov at 1e-3; 5 % within 4 standard deviations
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    assert np.mean(np.array(p) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


@pytest.mark.parametrize(
    ("background", "words"),
    [
        (TemplateBackground((1,) * 3), "shape"),
        (TemplateBackground((-1,) + (1,) * (BINS - 1)), "whole numbers"),
        (TemplateBackground((0.5,) * BINS), "whole numbers"),  # type: ignore[arg-type]
        (TemplateBackground((1,) * BINS, 0.0), "tau"),
        (FixedExpectation((0.0,) + (1.0,) * (BINS - 1)), "expectation of 0"),
        (FixedExpectation((np.nan,) * BINS), "shape"),
    ],
)
def test_bad_backgrounds_are_named(background, words: str) -> None:
    hunt = BumpHunt(edges=tuple(EDGES), background=background, n_pseudo=10)
    with pytest.raises(InputError, match=words):
        hunt.run_counts(np.ones(BINS), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("n", "m", "tau"), [(900, 1, 1.0), (700, 30, 3.0), (3000, 400, 0.5), (600, 0, 4.0), (70_000, 3, 0.01)]
)
def test_tails_beyond_doubles_are_sums_of_logarithms(n: int, m: int, tau: float) -> None:
    k = np.arange(n, n + m + 1)
    share = 1 / (1 + tau)
    terms = (
        special.gammaln(n + m + 1)
        - special.gammaln(k + 1)
        - special.gammaln(n + m - k + 1)
        + k * np.log(share)
        + (n + m - k) * np.log1p(-share)
    )
    assert _far(np.array([float(n)]), np.array([float(m)]), share)[0] == pytest.approx(
        -special.logsumexp(terms), rel=1e-12
    )
    assert template_t(n, m, tau) == pytest.approx(-special.logsumexp(terms) if n * tau > m else 0.0, rel=1e-9)


def test_excess_is_counted_from_its_share_on() -> None:
    # three against six at twice the size is no excess, one more is
    assert template_t(3, 6, 2.0) == 0 and template_t(4, 6, 2.0) > 0 and template_t(3, 5, 2.0) > 0
    assert template_t(0, 0, 2.0) == 0 and template_t(1, 0, 2.0) == pytest.approx(np.log(3))
    found = template_t([30, 0, 5000], [0, 3, 0], 1.0)
    assert found == pytest.approx([30 * np.log(2), 0, 5000 * np.log(2)])


def test_backgrounds_give_back_their_numbers() -> None:
    assert FixedExpectation((0.5, 2.0)).array(2).tolist() == [0.5, 2.0]
    assert TemplateBackground((0, 3), 0.1).array(2).tolist() == [0, 3]
    for make, words in (
        (lambda: FixedExpectation((0.5, -2.0)).array(2), "expectation of -2 in bin 1"),
        (lambda: FixedExpectation((0.5, 0.0)).array(2), "expectation of 0 in bin 1"),
        (lambda: FixedExpectation((0.5,)).array(2), r"shape \(1,\) for 2 bins"),
        (lambda: FixedExpectation((0.5, np.inf)).array(2), "shape"),
        (lambda: TemplateBackground((1, 2, 3)).array(2), r"shape \(3,\) for 2 bins"),
        (lambda: TemplateBackground((1, -1)).array(2), "whole numbers"),
        (lambda: TemplateBackground((1, 1), -1.0).array(2), "tau = -1"),
        (lambda: TemplateBackground((1, 1), np.inf).array(2), "tau = inf"),
        (lambda: TemplateBackground((1, 1), np.nan).array(2), "tau = nan"),
    ):
        with pytest.raises(InputError, match=words):
            make()
