"""The names of jet features, and which of them are infrared and collinear safe."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from strangeness.core.errors import InputError, nearest

MOST_AXES = 9
SHAPES = frozenset({"mass", "pt", "multiplicity", "girth", "width", "ptd"})
DROPPED = frozenset({"softdrop_mass", "z_g", "r_g"})
CORRELATED = frozenset({"e2", "e3", "c2", "d2"})
_TAUS = tuple(f"tau{n}" for n in range(1, MOST_AXES + 1))
_RATIOS = tuple(f"tau{n}{n - 1}" for n in range(2, MOST_AXES + 1))

Safety = Literal["infrared and collinear", "ratio", "no"]

SAFETY: Mapping[str, Safety] = MappingProxyType(
    {
        "mass": "infrared and collinear",
        "pt": "infrared and collinear",
        "multiplicity": "no",
        "girth": "infrared and collinear",
        "width": "infrared and collinear",
        "ptd": "no",
        "softdrop_mass": "infrared and collinear",
        "z_g": "no",
        "r_g": "infrared and collinear",
        "e2": "infrared and collinear",
        "e3": "infrared and collinear",
        "c2": "ratio",
        "d2": "ratio",
        **dict.fromkeys(_TAUS, "infrared and collinear"),
        **dict.fromkeys(_RATIOS, "ratio"),
    }
)
"""Feature -> what it does not depend on.

A "ratio" is safe only away from a vanishing denominator: where that is 0 the ratio is set to 0, and the
softest emission moves it by its whole range (arXiv:1307.1699). ``z_g`` is not safe for the same reason
(arXiv:1502.01719). ``multiplicity`` changes with every particle, ``ptd`` with every collinear splitting.
"""

SAFE = tuple(name for name, safety in SAFETY.items() if safety == "infrared and collinear")
"""The infrared- and collinear-safe features."""


def refuse_features(features: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    """Refuse none, one named twice, unknown ones, and those that are not among the allowed ones.

    Raises:
        InputError: naming the feature.
    """
    if not features or len(set(map(str, features))) < len(features):
        raise InputError(f"the features {list(features)[:12]}", "Name one or more, each once.")
    for name in features:
        if name in SAFETY and name not in allowed:
            raise InputError(
                f"the feature '{name}' is not infrared and collinear safe", "Ask JetFeatures for it."
            )
        if name not in SAFETY:
            raise InputError(f"no feature is called '{name}'", nearest(str(name), allowed))
