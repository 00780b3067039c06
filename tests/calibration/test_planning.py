"""The fewest events that keep a promise, against the Beta law."""

import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.planning import efficiency_spread, events_needed
from strangeness.core.errors import InputError


@pytest.mark.parametrize("alpha", [0.5, 0.1, 0.05, 0.01, 1e-3, 0.037])
@pytest.mark.parametrize("spread", [0.05, 0.1, 0.3, 2.0])
def test_the_answer_is_the_smallest_that_keeps_the_spread(alpha: float, spread: float) -> None:
    n = events_needed(alpha, spread)
    k = int(np.floor(alpha * (n + 1) * (1 + 1e-12)))
    law = stats.beta(k, n + 1 - k)
    assert law.std() / law.mean() <= spread
    # one event fewer is one step of the order statistic fewer
    fewer = stats.beta(k - 1, n + 1 - k) if k > 1 else None
    assert fewer is None or fewer.std() / fewer.mean() > spread
    assert n >= 1 / alpha - 1 - 1e-9
    assert events_needed(alpha, spread / 2) >= n


def test_rule_of_thumb() -> None:
    assert events_needed(0.01) == pytest.approx(0.99 / (0.01 * 0.1**2), rel=0.01)
    assert events_needed(0.01, 10.0) == 99


def test_spread_by_the_law() -> None:
    law = stats.beta(10, 190)
    assert efficiency_spread(199, 0.05, randomised=False) == pytest.approx(law.std() / law.mean())
    assert efficiency_spread(199, 0.05) == pytest.approx(law.std() / law.mean())
    with pytest.raises(InputError, match="at least 999 calibration events"):
        efficiency_spread(100, 1e-3)


@pytest.mark.parametrize(("alpha", "spread"), [(0.0, 0.1), (1.0, 0.1), (0.1, 0.0), (0.1, float("inf"))])
def test_bad_input_is_named(alpha: float, spread: float) -> None:
    with pytest.raises(InputError):
        events_needed(alpha, spread)


def brute(alpha: float, spread: float) -> int:
    """The smallest n for which the deterministic law, at the best n of its step, keeps the spread."""
    n = 1
    while True:
        k = int(np.floor(alpha * (n + 1) * (1 + 1e-12)))
        if k >= 1 and np.sqrt((n + 1 - k) / (k * (n + 2))) <= spread:
            return n
        n += 1


@pytest.mark.parametrize("alpha", [0.9, 0.5, 0.3, 0.1, 0.03])
@pytest.mark.parametrize("spread", [0.15, 0.3, 0.5, 1.0, 3.0])
def test_no_smaller_number_keeps_the_spread(alpha: float, spread: float) -> None:
    assert events_needed(alpha, spread) == brute(alpha, spread)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, 1.5, float("nan")])
def test_alpha_lies_between_zero_and_one(alpha: float) -> None:
    with pytest.raises(InputError, match="alpha"):
        events_needed(alpha)


@pytest.mark.parametrize("spread", [0.0, -1.0, float("nan"), float("inf")])
def test_spreads_are_positive(spread: float) -> None:
    with pytest.raises(InputError, match="relative spread"):
        events_needed(0.1, spread)
