"""Lanes by the processor's features."""

from __future__ import annotations

import pytest
from llvmlite import binding

from strangeness.core.errors import InputError
from strangeness.quantum.kernel import compiled


@pytest.mark.parametrize(
    ("features", "lanes"),
    [
        ({"avx512f": True, "avx2": True}, 16),
        ({"avx512f": False, "avx2": True}, 8),
        ({"neon": True}, 4),
        ({}, 4),
    ],
)
def test_lanes_follow_the_processor(
    monkeypatch: pytest.MonkeyPatch, features: dict[str, bool], lanes: int
) -> None:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    monkeypatch.setattr(binding, "get_host_cpu_features", lambda: features)
    assert compiled.best_lanes() == lanes


@pytest.mark.parametrize("wanted", ["many", "32", "-4"])
def test_a_wrong_variable_is_refused(monkeypatch: pytest.MonkeyPatch, wanted: str) -> None:
    monkeypatch.setenv(compiled.VARIABLE, wanted)
    with pytest.raises(InputError, match="lanes"):
        compiled.best_lanes()
