"""The gate lets valid searches pass at its stated rate, and stops the ones that are broken in a known way."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.check import Check
from strangeness.search.checks.background_form import background_form
from strangeness.search.checks.reach import Reach
from strangeness.search.checks.reference import reference_events
from strangeness.search.checks.sculpting import sculpting
from strangeness.search.checks.type_one import toy_p_values, type_one_error
from strangeness.search.checks.uniformity import uniformity
from strangeness.search.gate import Gate, _expected, judged
from strangeness.search.template import TemplateBackground
from strangeness.stats.selection import SelectionLaw, order_statistic_law
from tests.search.spectra import EDGES, falling

HUNT = BumpHunt(edges=tuple(EDGES), alpha=0.1, n_pseudo=60)
MONDRIAN = np.array([2700.0, 2900, 3200, 3700, 7000])
N_CAL = 600


def law() -> SelectionLaw:
    a, b = order_statistic_law(N_CAL, 0.1, True)
    return SelectionLaw(MONDRIAN, np.full(4, a), np.full(4, b), 0.1, np.full(4, N_CAL))


def null_sample(rng: np.random.Generator, size: float = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Held-out masses from the smooth law, with p-values of a calibration that is fresh in every call."""
    counts = rng.poisson(falling(size))
    bins = np.repeat(np.arange(counts.size), counts)
    mass = EDGES[bins] + rng.random(bins.size) * np.diff(EDGES)[bins]
    where, p = law().bin_of(mass), np.empty(mass.size)
    for i in range(4):
        cal, test = np.sort(rng.random(N_CAL)), rng.random(np.sum(where == i))
        p[where == i] = (N_CAL - np.searchsorted(cal, test) + 1 - rng.random(test.size)) / (N_CAL + 1)
    return p, mass


def test_valid_search_is_blocked_at_most_at_the_stated_rate() -> None:
    rng, blocked, each = np.random.default_rng(0), 0, []
    gate = Gate(level=0.1, n_simulated=150, n_toys=15, n_pseudo=19)
    for _ in range(25):
        p, mass = null_sample(rng, 1500)
        checks = gate.run(p, mass, selection_law=law(), hunt=HUNT, rng=rng)
        blocked += not all(check.passed for check in checks)
        each.append([check.p for check in checks])
    assert [check.name for check in checks] == [
        "uniform null p-values",
        "mass sculpting",
        "background function",
        "type-I error",
    ]
    # joint rate at most 10 %: a binomial test at 1e-3
    assert stats.binom.sf(blocked - 1, 25, 0.1) > 1e-3
    for column in np.array(each).T:
        assert stats.kstest(column, "uniform", alternative="greater").pvalue > 1e-3


def test_sculpting_is_seen() -> None:
    rng = np.random.default_rng(1)
    p, mass = null_sample(rng)
    p = np.where((mass > 3200) & (rng.random(mass.size) < 0.1), 0.01, p)
    assert sculpting(p, mass, law(), 8, 500, rng).p < 0.01
    flagged = Gate(n_simulated=500).run(p, mass, selection_law=law(), rng=rng)
    assert len(flagged) == 2 and not flagged[1].passed and "flat" in flagged[1].text


def test_sculpting_inside_a_calibration_bin_is_seen() -> None:
    rng = np.random.default_rng(2)
    p, mass = null_sample(rng, 20_000)
    inside = (mass > 2900) & (mass < 3200)
    p[inside] = np.clip(p[inside] * np.where(mass[inside] > 3050, 0.6, 1.3), 0, 1)
    assert sculpting(p, mass, law(), 16, 500, rng).p < 0.01


def test_shared_calibration_is_not_mistaken_for_a_fault() -> None:
    rng, naive, ours = np.random.default_rng(3), [], []
    for _ in range(50):
        p, mass = null_sample(rng, 4000)
        where = law().bin_of(mass)
        naive.append(stats.kstest(p[where == 0], "uniform").pvalue)
        ours.append(uniformity(p, mass, law(), 60, rng).p)
    assert np.mean(np.array(naive) < 0.05) > 0.15
    assert stats.binom.sf(np.sum(np.array(ours) <= 0.05) - 1, 50, 0.05) > 1e-3


def test_wrong_p_values_are_seen() -> None:
    rng = np.random.default_rng(4)
    p, mass = null_sample(rng)
    assert uniformity(p**1.3, mass, law(), 500, rng).p < 0.01


def test_wrong_background_function_is_seen() -> None:
    rng = np.random.default_rng(5)
    counts = rng.poisson(falling(3000)).astype(float)
    assert background_form(counts, HUNT, None, 500, rng).p > 0.01
    counts[5:8] = np.round(counts[5:8] * 0.6)
    assert background_form(counts, HUNT, None, 500, rng).p < 0.0025


def test_type_one_check_counts_toys() -> None:
    check = type_one_error(np.r_[np.full(9, 0.01), np.full(41, 0.5)])
    assert check.p == pytest.approx(stats.binom.sf(8, 50, 0.05)) and check.statistic == 0.18
    assert "9 of 50" in check.text


def test_toys_scale_with_the_data_and_report_progress() -> None:
    seen: list[int] = []
    p = toy_p_values(HUNT, falling(200), None, 5, 3.0, np.random.default_rng(6), lambda i, n: seen.append(i))
    assert p.shape == (5,) and seen == [1, 2, 3, 4, 5] and np.all((p > 0) & (p <= 1))
    with pytest.raises(InputError, match="background toys"):
        toy_p_values(HUNT, falling(200), None, 1, 1e-4, np.random.default_rng(6))


