"""The study's fast chain reports what ``search`` reports from the same data set, to the last digit."""

from dataclasses import replace

import numpy as np
import pytest

from validation.statistics_linear import HUNT, Sample, exchange_p, search, selected, split_p, statistics
from validation.statistics_toys import World

WORLD = World(data=1000, reference=3000)


@pytest.mark.parametrize("seed", [0, 3])
def test_p_values_are_those_of_a_search(seed: int, x64: None) -> None:
    data, reference = WORLD.draw([1, seed], f"toy {seed}")
    sample = Sample.of(data, reference)
    for same_data, found in ((False, split_p(sample, seed)), (True, exchange_p(sample, seed, 39)[:2])):
        for hunt, p in zip((True, False), found, strict=True):
            analysis = search(same_data=same_data, hunt=hunt, toys=39)
            assert analysis.run(data, reference, seed=seed).result.global_p == p


def test_toys_of_the_exchange_are_fresh_searches(x64: None) -> None:
    """Label assignments at once give what each gives alone, and equal histograms equal statistics."""
    data, reference = WORLD.draw([1, 5], "toy 5")
    sample, rng = Sample.of(data, reference), np.random.default_rng(1)
    labels = np.stack([rng.permutation(sample.is_data) for _ in range(5)])
    together = selected(sample, labels, same_data=True)
    shape = together.counts[:, 0]
    alone = [selected(sample, label[None], same_data=True) for label in labels]
    np.testing.assert_array_equal(np.hstack([one.counts for one in alone]), together.counts)
    each = np.concatenate([statistics(one, shape) for one in alone])
    np.testing.assert_allclose(statistics(together, shape), each, atol=2e-8)
    twice = replace(together, counts=np.repeat(together.counts[:, :1], 5, axis=1))
    assert np.unique(statistics(twice, shape)[:, 0]).size == 1


def test_the_window_of_the_count_is_a_bin_of_the_calibration_and_the_hunt_covers_all() -> None:
    data, _ = WORLD.draw([2, 0], "toy")
    edges = HUNT.bin_edges()
    assert np.all((data.column("mjj") >= edges[0]) & (data.column("mjj") < edges[-1]))
