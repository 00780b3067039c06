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
