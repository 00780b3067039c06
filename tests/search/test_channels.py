"""Channels together: closed forms for independent ones, and what each keeps of its own."""

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.channels import Channels, observed_windows, pseudo_windows
from strangeness.search.template import FixedExpectation, TemplateBackground
from tests.search.spectra import EDGES, falling

BINS = EDGES.size - 1
FIXED = BumpHunt(edges=tuple(EDGES), background=FixedExpectation(tuple(falling(60))), alpha=None)
FITTED = BumpHunt(edges=tuple(EDGES), background=DijetFunction(3), alpha=None)


def test_two_known_channels_have_the_closed_form() -> None:
    rng = np.random.default_rng(0)
    counts = rng.poisson(falling(60))
    counts[3] += 6
    result = Channels({"a": FIXED, "b": FIXED}, n_pseudo=100_000).run_counts(
        {"a": counts, "b": np.round(falling(60))}, rng=rng
    )
    p = (
        BumpHunt(edges=FIXED.edges, background=FIXED.background, alpha=None, n_pseudo=100_000)
        .run_counts(counts, rng=np.random.default_rng(1))
        .global_p
    )
    # both p are estimates from 100,000 pseudo-experiments: four standard deviations of the difference
    exact = 1 - (1 - p) ** 2
    tolerance = 4 * np.sqrt(exact / 100_000 + 4 * p / 100_000)
    assert result.outcome.p == pytest.approx(exact, abs=tolerance)
    assert result.channel == "a" and result.window == result.results["a"].window
    assert result.t == pytest.approx(-result.results["a"].local_log_p)


def test_each_channel_keeps_its_own_result() -> None:
    counts = {"a": np.random.default_rng(2).poisson(falling(60)), "b": np.round(falling(900))}
    result = Channels({"a": FIXED, "b": FITTED}, n_pseudo=300).run_counts(
        counts, rng=np.random.default_rng(3)
    )
    for name, hunt in (("a", FIXED), ("b", FITTED)):
        scan = hunt.null(counts[name]).observed()
        assert result.results[name].local_log_p == -float(scan.t[0])
        assert result.results[name].n_pseudo == 300
    # the same pseudo-experiments: the joint statistic of each is at least that of the leading channel
    assert result.results[result.channel].global_p <= result.outcome.p
    assert "no event, no calibration event" in result.assumptions[0]


def test_windows_of_a_channel_hold_its_own_statistic() -> None:
    reference = tuple(int(n) for n in np.round(falling(500)))
    template = BumpHunt(edges=tuple(EDGES), background=TemplateBackground(reference), alpha=None)
    for hunt in (FIXED, FITTED, template):
        null = hunt.null(np.round(falling(500)))
        windows = pseudo_windows(null, np.random.default_rng(4), 50, hunt.widths)
        largest = null.pseudo(np.random.default_rng(4), 50)
        np.testing.assert_allclose(windows.max(axis=0), largest, rtol=1e-9, atol=1e-9)
        assert observed_windows(null, hunt.widths).max() == pytest.approx(float(null.observed().t[0]))


def test_an_excess_at_the_same_mass_adds_up() -> None:
    one, two = np.round(falling(60)), np.round(falling(800))
    one[5:7] += 5
    two[5:7] += 25
    counts = {"a": one, "b": two}
    hunts = {"a": FIXED, "b": FITTED}
    single = Channels(hunts, n_pseudo=4000).run_counts(counts, rng=np.random.default_rng(5))
    joint = Channels(hunts, "same mass", n_pseudo=4000).run_counts(counts, rng=np.random.default_rng(5))
    assert joint.outcome.p < single.outcome.p and joint.t > single.t
    assert joint.window == (EDGES[5], EDGES[7]) and joint.channel == ""
    t = -joint.results["a"].local_log_p, -joint.results["b"].local_log_p
    assert joint.t <= sum(t) + 1e-9
    assert joint.local_p == pytest.approx(stats.chi2.sf(2 * joint.t, 4))


@pytest.mark.parametrize("combine", ["largest", "same mass"])
def test_joint_p_is_uniform(combine) -> None:
    rng, p = np.random.default_rng(6), []
    channels = Channels({"a": FIXED, "b": FITTED}, combine, n_pseudo=99, stop_after=8)
    for _ in range(120):
        counts = {"a": rng.poisson(falling(60)), "b": rng.poisson(falling(300))}
        p.append(channels.run_counts(counts, rng=rng).outcome.randomised)
    assert stats.kstest(p, "uniform").pvalue > 1e-3


def test_unusable_channels_are_named() -> None:
    counts, rng = np.ones(BINS), np.random.default_rng(0)
    other = BumpHunt(lo=2700, hi=7000, alpha=None)
    with pytest.raises(InputError, match="one histogram for each"):
        Channels({"a": FIXED}).run_counts({"b": counts}, rng=rng)
    with pytest.raises(InputError, match="different bins"):
        Channels({"a": FIXED, "b": other}, "same mass").run_counts({"a": counts, "b": counts}, rng=rng)
    with pytest.raises(InputError, match="n_pseudo"):
        Channels({"a": FIXED}, n_pseudo=0).run_counts({"a": counts}, rng=rng)
    with pytest.raises(InputError, match="combine"):
        Channels({"a": FIXED}, "sum").run_counts({"a": counts}, rng=rng)  # type: ignore[arg-type]


@pytest.mark.parametrize("widths", [(1,), (1, 3), (BINS,)])
def test_joint_numbers_of_two_known_channels_by_loops(widths: tuple[int, ...]) -> None:
    means = falling(60), falling(200)
    hunts = {
        name: BumpHunt(
            edges=tuple(EDGES), background=FixedExpectation(tuple(mean)), alpha=None, widths=widths
        )
        for name, mean in zip("ab", means, strict=True)
    }
    rng = np.random.default_rng(12)
    counts = {name: rng.poisson(mean) for name, mean in zip("ab", means, strict=True)}
    counts["a"][-1] += 3
    best = {"a": 0.0, "b": 0.0, "same": (0.0, 0, widths[0])}
    for width in widths:
        for first in range(BINS - width + 1):
            total = 0.0
            for name, mean in zip("ab", means, strict=True):
                n, b = counts[name][first : first + width].sum(), mean[first : first + width].sum()
                t = -stats.poisson.logsf(n - 1, b) if n > b else 0.0
                best[name], total = max(best[name], t), total + t
            if total > best["same"][0]:
                best["same"] = (total, first, width)
    told: list[tuple[int, int]] = []
    joint = Channels(hunts, "same mass", n_pseudo=5000).run_counts(
        counts, rng=np.random.default_rng(1), progress=lambda done, total: told.append((done, total))
    )
    t, first, width = best["same"]
    assert joint.t == pytest.approx(t) and joint.window == (EDGES[first], EDGES[first + width])
    assert joint.local_p == pytest.approx(stats.chi2.sf(2 * t, 4)) and len(joint.assumptions) == 2
    # chunks of 4,096
    assert told == [(4096, 5000), (5000, 5000)] and joint.outcome.n_pseudo == 5000
    single = Channels(hunts, n_pseudo=10).run_counts(counts, rng=np.random.default_rng(1))
    assert single.t == pytest.approx(max(best["a"], best["b"])) and single.local_p == pytest.approx(
        np.exp(-single.t)
    )
    assert single.channel == ("a" if best["a"] >= best["b"] else "b") and len(single.assumptions) == 1
    for name in "ab":
        assert -single.results[name].local_log_p == pytest.approx(best[name])
