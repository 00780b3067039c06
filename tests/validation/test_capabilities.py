"""Every capability of both harnesses loads, and its cases fill rows that have bounds."""

import pytest

from benchmarks.__main__ import HARNESS as BENCHMARKS
from harness.recheck import NO_RESULT, recheck
from harness.results import Harness
from harness.shards import load_cases
from validation.__main__ import HARNESS as VALIDATION

CAPABILITIES = [(harness, name) for harness in (BENCHMARKS, VALIDATION) for name in harness.targets()]


@pytest.mark.parametrize(("harness", "name"), CAPABILITIES, ids=[f"{h.package}-{n}" for h, n in CAPABILITIES])
def test_cases_fill_rows_that_have_bounds_once(harness: Harness, name: str) -> None:
    cases = load_cases(harness.package, name)
    rows = [row for case in cases for row in case.rows]
    assert set(rows) <= {target.name for target in harness.targets()[name]}
    assert len(rows) == len(set(rows))
    assert len(cases) == len({case.name for case in cases})
    assert all(case.shards >= 1 for case in cases)


def test_rows_of_validation_have_their_shape() -> None:
    known = VALIDATION.targets()
    rows, _ = recheck(VALIDATION, "spine", budget=-1.0)
    assert [row["name"] for row in rows] == [target.name for target in known["spine"]]
    assert all(list(row) == ["name", "value", "low", "high", "met", "why"] for row in rows)
    assert all(row["met"] is False for row in rows if row["why"].startswith("not run"))


def test_bounds_without_a_module_are_not_run() -> None:
    assert load_cases("validation", "no_such_capability") == []
    assert NO_RESULT.startswith("not run")
