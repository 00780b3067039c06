"""The reference spectrum that the check of the background function fits."""

import numpy as np
import pytest

from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.checks.background_form import spectrum
from strangeness.search.checks.reference import reference_events

HUNT = BumpHunt(lo=2700.0, hi=5500.0, relative_width=0.1)


def test_weighted_reference_is_thinned_to_poisson_counts() -> None:
    rng = np.random.default_rng(3)
    mass = 2700 + 2800 * rng.random(40_000)
    # weights one and three at random: a third of the first kind is kept, all of the second
    weight = np.where(rng.random(mass.size) < 0.5, 1.0, 3.0)
    held = reference_events(rng.random(mass.size), mass, weight)
    edges = HUNT.bin_edges()
    counts = np.array([spectrum(held, None, HUNT, np.random.default_rng(i)) for i in range(40)])
    expected = np.histogram(mass, edges, weights=weight)[0] / 3
    # 40 thinnings know each mean to sqrt(expected / 3) / sqrt(40), below 1.5 % here; four of them
    assert counts.mean(axis=0) == pytest.approx(expected, rel=0.06)
    assert np.all(counts == np.round(counts))


def test_equal_weights_keep_every_event() -> None:
    mass = np.linspace(2700, 5500, 500)
    held = reference_events(np.linspace(0, 1, 500), mass)
    rng = np.random.default_rng(0)
    assert spectrum(held, held, HUNT, rng).sum() == 1000 and rng.random() == np.random.default_rng(0).random()
