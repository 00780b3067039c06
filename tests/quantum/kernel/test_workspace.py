"""The scratch memory of a tile holds all its parts: what lies behind its end would be somebody else's."""

from __future__ import annotations

from typing import Any

import pytest

from strangeness.quantum.kernel import workspace
from strangeness.quantum.kernel.workspace import Memory, Shape


@pytest.mark.parametrize("kept", [False, True])
def test_the_whole_is_the_sum_of_the_parts(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    """The functions are read as Python: there is no compiled form that could be called."""
    lengths: Any = workspace.part_lengths
    total: Any = workspace.total_length
    shape = Shape(
        n=5,
        layers=3,
        rotations=2,
        keep_states=kept,
        keep_phases=kept,
        adjoint=kept,
        entanglers=1,
        signed=False,
    )
    parts = lengths.py_func(shape)
    assert len(parts) == len(Memory._fields) and all(part >= 0 for part in parts)
    monkeypatch.setattr(workspace, "part_lengths", lengths.py_func)
    assert total.py_func(shape) == sum(parts)
