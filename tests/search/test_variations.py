"""Shifted copies of a reference against the changes that were put in by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import identities
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.variations import FEWEST, Selected, carried, groups, refuse_strangers

EDGES = (3000.0, 3200.0, 3500.0, 4000.0, 5000.0, 6000.0)
HUNT = BumpHunt(edges=EDGES)
COUNT = CountingExperiment(alpha=0.5, region=(3000.0, 4000.0))


def _sample(n: int = 4000) -> Selected:
    rng = np.random.default_rng(4)
    mass = rng.uniform(3000, 6000, n)
    return Selected(identities("toy", n), mass, np.ones(n), rng.random(n) < 0.5)


def test_a_change_in_some_bins_is_found_there() -> None:
    nominal = _sample()
    moved = replace(nominal, weight=np.where(nominal.context < 3500, 1.2, 0.9))
    item = carried(HUNT, "scale", nominal, moved)
    np.testing.assert_allclose(item.up, [0.2, 0.2, -0.1, -0.1, -0.1], rtol=1e-12)
    np.testing.assert_allclose(item.down, [1 / 1.2 - 1] * 2 + [1 / 0.9 - 1] * 3, rtol=1e-11)
    both = carried(HUNT, "scale", nominal, moved, replace(nominal, weight=np.full(4000, 0.7)))
    np.testing.assert_allclose(both.down, [-0.3] * 5, rtol=1e-12)


def test_bins_with_few_events_share_one_change() -> None:
    counts = np.array([30.0, 10.0, 10.0, 10.0, 40.0, 5.0, 5.0])
    assert groups(counts, 1.0).tolist() == [0, 1, 1, 1, 2, 2, 2]
    assert groups(3 * counts, 3.0).tolist() == groups(counts, 1.0).tolist()
    assert groups(np.ones(3), 1.0).tolist() == [0, 0, 0]


def test_a_count_takes_the_change_of_the_efficiency() -> None:
    """All events gain 30 % of weight and a tenth of the selected ones is lost: only the loss is carried."""
    nominal = _sample()
    lost = nominal.passed & (np.cumsum(nominal.passed) % 10 == 0)
    moved = replace(nominal, weight=np.full(4000, 1.3), passed=nominal.passed & ~lost)
    inside = nominal.context < 4000
    change = np.sum(moved.passed & inside) / np.sum(nominal.passed & inside) - 1
    item = carried(COUNT, "energy", nominal, moved)
    np.testing.assert_allclose([*item.up, *item.down], [change, 1 / (1 + change) - 1], rtol=1e-12)


def test_what_cannot_be_seen_is_refused() -> None:
    few, nominal = _sample(20), _sample()
    with pytest.raises(InputError, match=f"It needs {FEWEST:g} or more"):
        carried(HUNT, "scale", few, few)
    with pytest.raises(InputError, match="It needs"):
        carried(replace(COUNT, region=(5990.0, 6000.0)), "scale", nominal, nominal)
    with pytest.raises(ConfigError, match="a search of type object"):
        carried(object(), "scale", nominal, nominal)


def test_a_copy_of_other_events_is_refused() -> None:
    nominal = _sample()
    refuse_strangers("scale", nominal, nominal)
    with pytest.raises(InputError, match="'scale': 0% of the shifted events are in the reference"):
        refuse_strangers("scale", nominal, replace(nominal, id=identities("other", 4000)))
