"""The study counts what it says, from data sets that never come twice."""

import numpy as np

from strangeness.core.identity import as_uint64
from validation import statistics_study as study
from validation.statistics_linear import Sample
from validation.statistics_toys import World


def test_counts_are_cumulative_and_complete() -> None:
    raw = study.counts(study.linear_split, World(400, 1200), 5, 0, 3)
    assert raw["sets"] == 5
    for name in ("global", "local"):
        assert raw[name] == sorted(raw[name]) and 0 <= raw[name][-1] <= 5


def test_shards_share_no_data_set() -> None:
    seen: list[int] = []

    def one(world: World, seed: int) -> dict[str, float]:
        seen.append(seed)
        return {"global": 0.5}

    for index in range(3):
        study.counts(one, study.LINEAR, 4, index, 100 + index)
    assert len(set(seen)) == 12


def test_a_signal_is_counted_apart_and_makes_p_smaller() -> None:
    world = World(400, 1200, signal=120.0)
    p = [study.linear_split(world, seed)["local"] for seed in range(4)]
    assert np.median(p) < 0.01


def test_ratios_carry_their_poisson_interval() -> None:
    raws = [{"sets": 500, "global": [0, 0, 7, 20, 30, 200]}, {"sets": 500, "global": [0, 1, 3, 9, 40, 260]}]
    found = study.over_expected(raws, "global", 1e-2)
    assert found.value == 1.0
    # exact 95 % interval of 10 counts: 4.80 to 18.39
    assert found.note == "10 of 1,000 data sets where 10 are expected, 95 %: 0.48 to 1.84"


def test_worlds_are_fresh_and_events_distinct() -> None:
    data, reference = study.LINEAR.draw([1, 1], "a")
    other, _ = study.LINEAR.draw([2, 1], "b")
    every = np.concatenate([as_uint64(part.id) for part in (data, reference, other)])
    assert np.unique(every).size == every.size
    sample = Sample.of(data, reference)
    assert sample.is_data.sum() == len(data) and not np.any(sample.train & sample.calibrate)
