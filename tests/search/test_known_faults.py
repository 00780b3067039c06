"""Three faults of published bump hunts (pyBumpHunter 0.5.1) and their absence here."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.significance import global_p
from strangeness.search.template import FixedExpectation, TemplateBackground
from tests.search.spectra import EDGES, falling

BINS = EDGES.size - 1


def hollow() -> tuple[np.ndarray, np.ndarray]:
    """A reference with empty bins at the end, and data with 30 events in one of them."""
    reference = np.round(falling(3000))
    reference[-4:] = 0
    data = reference.copy()
    data[-3] = 30
    return reference, data


def test_windows_over_an_empty_reference_are_searched() -> None:
    reference, data = hollow()
    background = TemplateBackground(tuple(int(n) for n in reference))
    hunt = BumpHunt(edges=tuple(EDGES), background=background, widths=(1, 2), n_pseudo=500, alpha=None)
    result = hunt.run_counts(data, rng=np.random.default_rng(0))
    # two Poisson counts of one mean: p = 2^-30, where skipping the window gives p = 1
    assert result.local_p == pytest.approx(2.0**-30) and result.global_p == 1 / 501
    assert result.window[0] <= EDGES[-4] < result.window[1]


def test_an_expectation_of_nothing_is_refused_rather_than_skipped() -> None:
    reference, data = hollow()
    hunt = BumpHunt(edges=tuple(EDGES), background=FixedExpectation(tuple(reference)), alpha=None)
    with pytest.raises(InputError, match="use TemplateBackground"):
        hunt.run_counts(data, rng=np.random.default_rng(0))


@pytest.mark.parametrize("stop_after", [None, 5])
def test_global_p_is_never_zero_nor_below_its_resolution(stop_after: int | None) -> None:
    counts = np.round(falling(5000))
    counts[6:8] += 200
    for n_pseudo in (10, 99):
        hunt = BumpHunt(edges=tuple(EDGES), n_pseudo=n_pseudo, alpha=None, stop_after=stop_after)
        result = hunt.run_counts(counts, rng=np.random.default_rng(0))
        assert result.n_extreme == 0 and result.global_p == 1 / (n_pseudo + 1) == result.smallest_p
        assert np.isfinite(result.global_z or np.inf) and "tested: none of" in result.statement()


def test_without_the_one_the_error_would_exceed_its_level() -> None:
    # 19 pseudo-experiments at 5 %: k / n calls 1 / 20 of the null zero, and (k + 1) / (n + 1) keeps to 5 %
    rng = np.random.default_rng(1)
    runs = [global_p(t[0], t[1:], rng) for t in rng.standard_normal((4000, 20))]
    ours = np.mean([run.p <= 0.05 for run in runs])
    zero = np.mean([run.n_extreme / run.n_pseudo == 0 for run in runs])
    assert ours <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4000)
    assert zero == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 4000))


def test_the_null_counts_a_finite_reference_as_finite() -> None:
    rng, exact, naive = np.random.default_rng(2), [], []
    for _ in range(60):
        reference = rng.poisson(falling(2000))
        data = rng.poisson(falling(2000))
        for p, background in (
            (exact, TemplateBackground(tuple(int(n) for n in reference))),
            (naive, FixedExpectation(tuple(np.maximum(reference, 0.5)))),
        ):
            hunt = BumpHunt(edges=tuple(EDGES), background=background, n_pseudo=99, alpha=None)
            p.append(hunt.run_counts(data, rng=rng).global_p_randomised)
    # 60 data sets: Kolmogorov-Smirnov at 1e-3; the naive null rejects far more than 5 %
    assert stats.kstest(exact, "uniform").pvalue > 1e-3
    assert np.mean(np.array(exact) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 60)
    assert np.mean(np.array(naive) <= 0.05) > 0.2
