"""Who an event is, and what follows from it: its identity, its role and its fold.

An identity is 64 bits held as two 32-bit words, because JAX without x64 truncates ``uint64`` silently. Roles
and folds are hashes of the identity, so that they are the same for any order, chunk, worker or shifted copy.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)


def splitmix64(value: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The splitmix64 finaliser (Steele, Lea and Flood, OOPSLA 2014, fig. 15), element by element."""
    with np.errstate(over="ignore"):
        z = value + _GOLDEN
        z = (z ^ (z >> np.uint64(30))) * _MIX1
        z = (z ^ (z >> np.uint64(27))) * _MIX2
        return z ^ (z >> np.uint64(31))


def salt(name: str) -> np.uint64:
    """A 64-bit number that stands for ``name`` on every machine."""
    return np.frombuffer(hashlib.sha256(name.encode()).digest()[:8], "<u8")[0]


def identities(sample: str, n: int, start: int = 0) -> NDArray[np.uint32]:
    """Identities of events ``start`` to ``start + n`` of the sample called ``sample``, shape (n, 2)."""
    index = np.arange(start, start + n, dtype=np.uint64)
    return as_words(splitmix64(splitmix64(index) ^ salt(sample)))


def as_words(identity: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """64-bit identities (n,) as two 32-bit words (n, 2)."""
    return np.ascontiguousarray(identity, "<u8").view("<u4").reshape(-1, 2)


def as_uint64(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Two 32-bit words (n, 2) as 64-bit identities (n,)."""
    return np.ascontiguousarray(words, "<u4").view("<u8").reshape(-1)


def uniform(words: NDArray[np.uint32], purpose: str) -> NDArray[np.float64]:
    """A number in [0, 1) for each event that depends on its identity and on ``purpose`` alone."""
    mixed = splitmix64(as_uint64(words) ^ salt(purpose))
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53


def roles(
    words: NDArray[np.uint32], shares: Mapping[str, float], purpose: str
) -> dict[str, NDArray[np.bool_]]:
    """A mask for each role in ``shares`` (positive numbers, any sum); each event has exactly one role."""
    total = sum(shares.values())
    edges = np.cumsum([share / total for share in shares.values()])
    edges[-1] = 1.0
    which = np.searchsorted(edges, uniform(words, purpose), side="right")
    return {name: which == index for index, name in enumerate(shares)}
