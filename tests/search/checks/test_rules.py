"""The two rules: no event in two roles, and a weighted calibration that its law describes."""

import numpy as np
import pytest

from strangeness.core.identity import identities
from strangeness.search.checks.calibration_size import calibration_size, honest_law
from strangeness.search.checks.reference import ReferenceEvents, reference_events
from strangeness.search.checks.roles import disjoint_roles
from strangeness.stats.selection import SelectionLaw, order_statistic_law


def law(n_eff: float, alpha: float = 0.05) -> SelectionLaw:
    a, b = order_statistic_law(int(n_eff), alpha, True)
    return SelectionLaw(np.array([-np.inf, np.inf]), np.r_[a], np.r_[b], alpha, np.r_[int(n_eff)])


def test_roles_that_share_an_event_are_named() -> None:
    ids = identities("reference", 10)
    fine = {"train": ids[:4], "calibrate": ids[4:7], "test": identities("data", 5)}
    assert disjoint_roles(fine).passed and disjoint_roles(fine).p == 1
    check = disjoint_roles({**fine, "check": ids[6:]})
    assert not check.passed and check.p == 0 and "'calibrate' and 'check'" in check.text
    assert "1 event has" in check.text


def weighted(rise: float, spread: float = 0.0, n: int = 2000) -> tuple[SelectionLaw, ReferenceEvents]:
    rng = np.random.default_rng(0)
    score = rng.standard_normal(n)
    weight = np.exp(rise * score + spread * rng.standard_normal(n))
    order = np.argsort(-score)
    p = np.empty(n)
    p[order] = np.cumsum(weight[order]) / weight.sum()
    return law(weight.sum() ** 2 / (weight**2).sum()), reference_events(p, np.ones(n), weight)


@pytest.mark.parametrize(("rise", "spread", "fine"), [(0.0, 0.5, True), (0.2, 0, True), (0.8, 0, False)])
def test_weights_that_decide_the_cut_are_seen(rise: float, spread: float, fine: bool) -> None:
    known, events = weighted(rise, spread)
    check = calibration_size(known, events)
    assert check.passed is fine and check.p == float(fine)


def test_the_fewer_weights_differ_the_fewer_events_are_needed() -> None:
    checks = {spread: calibration_size(*weighted(0.0, spread, n=200)) for spread in (0.2, 0.9)}
    # 10 events pass; weights that do not know the score leave exp(-sd^2) of them, known here to a fifth
    assert checks[0.2].passed and checks[0.2].statistic == pytest.approx(10 * np.exp(-0.04), rel=0.2)
    assert not checks[0.9].passed


def test_one_heavy_event_is_seen() -> None:
    weight = np.r_[np.ones(1999), 200.0]
    events = reference_events(np.linspace(0.0005, 1, 2000), np.ones(2000), weight)
    assert not calibration_size(law(100), events).passed
    equal = reference_events(np.linspace(0.1, 1, 20), np.ones(20))
    assert calibration_size(law(20), equal).passed and honest_law(law(20), equal).a == law(20).a


def test_the_honest_law_is_wider() -> None:
    known, events = weighted(0.8)
    honest = honest_law(known, events)
    assert honest.mean == pytest.approx(known.mean) and honest.a[0] < known.a[0] / 2
    # a law that has the variance of the weighted cut is left as it is, nearly: looser cuts may ask for more
    right = law(known.a[0] / 0.05 / (known.a[0] / honest.a[0]))
    assert honest_law(right, events).a[0] == pytest.approx(right.a[0], rel=0.05)
