"""What a calibration promises of its p-values, in one word and in one sentence."""

from __future__ import annotations

from collections.abc import Iterable

EXACT, SUPER_UNIFORM, ASYMPTOTIC = "exact", "super-uniform", "asymptotic"
TWICE, UNGUARANTEED = "at most twice alpha", "unguaranteed"
GUARANTEES: dict[str, str] = {
    EXACT: "p is exactly uniform for events that are exchangeable with the calibration (randomised form).",
    SUPER_UNIFORM: "p <= alpha has at most the probability alpha for events that are exchangeable with the "
    "calibration.",
    ASYMPTOTIC: "p is uniform in the limit of many effective calibration events; with few it is approximate.",
    TWICE: "p <= alpha has at most the probability 2 alpha and a term that falls with the calibration "
    "(cross_conformal_bound).",
    UNGUARANTEED: "nothing is promised of p: negative weights have no conformal guarantee, not even "
    "asymptotically in the tail.",
}
"""Each guarantee with what it says, the strongest first."""


def weakest(guarantees: Iterable[str]) -> str:
    """The guarantee that holds for all of several p-values."""
    return max(guarantees, key=list(GUARANTEES).index)
