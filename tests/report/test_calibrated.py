"""The band of a shared calibration sample against its exact law, other simulations and real p-values."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.mondrian import Mondrian
from strangeness.chain import Outcome, Scored
from strangeness.core.batch import make_batch
from strangeness.core.errors import InputError
from strangeness.report.calibrated import calibration_curve, calibration_of, shared_shares
from strangeness.report.parts import Cost
from strangeness.report.summary import search_section
from strangeness.stats.dependence import beta_binomial_pmf, count_pmf, shared_p_values
from tests.report.examples import hunted


def quantile(pmf: np.ndarray, q: float) -> int:
    return int(np.searchsorted(np.cumsum(pmf), q))


def test_the_band_is_that_of_the_beta_binomial_law() -> None:
    # At alpha = k / (n + 1) the efficiency is Beta(k, n + 1 - k): 0.1 is k = 50 of 500.
    rng = np.random.default_rng(1)
    counts = shared_shares([0.1, 1.0], [499], [300], True, 40_000, rng)[:, 0] * 300
    pmf = beta_binomial_pmf(300, 50, 450)
    for q in (0.025, 0.16, 0.84, 0.975):
        # The error of a simulated quantile is sqrt(q (1 - q) / 40,000) / pmf < 0.1 counts; counts are whole.
        assert abs(np.quantile(counts, q) - quantile(pmf, q)) <= 1


def test_bins_add_up_as_independent_ones() -> None:
    rng = np.random.default_rng(2)
    counts = shared_shares([0.05], [199, 99], [80, 40], False, 40_000, rng)[:, 0] * 120
    pmf = count_pmf([80, 40], [10, 5], [190, 95])
    # Mean 6; 40,000 draws of a spread below 4.
    assert abs(counts.mean() - pmf @ np.arange(121)) < 5 * 4 / 200
    assert abs(counts.std() / np.sqrt(pmf @ np.arange(121) ** 2 - (pmf @ np.arange(121)) ** 2) - 1) < 0.03


def test_shares_are_joint_as_those_of_simulated_p_values() -> None:
    rng, alpha = np.random.default_rng(3), np.array([0.013, 0.1, 0.5])
    ours = shared_shares(alpha, [60], [200], True, 20_000, rng)
    drawn = np.stack(
        [np.searchsorted(shared_p_values(60, 200, rng), alpha, "right") / 200 for _ in range(4000)]
    )
    # Five standard errors of 4,000 draws.
    np.testing.assert_allclose(ours.mean(axis=0), drawn.mean(axis=0), atol=5 * 0.08 / np.sqrt(4000))
    np.testing.assert_allclose(np.cov(ours.T), np.cov(drawn.T), atol=4e-4)


@pytest.mark.parametrize("randomised", [True, False])
def test_real_p_values_leave_the_band_as_often_as_they_should(
    randomised: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strangeness.report.calibrated.SIMULATED", 400)
    rng, out = np.random.default_rng(4), []
    for _ in range(200):
        null = SplitConformal(randomised).fit_null(rng.normal(size=99), make_batch(np.zeros((99, 1))))
        p = null.p_values(rng.normal(size=100), rng.uniform(size=100) if randomised else None)
        curve = calibration_curve(p, 99, randomised=randomised)
        at = int(np.argmin(np.abs(np.array(curve.alpha) - 0.1)))
        out.append(not curve.low95[at] <= curve.share[at] <= curve.high95[at])
    # At most 5 % (counts are whole), plus four errors of 200 trials; a binomial band would be left by 16 %.
    assert np.mean(out) < 0.05 + 4 * 0.0154


def test_the_band_is_wider_than_a_binomial_one() -> None:
    curve = calibration_curve(np.random.default_rng(5).uniform(size=1000), 1000)
    at = int(np.argmin(np.abs(np.array(curve.alpha) - 0.1)))
    # sqrt(1/1000 + 1/1000) over sqrt(1/1000).
    width = (curve.high[at] - curve.low[at]) / (2 * np.sqrt(0.09 / 1000))
    assert 1.25 < width < 1.6
    assert (
        curve.alpha[-1] == 1
        and 0.01 in curve.alpha
        and curve.share[-1] == 1
        and curve.alpha == sorted(curve.alpha)
    )


def outcome(calibrator: Any, n: int = 400) -> Outcome:
    rng = np.random.default_rng(6)
    batch = make_batch(np.zeros((n, 1)), context=rng.uniform(1, 2, n))
    null = calibrator.fit_null(rng.normal(size=n), batch)
    score = rng.normal(size=n)
    scored = Scored(batch, score, null(score, batch, key=1))
    chain: Any = SimpleNamespace(null=null)
    return Outcome(hunted(), chain, scored, scored)


def test_a_run_is_read_with_its_bins() -> None:
    plain = calibration_of(outcome(SplitConformal()))
    assert plain is not None
    assert (plain.calibration, plain.tested) == ([400], [400])
    section = search_section("s", "d", outcome(SplitConformal()), calibration=plain, costs=[Cost(name="d")])
    assert section.calibration == plain and section.costs[0].name == "d" and section.displays == []
    binned = calibration_of(outcome(Mondrian(bins=4, range=(0.9, 2.1))), name="by bin")
    assert binned is not None
    assert binned.calibration == [100] * 4 and sum(binned.tested) == 400 and binned.name == "by bin"


@pytest.mark.parametrize(
    ("p", "sizes", "bins"),
    [
        ([], [5], None),
        ([0.5, 1.5], [5], None),
        ([0.5, np.nan], [5], None),
        ([0.5], [5], [1]),
        ([0.5], [0], None),
    ],
)
def test_what_does_not_match_is_refused(p: Any, sizes: Any, bins: Any) -> None:
    with pytest.raises(InputError):
        calibration_curve(np.asarray(p, float), sizes, bin=bins)


def test_a_few_events_still_make_a_curve() -> None:
    curve = calibration_curve([0.5], 1)
    assert curve.alpha[0] == pytest.approx(0.1) and curve.share[0] == 0 and curve.share[-1] == 1
