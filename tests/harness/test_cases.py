"""Cases declare their rows, and raw values compare exactly or within a stated tolerance."""

import pytest

from harness.cases import Case, Measured, both_at_most, differences
from harness.shards import shard_seed


def test_case_must_give_the_rows_that_it_declares() -> None:
    case = Case("c", ("a", "b"), lambda i, s: {}, 1, lambda raws: {"a": 1.0})
    with pytest.raises(ValueError, match="declares"):
        case.measured([{}])


def test_plain_numbers_become_measured() -> None:
    case = Case("c", ("a",), lambda i, s: {}, 1, lambda raws: {"a": 2})
    assert case.measured([{}]) == {"a": Measured(2.0)}


@pytest.mark.parametrize(
    ("a", "b", "tolerance", "wrong"),
    [
        ({"x": [1, 2.0]}, {"x": [1, 2.0]}, 0.0, 0),
        ({"x": [1, 2.0]}, {"x": [1, 2.0000001]}, 0.0, 1),
        ({"x": [1, 2.0]}, {"x": [1, 2.0000001]}, 1e-6, 0),
        ({"x": 1}, {"y": 1}, 1.0, 1),
        ([1, 2], [1], 1.0, 1),
        ("a", "b", 1.0, 1),
        (True, 1, 1.0, 1),
        (0.0, 0.0, 1e-6, 0),
        (None, None, 1.0, 0),
    ],
)
def test_differences(a: object, b: object, tolerance: float, wrong: int) -> None:
    assert len(differences(a, b, tolerance)) == wrong


def test_rounding_errors_may_differ_below_the_limit() -> None:
    agree = both_at_most(1e-10)
    assert agree({"a": 1e-13, "n": 5}, {"a": 3e-13, "n": 5}) == []
    assert len(agree({"a": 1e-13}, {"a": 1e-9})) == 1
    assert len(agree({"a": 1e-13}, {"a": float("nan")})) == 1
    assert len(agree({"a": 1e-13}, {})) == 1


def test_shard_seeds_are_fixed_and_distinct() -> None:
    seeds = [shard_seed(7, "case", index) for index in range(1000)]
    assert seeds == [shard_seed(7, "case", index) for index in range(1000)]
    assert len(set(seeds)) == 1000
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert shard_seed(8, "case", 0) != shard_seed(7, "case", 0) != shard_seed(7, "other", 0)
