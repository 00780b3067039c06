"""What every part of a report is made of: finite numbers, and nothing that it does not know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import ConfigDict, Field

Finite = Annotated[float, Field(allow_inf_nan=False)]
Gap = Finite | None
"""A number, or None where there is none (a curve that has ended)."""
CLOSED = ConfigDict(extra="forbid", frozen=True)
"""Frozen; a key that a part does not know is an error."""


def agree(names: str, *lists: Sequence[Any]) -> None:
    """Refuse lists of different lengths; pydantic turns the error into its own."""
    if len({len(values) for values in lists}) > 1:
        raise ValueError(f"{names} need equal lengths")
