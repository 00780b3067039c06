"""The planted strength that is stored with the sample is what the committed validation ran, and found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strangeness.events.shipped import sample_path
from strangeness.methods.planted import (
    DEMO_SEEDS,
    EMPTY_ABOVE,
    PLANTED_ABOVE,
    planted,
    planted_strength,
)


@pytest.fixture(scope="module")
def validation(repository: Path) -> dict[str, Any]:
    """The committed full result; without it nothing may be quoted."""
    file = repository / "validation" / "results" / "spine.json"
    assert file.is_file(), f"{file} is missing: the demo quotes counts that nothing backs"
    return json.loads(file.read_text(encoding="utf-8"))


def _raws(validation: dict[str, Any], case: str) -> list[dict[str, Any]]:
    return [shard["raw"] for shard in validation["cases"][case]["shards"]]


def test_the_stored_file_is_read() -> None:
    stored = json.loads((sample_path("dijets").parent / "planted.json").read_text(encoding="utf-8"))
    assert stored == {
        "expected": planted().expected,
        "planted_above": planted().planted_above,
        "empty_above": planted().empty_above,
    }
    assert planted_strength() == stored["expected"] > 0


@pytest.mark.parametrize("case", ["planted", "empty"])
def test_the_validation_ran_the_demo_s_seeds(validation: dict[str, Any], case: str) -> None:
    assert tuple(sorted(raw["seed"] for raw in _raws(validation, case))) == DEMO_SEEDS


def test_the_planted_count_is_the_validation_s(validation: dict[str, Any]) -> None:
    counted = sum(raw["global_z"] > PLANTED_ABOVE for raw in _raws(validation, "planted"))
    assert planted().planted_above == counted


def test_the_empty_count_is_the_validation_s(validation: dict[str, Any]) -> None:
    counted = sum(raw["global_z"] > EMPTY_ABOVE for raw in _raws(validation, "empty"))
    assert planted().empty_above == counted


def test_the_strength_is_the_validation_s(validation: dict[str, Any]) -> None:
    row = next(r for r in validation["rows"] if r["name"].startswith("planted: share of 20 seeds"))
    assert f"at {planted_strength():g} expected events" in row["why"]
    z = np.concatenate([raw["z"] for raw in _raws(validation, "inclusive")])
    assert 1.2 <= np.median(z) <= 1.8  # 1.5 +- 0.3, the band in which the strength is chosen
