"""Repetitions: the sequential rule, and what is kept is used again."""

from pathlib import Path

import numpy as np
import pytest

from strangeness.core.errors import FileError
from strangeness.core.run import running
from strangeness.policies.repeats import CHUNK, repeated_p


def _p(statistic, observed: float, toys: int, stop_after: int | None, settings: str = "s"):
    rng = np.random.default_rng(1)
    return repeated_p(observed, statistic, rng, toys=toys, stop_after=stop_after, settings=settings)


def test_all_toys_count_with_the_data_itself() -> None:
    found, statistics = _p(lambda index: float(index), 17.0, 20, None)
    assert (found.n_pseudo, found.n_extreme, found.p) == (20, 3, 4 / 21)
    np.testing.assert_array_equal(statistics, np.arange(20.0))


def test_stops_at_the_toy_that_makes_it_enough() -> None:
    found, statistics = _p(lambda index: index % 10 + 1e-6 * index, 8.0, 1000, 4)
    assert (found.n_pseudo, found.n_extreme, found.p) == (20, 4, 4 / 20)
    assert statistics.size == 20


def test_a_stopped_run_goes_on_where_it_was(tmp_path: Path) -> None:
    calls: list[int] = []

    def statistic(index: int) -> float:
        calls.append(index)
        if len(calls) == CHUNK + 3:
            raise KeyboardInterrupt
        return float(index)

    with running(checkpoints=tmp_path):
        with pytest.raises(KeyboardInterrupt):
            _p(statistic, 1e9, 3 * CHUNK, None)
        found, statistics = _p(statistic, 1e9, 3 * CHUNK, None)
        assert calls == [*range(CHUNK + 3), *range(CHUNK, 3 * CHUNK)]
        np.testing.assert_array_equal(statistics, np.arange(3.0 * CHUNK))
        assert found.p == 1 / (3 * CHUNK + 1)
        _p(statistic, 1e9, 2, None, "other settings")
        assert calls[-2:] == [0, 1]


def test_damaged_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "null-s-000000.json").write_text("[1, ")
    with running(checkpoints=tmp_path), pytest.raises(FileError, match="null-s-000000"):
        _p(float, 1.0, 5, None)
