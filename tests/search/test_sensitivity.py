"""What a search would need, against sums of Poisson and beta-binomial probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.sensitivity import count_reach, needed_signal, spectrum_reach
from strangeness.stats.selection import SelectionLaw

P3 = stats.norm.sf(3.0)


@pytest.mark.parametrize("background", [0.01, 0.7, 3.0, 20.0, 1000.0, 1e6])
def test_half_of_the_data_sets_reach_three_sigma(background: float) -> None:
    mean = background + needed_signal(background)
    counts = np.arange(int(stats.poisson.ppf(0.4, mean)), int(stats.poisson.ppf(0.6, mean)) + 3)
    reached = counts[stats.poisson.sf(counts - 1, background) <= P3]
    # the smallest count that reaches it lies in the middle of the law
    assert stats.poisson.sf(reached.min() - 1, mean) == pytest.approx(0.5, abs=1e-9)


def test_many_events_need_three_roots() -> None:
    # one event of the count's steps, and a skewness of 1 / (6 root b) (z^2 - 1) < 0.01 z
    assert needed_signal(1e6) == pytest.approx(3000, rel=0.01)


def test_a_spectrum_shows_windows_side_by_side() -> None:
    hunt = BumpHunt(edges=tuple(np.linspace(3000, 6000, 11)), widths=(2, 3, 4))
    expected = np.arange(10.0)
    found = spectrum_reach(hunt, expected)
    assert [w.window for w in found] == [(3000, 3900), (3900, 4800), (4800, 5700)]
    assert [w.background for w in found] == [3, 12, 21]
    assert [w.signal for w in found] == [needed_signal(b) for b in (3, 12, 21)]
    with pytest.raises(InputError, match="an expectation of shape"):
        spectrum_reach(hunt, expected[:3])


def test_a_count_with_a_large_calibration_needs_what_a_binomial_law_needs() -> None:
    law = SelectionLaw(np.array([0.0, 1e4]), np.array([1e9]), np.array([99e9]), 0.01)
    found = count_reach(CountingExperiment(0.01, (3000, 4000)), [2000], law)
    n = next(n for n in range(2000) if stats.binom.sf(n - 1, 2000, 0.01) <= P3)
    assert found.background == pytest.approx(20)
    assert found.signal == pytest.approx(stats.gamma.ppf(0.5, n) - 20, rel=1e-9)
    with pytest.raises(InputError, match="in the region"):
        count_reach(CountingExperiment(0.01, (3000, 4000)), [0], law)


def test_nothing_is_expected_of_no_background() -> None:
    with pytest.raises(InputError, match="a background of 0"):
        needed_signal(0.0)
