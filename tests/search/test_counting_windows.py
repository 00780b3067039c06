"""Several regions as a search, against the scan of windows and single counts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.search.counting import CountingExperiment
from strangeness.search.counting_windows import CountingWindows
from strangeness.search.result import SearchResult
from strangeness.search.systematics import Systematic
from strangeness.stats.selection import SelectionLaw

LAW = SelectionLaw(np.array([3000.0, 4000.0, 5000.0, 6000.0]), np.full(3, 40.0), np.full(3, 360.0), 0.1)
REGIONS = ((3000.0, 4000.0), (5000.0, 6000.0))


def _events() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(6)
    mass = rng.uniform(3000, 6000, 900)
    return np.where((mass > 5000) & (rng.random(900) < 0.1), 0.01, rng.random(900)), mass


def test_the_smallest_p_of_independent_regions_is_sidaks_up_to_steps() -> None:
    p, mass = _events()
    rng = np.random.default_rng(1)
    result = CountingWindows(0.1, REGIONS).run(p, mass, selection_law=LAW, rng=rng)
    single = [
        CountingExperiment(0.1, region).run(p, mass, selection_law=LAW, rng=rng).local_p for region in REGIONS
    ]
    assert result.window == REGIONS[int(np.argmin(single))] and result.local_p == pytest.approx(min(single))
    # the other region can only give p-values of its own steps: at most Sidak's
    assert min(single) <= result.global_p <= 1 - (1 - min(single)) ** 2 + 1e-12
    assert "any of the regions" in result.statement() and SearchResult.from_dict(result.to_dict()) == result


def test_the_spectrum_holds_the_regions_and_nothing_between() -> None:
    p, mass = _events()
    spectrum = (
        CountingWindows(0.1, REGIONS).run(p, mass, selection_law=LAW, rng=np.random.default_rng(1)).spectrum
    )
    assert (
        spectrum.edges == (3000.0, 4000.0, 5000.0, 6000.0) and spectrum.counts[1] == spectrum.fitted[1] == 0
    )
    assert spectrum.counts[0] == np.sum((p <= 0.1) & (mass < 4000))
    assert spectrum.fitted[2] == pytest.approx(0.1 * np.sum(mass >= 5000))


def test_null_p_values_are_uniform() -> None:
    found = []
    for seed in range(200):
        rng = np.random.default_rng([8, seed])
        efficiency = rng.beta(40, 360, 3)
        mass = rng.uniform(3000, 6000, 600)
        passed = rng.random(600) < efficiency[np.searchsorted([4000, 5000], mass)]
        p = np.where(passed, 0.05, 0.5)
        result = CountingWindows(0.1, REGIONS).run(p, mass, selection_law=LAW, rng=rng)
        found.append(result.global_p_randomised)
    assert stats.kstest(found, "uniform").pvalue > 1e-3


def test_what_it_cannot_carry_is_refused() -> None:
    p, mass = _events()
    search, rng = CountingWindows(0.1, REGIONS), np.random.default_rng(1)
    with pytest.raises(InputError, match="weighted data in several counting regions"):
        search.run(p, mass, selection_law=LAW, rng=rng, weight=mass)
    with pytest.raises(InputError, match="systematics in several counting regions"):
        search.run(p, mass, selection_law=LAW, rng=rng, systematics=(Systematic("a", (0.1,), (-0.1,)),))
    with pytest.raises(InputError, match="without regions"):
        CountingWindows(0.1, ()).run(p, mass, selection_law=LAW, rng=rng)
