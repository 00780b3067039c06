"""Weighted p-values against sums over the calibration events."""

import numpy as np
import pytest

from strangeness.calibration import weighted as module
from strangeness.calibration.weighted import (
    above,
    checked_weight,
    cumulative,
    effective_number,
    monotone_below,
    tail_p_values,
    weighted_p_values,
)
from strangeness.core.errors import InputError


@pytest.mark.parametrize("randomised", [False, True])
def test_p_values_are_sums_over_events(monkeypatch: pytest.MonkeyPatch, randomised: bool) -> None:
    rng = np.random.default_rng(0)
    ordered = np.sort(rng.integers(0, 12, 30).astype(float))
    weight = rng.exponential(size=30)
    scores = np.r_[rng.integers(-1, 14, 40), 3.5, 99.0].astype(float)
    own, u = rng.exponential(size=42), rng.random(42)
    monkeypatch.setattr(module, "_CHUNK", 9)
    found = tail_p_values(ordered, above(weight), scores, own, u if randomised else None)
    for i, score in enumerate(scores):
        greater, equal = weight[ordered > score].sum(), weight[ordered == score].sum()
        part = 1 - u[i] if randomised else 1.0
        expected = (greater + part * (equal + own[i])) / (weight.sum() + own[i])
        assert found[i] == pytest.approx(min(expected, 1.0))
    one = tail_p_values(ordered, above(weight), scores, 0.5)
    assert one[-1] == pytest.approx(0.5 / (weight.sum() + 0.5)) and one.max() <= 1


def test_effective_events_stand_for_the_tested_one() -> None:
    ordered, weight = np.array([1.0, 2, 2, 5]), np.array([1.0, 2, 3, 4])
    n_eff = effective_number(weight)
    assert n_eff == pytest.approx(100 / 30) and effective_number(np.zeros(2)) == 0
    found = weighted_p_values(ordered, cumulative(weight), n_eff, np.array([0.0, 2, 3, 9]))
    expected = [(n_eff * share + 1) / (n_eff + 1) for share in (1.0, 0.9, 0.4, 0.0)]
    assert found == pytest.approx(expected)
    drawn = weighted_p_values(ordered, cumulative(weight), n_eff, np.array([2.0, 9]), np.array([0.25, 0.9]))
    first = (n_eff * 0.4 + 0.75 * (n_eff * 0.5 + 1)) / (n_eff + 1)
    # never below the smallest deterministic one
    assert drawn == pytest.approx([first, 1 / (n_eff + 1)])


def test_sums_from_both_ends() -> None:
    assert above(np.array([1.0, 2, 4])).tolist() == [7, 6, 4, 0]
    assert cumulative(np.array([1.0, 2, 5])).tolist() == [0, 0.125, 0.375, 1]


def test_signed_shares_rise_and_stay_below_the_share() -> None:
    ordered = np.array([1.0, 2, 2, 3, 4, 5])
    weight = np.array([2.0, 3, -4, 5, -1, 3])
    share = np.r_[0, np.cumsum(weight)] / 8
    found = monotone_below(ordered, weight)
    allowed = [i for i in range(7) if i in (0, 6) or ordered[i] != ordered[i - 1]]
    expected = [min(share[j] if j < 6 else 1.0 for j in allowed if j >= i) for i in range(7)]
    assert found == pytest.approx(np.clip(expected, 0, 1))
    negative = monotone_below(np.arange(3.0), np.array([-1.0, 1, 2]))
    assert negative == pytest.approx([0, 0, 0, 1])
    assert monotone_below(np.arange(3.0), np.array([1.0, 3, -1])) == pytest.approx([0, 1 / 3, 1, 1])


def test_bounds_of_weights() -> None:
    assert checked_weight([0.0, 0.5], 2).tolist() == [0, 0.5]
    assert checked_weight([-0.5, 0.6], 2, signed=True).tolist() == [-0.5, 0.6]
    for weight, n, signed, words in (
        ([1.0], 2, False, r"shape \(1,\) for 2"),
        ([1.0, 1, 1], 2, False, r"shape \(3,\) for 2"),
        ([1.0, np.nan], 2, False, "finite"),
        ([1.0, np.inf], 2, True, "finite"),
        ([1.0, -0.1], 2, False, r"negative calibration weight \(-0.1\)"),
        ([0.0, 0.0], 2, False, "add up to nothing"),
        ([1.0, -1.0], 2, True, "add up to nothing"),
        ([1.0, -3.0], 2, True, "add up to -2"),
    ):
        with pytest.raises(InputError, match=words):
            checked_weight(weight, n, signed=signed)
