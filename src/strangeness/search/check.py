"""One validity check of a search."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """What was tested, with what outcome: ``passed`` is False where the joint test rejects.

    Attributes:
        name: short name, e.g. "mass sculpting".
        p: p-value of the check, null hypothesis "the search is valid"; 1 or 0 where the check is a rule.
        statistic: the value that was compared with its null law.
        passed: whether it passed at the joint level.
        text: one sentence for the reader.
        reach: what the check would have missed, for the reader; empty where it was not asked.
    """

    name: str
    p: float
    statistic: float
    passed: bool
    text: str
    reach: str = ""
