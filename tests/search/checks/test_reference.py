"""Effective numbers and weighted shares against closed forms."""

import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.search.checks.reference import dilution, effective, reference_events, shares_below


def test_equal_weights_are_no_weights() -> None:
    events = reference_events([0.1, 0.9], [1.0, 2.0], [3.0, 3.0])
    assert not events.weighted and events.weights.tolist() == [1.0, 1.0] and dilution(events, np.r_[0.5]) == 1


def test_weighted_share_and_effective_number() -> None:
    events = reference_events([0.1, 0.4, 0.9], [1.0, 1.0, 1.0], [1.0, 2.0, 1.0])
    assert shares_below(events, np.arange(3), np.r_[0.05, 0.1, 0.5, 1.0]).tolist() == [0, 0.25, 0.75, 1]
    assert effective(events.weights) == pytest.approx(16 / 6) and effective(np.empty(0)) == 0


def test_dilution_where_weights_rise_with_the_score() -> None:
    # variance of a weighted share by brute force over many samples
    rng, alpha, shares = np.random.default_rng(0), 0.1, []
    score, weight = np.zeros(800), np.ones(800)
    for _ in range(400):
        score = rng.standard_normal(800)
        weight = np.exp(0.5 * score)
        shares.append(weight[score > 1.78].sum() / weight.sum())
    events = reference_events(np.where(score > 1.78, 0.05, 0.5), np.ones(800), weight)
    mean = np.mean(shares)
    plain = mean * (1 - mean) / effective(weight)
    # the variance of 400 draws is known to 7 %, that of one sample to about 15 %
    assert dilution(events, np.r_[alpha]) == pytest.approx(np.var(shares) / plain, rel=0.4)


@pytest.mark.parametrize("weight", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, np.inf]])
def test_bad_weights_are_named(weight: list[float]) -> None:
    with pytest.raises(InputError, match="weights"):
        reference_events([0.1, 0.2], [1.0, 2.0], weight)


def test_bounds_of_p_and_shapes() -> None:
    assert reference_events([0.0, 1.0], [1.0, 2.0]).p.tolist() == [0, 1]
    bad = [
        ([-1e-9, 0.5], [1.0, 2.0], "outside"),
        ([0.5, 1 + 1e-9], [1.0, 2.0], "outside"),
        ([0.5, np.nan], [1.0, 2.0], "outside"),
        ([0.5, 0.5], [1.0, np.inf], "not finite"),
        ([0.5], [1.0, 2.0], r"p-values \(1,\)"),
        ([], [], r"p-values \(0,\)"),
        ([[0.5]], [[1.0]], r"p-values \(1, 1\)"),
    ]
    for p, mass, words in bad:
        with pytest.raises(InputError, match=words):
            reference_events(p, mass)


def test_weights_of_zero_are_allowed_beside_others() -> None:
    events = reference_events([0.1, 0.2, 0.3], [1.0, 2.0, 3.0], [0.0, 1.0, 3.0])
    assert events.weighted and events.weights.tolist() == [0, 1, 3]
    with pytest.raises(InputError, match="weights"):
        reference_events([0.1, 0.2], [1.0, 2.0], [-1.0, 5.0])
    with pytest.raises(InputError, match="weights"):
        reference_events([0.1, 0.2], [1.0, 2.0], [1.0, np.nan])
    assert (
        reference_events([0.1], [1.0]).weight is None and reference_events([0.1], [1.0], [7.0]).weight is None
    )


def test_effective_numbers_of_few_events() -> None:
    assert effective(np.r_[0.5]) == 1 and effective(np.r_[1e-3, 1e-3]) == pytest.approx(2)
    assert effective(np.r_[1.0, 3.0]) == pytest.approx(1.6) and effective(np.zeros(3)) == 0


def test_shares_include_a_p_that_equals_the_level() -> None:
    events = reference_events([0.5, 0.1, 0.3], [1.0, 1.0, 1.0], [1.0, 4.0, 3.0])
    assert shares_below(events, np.array([0, 2]), np.r_[0.2, 0.3, 0.5]).tolist() == [0, 0.75, 1]


def test_dilution_is_the_largest_ratio_of_variances() -> None:
    rng = np.random.default_rng(1)
    p, weight = rng.random(50).round(1), rng.exponential(size=50)
    weight[p <= 0.2] *= 3
    events = reference_events(p, np.ones(50), weight)
    found = []
    for level in (0.2, 0.5, 0.9):
        share = weight[p <= level].sum() / weight.sum()
        variance = sum((w * ((q <= level) - share)) ** 2 for w, q in zip(weight, p, strict=True))
        found.append(variance / (share * (1 - share) * sum(weight**2)))
    for i, level in enumerate((0.2, 0.5, 0.9)):
        assert dilution(events, np.r_[level]) == pytest.approx(max(1.0, found[i]))
    assert dilution(events, np.r_[0.2, 0.5, 0.9]) == pytest.approx(max(1.0, *found)) and max(found) > 1.1
    # none or all below: nothing to compare; light events that pass tell more, which does not count
    assert dilution(events, np.r_[-0.5]) == 1 == dilution(events, np.r_[1.0])
    light = reference_events([0.1, 0.5, 0.6], np.ones(3), [0.1, 5.0, 5.0])
    assert dilution(light, np.r_[0.3]) == 1
