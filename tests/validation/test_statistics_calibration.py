"""The expectations that the rows of calibration are judged by, and the shape of a shard."""

import numpy as np
import pytest
from scipy import stats

from validation import statistics_calibration as calibration


def test_names_are_unique() -> None:
    rows = [row for case in calibration.CASES for row in case.rows]
    assert len(rows) == len(set(rows))
    assert len({case.name for case in calibration.CASES}) == len(calibration.CASES)
    assert all(case.shards * calibration.PER_SHARD == 10_000 for case in calibration.CASES)


def test_plain_calibration_fails_by_the_predicted_amount() -> None:
    rng, n, k = np.random.default_rng(0), calibration.N_CAL, 10
    cuts = [np.sort(calibration._shifted(rng, n, calibration.SHARE)[0])[-k] for _ in range(4000)]
    rate = 0.5 * stats.norm.sf(cuts) + 0.5 * stats.norm.sf(np.array(cuts) - calibration.UPPER)
    assert calibration.plain_expected() == pytest.approx(rate.mean(), abs=4 * rate.std() / np.sqrt(4000))


@pytest.mark.parametrize("name", ["split", "bh-independent", "false-shares"])
def test_a_shard_gives_its_rows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibration, "PER_SHARD", 20)
    case = next(case for case in calibration.CASES if case.name == name)
    raw = case.shard(0, 1)
    assert raw["n"] == 20 and raw == case.shard(0, 1)
    assert all(0 <= measured.value <= 1 for measured in case.measured([raw, raw]).values())


def test_counts_become_exact_tests() -> None:
    assert calibration.binomial(5, 100, 0.05, "two-sided").value == pytest.approx(1.0)
    assert calibration.binomial(20, 100, 0.05, "greater").value < 1e-6
    assert calibration.rate(20, 100, 0.05).value == 0.2