def test_holm_keeps_the_joint_level() -> None:
    checks = [type_one_error(np.full(50, 0.5)) for _ in range(4)]
    assert all(check.passed for check in judged(checks, 0.01))


@pytest.mark.parametrize(
    ("p", "mass", "gate"),
    [
        (np.empty(0), np.empty(0), Gate()),
        (np.ones(2), np.ones(3), Gate()),
        (np.array([2.0]), np.array([3000.0]), Gate()),
        (np.array([0.2]), np.array([np.nan]), Gate()),
        (np.array([0.2]), np.array([3000.0]), Gate(level=0.0)),
    ],
)
def test_bad_input_is_named(p: np.ndarray, mass: np.ndarray, gate: Gate) -> None:
    with pytest.raises(InputError):
        gate.run(p, mass, selection_law=law(), rng=np.random.default_rng(0))


def test_reference_backgrounds_run_the_first_two_checks() -> None:
    p, mass = null_sample(np.random.default_rng(7))
    hunt = BumpHunt(edges=tuple(EDGES), background=TemplateBackground((1,) * (EDGES.size - 1)))
    checks = Gate(n_simulated=50).run(p, mass, selection_law=law(), hunt=hunt, rng=np.random.default_rng(8))
    assert len(checks) == 2


def test_simulations_can_reach_the_first_limit_of_holm() -> None:
    # 1 / (n + 1) < level / 4
    assert Gate(level=0.01, n_simulated=10).simulations == 400 and Gate(n_simulated=401).simulations == 401
    assert Gate(level=0.003).simulations == 2000 and Gate(level=0.0011, n_simulated=1).simulations == 3637


@pytest.mark.parametrize("level", [-0.1, 0.0, 1.0, 1.5, np.nan])
def test_levels_lie_between_zero_and_one(level: float) -> None:
    with pytest.raises(InputError, match="gate level"):
        Gate(level=level).run([0.5], [3000.0], selection_law=law(), rng=np.random.default_rng(0))


def test_expected_data_are_the_weighted_mean_of_the_efficiencies() -> None:
    two = SelectionLaw(np.array([0.0, 5, 10]), np.array([10.0, 60]), np.array([90.0, 140]), 0.1)
    events = reference_events([0.5] * 4, [1.0, 2.0, 3.0, 7.0], [1.0, 1.0, 1.0, 5.0])
    # a share of 3 / 8 at 10 % and of 5 / 8 at 30 %
    assert _expected(events, two, 2.5) == pytest.approx(2.5 * 4 * (3 / 8 * 0.1 + 5 / 8 * 0.3))
    assert _expected(reference_events([0.5], [7.0]), two, 3.0) == pytest.approx(0.9)


def test_holm_rejects_from_the_smallest_on() -> None:
    def passed(*p: float) -> list[bool]:
        return [check.passed for check in judged([Check("x", value, 0.0, True, "") for value in p], 0.05)]

    assert passed(0.012, 0.9, 0.9, 0.9) == [False, True, True, True]
    assert passed(0.013, 0.9, 0.9, 0.9) == [True] * 4
    # 0.05 / 3 is the limit of the second once the first is gone
    assert passed(0.9, 0.016, 0.9, 0.001) == [True, False, True, False]


def test_the_gate_hands_its_numbers_on(monkeypatch: pytest.MonkeyPatch) -> None:
    p, mass = null_sample(np.random.default_rng(7), 900)
    called: dict[str, list] = {}

    def noted(name: str, answer: object) -> None:
        def stand_in(*values: object, **named: object) -> object:
            called.setdefault(name, []).append((values, named))
            return answer

        monkeypatch.setattr(f"strangeness.search.gate.{name}", stand_in)

    noted("uniform_p_values", Check("u", 0.5, 0.0, True, ""))
    noted("background_form", Check("b", 0.5, 0.0, True, ""))
    noted("toy_p_values", np.full(30, 0.5))
    noted("reach_of", Reach(2.0, "a slope"))
    calibration = reference_events(p, mass)
    gate = Gate(level=0.08, n_simulated=60, n_toys=9, n_pseudo=17)
    checks = gate.run(
        p,
        mass,
        selection_law=law(),
        hunt=HUNT,
        scale=2.0,
        rng=np.random.default_rng(8),
        calibration=calibration,
        roles={"a": identities("a", 3), "b": identities("b", 2)},
    )
    assert [check.name for check in checks[-2:]] == ["disjoint roles", "calibration size"] and len(
        checks
    ) == 6
    expected = 2.0 * p.size * 0.1
    (hunt, counts, toy_law, n, size, _, _), _ = called["toy_p_values"][0]
    assert hunt.n_pseudo == 17 and n == 9 and counts.sum() == 2 * p.size and toy_law.alpha == 0.1
    assert size == pytest.approx(expected / counts.sum())
    assert called["background_form"][0][1]["selected"] == pytest.approx(expected)
    assert called["background_form"][0][0][3] == 60
    assert called["reach_of"][0][0][3:5] == (pytest.approx(expected), pytest.approx(0.02))
    assert "fakes an excess of up to 2.0 sigma" in checks[1].reach
    silent = Gate(n_simulated=60, n_toys=9, reach=False).run(
        p, mass, selection_law=law(), hunt=HUNT, rng=np.random.default_rng(8)
    )
    assert len(called["reach_of"]) == 1 and not silent[1].reach and len(silent) == 4
