"""Effective numbers of weighted events and the limits below which they are refused."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.weights import (
    FEWEST,
    FEWEST_A_BIN,
    MOST_CHANGE,
    MOST_SKEW,
    checked_weight,
    effective_number,
    effective_weight,
    refuse_few,
    refuse_spectrum,
    skew_ratio,
)

MIXED = np.array([0.5, 1.0, 4.0])


def test_the_limits_are_those_of_the_documented_study() -> None:
    assert (FEWEST, FEWEST_A_BIN, MOST_CHANGE, MOST_SKEW) == (10.0, 7.0, 1.5, 3.0)


def test_effective_numbers_are_ratios_of_sums() -> None:
    assert effective_number(MIXED) == pytest.approx(5.5**2 / 17.25)
    assert effective_weight(MIXED) == pytest.approx(17.25 / 5.5)
    assert skew_ratio(MIXED) == pytest.approx((65.125 / 3) * (5.5 / 3) / (17.25 / 3) ** 2)
    assert effective_number(np.zeros(3)) == 0 and effective_number([0.1]) == pytest.approx(1)
    assert skew_ratio(np.full(4, 1e-200)) == pytest.approx(1)


def test_weights_may_be_zero_but_not_all() -> None:
    assert checked_weight([0.0, 0.5], 2).tolist() == [0, 0.5]
    for weight, n, words in (
        ([1.0, -0.5, -2.0], 3, r"2 events with negative weights \(lowest -2\)"),
        ([1.0, np.nan], 2, r"shape \(2,\) for 2"),
        ([1.0, np.inf], 2, "finite"),
        ([1.0], 2, r"shape \(1,\) for 2"),
        ([1.0, 1.0, 1.0], 2, r"shape \(3,\) for 2"),
        ([[1.0, 1.0]], 2, r"shape \(1, 2\) for 2"),
        ([0.0, 0.0], 2, "add up to nothing"),
    ):
        with pytest.raises(InputError, match=words):
            checked_weight(weight, n)


def test_counts_are_refused_beyond_the_limits_alone() -> None:
    refuse_few(np.ones(3), 10.0, "here")
    with pytest.raises(InputError, match=r"9\.99 effective background events in here"):
        refuse_few(np.ones(3), 9.99, "here")

    def weights(heavy: float) -> np.ndarray:
        return np.r_[np.ones(99), heavy]

    # the skewness rises through three between 12 and 15
    assert skew_ratio(weights(9.0)) < 3 < skew_ratio(weights(25.0))
    low, high = 9.0, 25.0
    for _ in range(40):
        low, high = (m, high) if skew_ratio(weights(m := 0.5 * (low + high))) <= 3 else (low, m)
    refuse_few(weights(low - 1e-6), 50.0, "here")
    with pytest.raises(InputError, match="here whose sum is 3 times as skewed"):
        refuse_few(weights(high + 1e-6), 50.0, "here")


def spectrum(factors: list[float], n: int = 20) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Masses in the middle of one bin a factor, and weights of 0.9 and 1.1 times it."""
    mass = np.repeat(np.arange(len(factors)) + 0.5, n)
    weight = np.repeat(factors, n) * np.tile([0.9, 1.1], len(factors) * n // 2)
    return mass, weight, np.arange(len(factors) + 1.0)


def test_mean_weights_of_the_thirds_may_change_by_half() -> None:
    refuse_spectrum(*spectrum([1.0, 1.2, 1.499]))
    with pytest.raises(InputError, match=r"changes 1\.5-fold"):
        refuse_spectrum(*spectrum([1.0, 1.2, 1.501]))
    with pytest.raises(InputError, match="changes 2-fold"):
        refuse_spectrum(*spectrum([2.0, 1.2, 1.0]))
    # thirds of six bins: means of pairs, here 1, 1.3 and 1.4
    refuse_spectrum(*spectrum([0.7, 1.3, 1.0, 1.6, 1.9, 0.9]))
    refuse_spectrum(*spectrum([1.0, 1.4]))


def test_each_bin_needs_seven_effective_events() -> None:
    mass, weight, edges = spectrum([1.0, 1.0, 1.0])
    with pytest.raises(InputError, match=r"5\.94 effective events between 1 and 2 GeV"):
        refuse_spectrum(np.r_[mass[:26], mass[40:]], np.r_[weight[:26], weight[40:]], edges)
    even = np.ones(47)
    even[-1] = 1 + 1e-9
    masses = np.r_[np.full(20, 0.5), np.full(7, 1.5), np.full(20, 2.5)]
    refuse_spectrum(masses, even, edges)
    with pytest.raises(InputError, match="effective events between 2 and 3 GeV"):
        # nothing in the last bin, not even weight
        refuse_spectrum(mass, np.where(mass > 2, 0.0, weight), edges)


def test_events_at_and_beyond_the_edges() -> None:
    mass, weight, edges = spectrum([1.0, 1.0, 1.0])
    # events at the edges belong to the range, to the bin above, and the last to the last
    refuse_spectrum(np.floor(mass), weight, edges)
    refuse_spectrum(np.where(mass > 2, 3.0, mass), weight, edges)
    refuse_spectrum(np.r_[mass, -0.1, 3.1], np.r_[weight, 1e6, 1e6], edges)
    # all of one weight inside, whatever is outside: counts, of which a bin may hold few
    refuse_spectrum([0.5, 0.5, 7.0], [2.0, 2.0, 3.0], edges)
    refuse_spectrum([7.0], [2.0], edges)
    with pytest.raises(InputError, match="negative"):
        refuse_spectrum([7.0, 8.0], [2.0, -1.0], edges)


def test_a_skewed_spectrum_is_refused_whatever_its_bins_hold() -> None:
    mass, weight, edges = spectrum([1.0, 1.0, 1.0], 4000)
    weight[::400] = 40.0
    with pytest.raises(InputError, match="weights in the spectrum"):
        refuse_spectrum(mass, weight, edges)
