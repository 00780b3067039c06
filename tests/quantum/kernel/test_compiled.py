"""Lanes by the processor's features, and compilation where nothing can be written."""

from __future__ import annotations

from typing import Any

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


def test_without_a_place_for_the_cache_it_compiles_all_the_same() -> None:
    calls: list[dict[str, Any]] = []

    def decorator(signature: str, **options: Any) -> Any:
        calls.append(options)
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return lambda function: (signature, function)

    assert compiled.cached_on_disk(decorator, "signature", len) == ("signature", len)
    assert [options.get("cache", False) for options in calls] == [True, False]


def test_the_sources_are_part_of_the_cache_key() -> None:
    assert compiled.fingerprint() == compiled.fingerprint() != 0
