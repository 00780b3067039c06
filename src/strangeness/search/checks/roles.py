"""Is every event in one role only? A rule, not a test: one shared event is one too many."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from strangeness.core.identity import as_uint64
from strangeness.search.check import Check


def disjoint_roles(roles: Mapping[str, NDArray[np.uint32]]) -> Check:
    """Whether no event has two roles.

    Args:
        roles: role -> identities (n, 2) of its events: what trained, what calibrated, what checks, what is
            tested.
    """
    known = {name: np.unique(as_uint64(np.asarray(words, np.uint32))) for name, words in roles.items()}
    shared = {
        (one, other): int(np.intersect1d(known[one], known[other], assume_unique=True).size)
        for one, other in combinations(known, 2)
    }
    found = {pair: count for pair, count in shared.items() if count}
    total = sum(found.values())
    text = "no event has two roles"
    if found:
        (one, other), most = max(found.items(), key=lambda item: item[1])
        text = f"{most} event{'s have' if most > 1 else ' has'} the roles '{one}' and '{other}' at once"
    return Check("disjoint roles", 0.0 if found else 1.0, float(total), not found, text)
