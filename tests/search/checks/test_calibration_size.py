"""The rule on the size of the calibration against sums over its events."""

import numpy as np
import pytest

from strangeness.search.checks.calibration_size import (
    FEWEST,
    HEAVIEST,
    SPREAD,
    calibration_size,
    honest_law,
    share_variance,
)
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.stats.selection import SelectionLaw


def test_the_limits_are_those_of_the_documented_study() -> None:
    assert (FEWEST, HEAVIEST, SPREAD) == (15.0, 0.5, 2.0)


def test_equal_weights_count_what_passes_in_the_smallest_bin() -> None:
    law = SelectionLaw(np.arange(3.0), np.r_[5.0, 2.0], np.r_[95.0, 38.0], 0.05, np.array([99, 39]))
    check = calibration_size(law, reference_events(np.full(3, 0.5), np.ones(3)))
    assert check.passed and check.p == 1 and check.statistic == pytest.approx(0.05 * 40)
    assert check.text.startswith("2.0 calibration events")


def by_hand(weight: np.ndarray, passed: np.ndarray, alpha: float, a: float, b: float) -> tuple[float, ...]:
    total = sum(weight)
    share = sum(weight[passed]) / total
    variance = sum((w * (ok - share)) ** 2 for w, ok in zip(weight, passed, strict=True)) / total**2
    passing = alpha * (alpha * (1 - alpha) / variance + 1)
    lost = alpha * (len(weight) + 1) / passing - 1
    needed = 15 * min(max(lost / 2, 0), 1) ** 2
    heaviest = (max(weight) - total / len(weight)) / (alpha * total)
    return passing, needed, heaviest, variance / (a * b / (a + b) ** 2 / (a + b + 1))


def sample(seed: int, spread: float) -> tuple[SelectionLaw, ReferenceEvents]:
    rng = np.random.default_rng(seed)
    n, alpha = np.array([600, 400]), 0.1
    mass = np.repeat([0.5, 1.5], n)
    weight = np.exp(spread * rng.standard_normal(1000))
    p = np.round(rng.random(1000), 2)
    law = SelectionLaw(np.arange(3.0), alpha * (n + 1), (1 - alpha) * (n + 1), alpha, n)
    return law, reference_events(p, mass, weight)


@pytest.mark.parametrize("spread", [0.1, 0.5, 1.0, 1.6])
def test_weighted_facts_are_those_of_the_worst_bin(spread: float) -> None:
    law, events = sample(3, spread)
    facts = [
        by_hand(
            events.weights[events.context == m],
            events.p[events.context == m] <= 0.1,
            0.1,
            float(law.a[i]),
            float(law.b[i]),
        )
        for i, m in enumerate((0.5, 1.5))
    ]
    passing, needed, heaviest, varied = np.array(facts).T
    worst = int(np.argmin(passing - needed))
    check = calibration_size(law, events)
    fine = np.all(passing >= needed) and max(heaviest) <= 0.5 and np.mean(varied) <= 2
    assert check.statistic == pytest.approx(passing[worst]) and check.passed is bool(fine)
    assert check.p == float(fine)
    assert f"{passing[worst]:.1f} effective" in check.text and f"({needed[worst]:.1f} needed" in check.text
    assert f"adds up to {100 * max(heaviest):.0f} %" in check.text and "(50 % allowed)" in check.text
    assert f"varies {np.mean(varied):.1f} times" in check.text and "(2 allowed)" in check.text


@pytest.mark.parametrize(("name", "value"), [("FEWEST", 1e6), ("HEAVIEST", 1e-3), ("SPREAD", 0.1)])
def test_each_of_the_three_limits_can_refuse(
    monkeypatch: pytest.MonkeyPatch, name: str, value: float
) -> None:
    law, events = sample(3, 0.5)
    assert calibration_size(law, events).passed
    monkeypatch.setattr(f"strangeness.search.checks.calibration_size.{name}", value)
    check = calibration_size(law, events)
    assert not check.passed and check.p == 0


def test_a_bin_without_weight_or_without_a_passing_event_is_refused() -> None:
    law, events = sample(3, 0.1)
    for p, weight in (
        (np.where(events.context > 1, 0.5, events.p), events.weights),
        (events.p, np.where(events.context > 1, 0.0, events.weights)),
    ):
        check = calibration_size(law, ReferenceEvents(p, events.context, weight))
        assert not check.passed and check.statistic == 0 and "(15.0 needed" in check.text


def test_share_variance_is_the_sum_of_influences() -> None:
    weight, passed = np.array([1.0, 2.0, 5.0]), np.array([True, False, True])
    share = 6 / 8
    expected = ((1 * (1 - share)) ** 2 + (2 * share) ** 2 + (5 * (1 - share)) ** 2) / 64
    assert share_variance(weight, passed) == pytest.approx(expected)
    assert share_variance(np.zeros(2), np.array([True, False])) == 0.0
    assert share_variance(np.full(2, 0.25), np.array([True, False])) == pytest.approx(0.125)


@pytest.mark.parametrize("spread", [0.1, 1.0])
def test_the_honest_law_has_the_variance_of_the_weights_at_the_worst_cut(spread: float) -> None:
    law, events = sample(4, spread)
    honest = honest_law(law, events)
    for i, m in enumerate((0.5, 1.5)):
        own = events.context == m
        n = law.a[i] + law.b[i] - 1
        wider = max(
            1.0,
            *(
                share_variance(events.weights[own], events.p[own] <= level) / (level * (1 - level) / (n + 2))
                for level in (0.1, 0.4)
            ),
        )
        assert honest.a[i] == pytest.approx(law.a[i] / wider) and honest.b[i] == pytest.approx(
            law.b[i] / wider
        )
        assert law.n_calibration is not None and honest.n_calibration is not None
        assert honest.n_calibration[i] == max(int(law.n_calibration[i] / wider), 1)
    assert honest_law(law, None) is law


def test_an_honest_law_stands_for_one_event_at_least() -> None:
    law, events = sample(4, 0.1)
    weight = np.where(np.arange(1000) == 0, 1e9, events.weights)
    honest = honest_law(law, ReferenceEvents(np.where(weight > 1e8, 0.05, events.p), events.context, weight))
    assert honest.n_calibration is not None and honest.n_calibration.min() >= 1
    one = SelectionLaw(np.arange(2.0), np.r_[0.2], np.r_[1.8], 0.1, np.array([1]))
    lone = reference_events(np.array([0.05, 0.5]), np.full(2, 0.5), np.array([1.0, 1.5]))
    small = honest_law(one, lone)
    assert small.n_calibration is not None and small.n_calibration.tolist() == [1]
