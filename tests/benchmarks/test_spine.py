"""The cases of the spine fill its targets, and those without a rival run here."""

from pathlib import Path

import pytest

from benchmarks import spine
from harness.targets import load_targets

CASES = {case.name: case for case in spine.CASES}


def test_every_target_has_exactly_one_case(repository: Path) -> None:
    targets = load_targets(repository / "benchmarks" / "targets")["spine"]
    rows = [row for case in spine.CASES for row in case.rows]
    assert sorted(rows) == sorted(target.name for target in targets)
    assert len(CASES) == len(spine.CASES)


@pytest.mark.parametrize("name", ["conformal-memory", "import-heavy"])
def test_counts_without_a_rival_meet_their_goals(repository: Path, name: str) -> None:
    targets = {t.name: t for t in load_targets(repository / "benchmarks" / "targets")["spine"]}
    case = CASES[name]
    for row, measured in case.measured([case.shard(0, 1)]).items():
        assert targets[row].met(measured.value), (row, measured)


def test_background_of_the_bump_hunt_is_positive_and_falls() -> None:
    background = spine._background()
    assert background.sum() == pytest.approx(6000.0)
    assert background.min() > 0
    assert background[0] > background[-1]
