"""A case: how one or more rows of a table are measured, in shards that can be made again one by one.

A capability is a module with a list ``CASES``. To add one, write ``benchmarks/NAME.py`` or
``validation/NAME.py`` and give its rows their bounds in ``targets/NAME.toml`` beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Raw = Mapping[str, Any]


class NotRun(Exception):
    """Raised by a shard that cannot run here, such as for want of a rival; the text says why."""


@dataclass(frozen=True)
class Measured:
    """One number for a row; a benchmark adds what it was made of.

    ``value`` is compared with the bounds. ``ours`` and ``rival`` are the two sides of a ratio in ``unit``;
    ``note`` goes into the row's ``why``.
    """

    value: float
    ours: float | None = None
    rival: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Case:
    """A measurement in shards.

    Attributes:
        name: unique in its capability.
        rows: the rows of ``targets/`` that it fills.
        shard: ``shard(index, seed)`` returns raw counts and values as JSON (dicts with text keys, lists,
            numbers, text); it depends on its two arguments alone. It may raise ``NotRun``.
        shards: how many shards the full result has.
        summarise: from the raw values of all shards, in order, to a ``Measured`` or a number for each row.
        tolerance: how far a number of a repeated shard may be from the committed one, relative to the
            larger of the two (0: exactly equal); text must always be equal.
        agree: replaces this comparison: ``agree(committed, again)`` returns the disagreements, none if empty.
    """

    name: str
    rows: tuple[str, ...]
    shard: Callable[[int, int], Raw]
    shards: int
    summarise: Callable[[Sequence[Raw]], Mapping[str, Measured | float]]
    tolerance: float = 0.0
    agree: Callable[[Raw, Raw], Sequence[str]] | None = None

    def measured(self, raws: Sequence[Raw]) -> dict[str, Measured]:
        """The rows of this case from its raw shards.

        Raises:
            ValueError: when ``summarise`` gives other rows than the case declares.
        """
        found = self.summarise(raws)
        if set(found) != set(self.rows):
            raise ValueError(f"case '{self.name}' declares {sorted(self.rows)} but gives {sorted(found)}")
        return {row: x if isinstance(x, Measured) else Measured(float(x)) for row, x in found.items()}

    def disagreements(self, committed: Raw, again: Raw) -> list[str]:
        """What differs between a committed shard and the same shard made again."""
        if self.agree is not None:
            return list(self.agree(committed, again))
        return differences(committed, again, self.tolerance)


def differences(a: Any, b: Any, tolerance: float, where: str = "raw") -> list[str]:
    """The places where two JSON values differ by more than ``tolerance`` (relative, for numbers)."""
    if isinstance(a, Mapping) and isinstance(b, Mapping) and a.keys() == b.keys():
        return [d for key in a for d in differences(a[key], b[key], tolerance, f"{where}.{key}")]
    if isinstance(a, list | tuple) and isinstance(b, list | tuple) and len(a) == len(b):
        pairs = enumerate(zip(a, b, strict=True))
        return [d for i, (x, y) in pairs for d in differences(x, y, tolerance, f"{where}[{i}]")]
    return [] if _same(a, b, tolerance) else [f"{where}: {_short(a)} committed, {_short(b)} again"]


def both_at_most(limit: float) -> Callable[[Raw, Raw], list[str]]:
    """A comparison of repeated rounding errors: they may differ, but none may exceed ``limit``."""

    def agree(committed: Raw, again: Raw) -> list[str]:
        errors = {key: value for key, value in again.items() if isinstance(value, float)}
        lost = [f"{key} is gone" for key in committed if key not in again]
        return lost + [
            f"{key}: {value:g} is above {limit:g}" for key, value in errors.items() if not value <= limit
        ]

    return agree


def _same(a: Any, b: Any, tolerance: float) -> bool:
    numbers = all(isinstance(x, int | float) and not isinstance(x, bool) for x in (a, b))
    if numbers and tolerance > 0:
        return abs(a - b) <= tolerance * max(abs(a), abs(b))
    return type(a) is type(b) and a == b


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
