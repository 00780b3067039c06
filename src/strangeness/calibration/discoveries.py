"""Single events that stand out, with the share of false ones among them controlled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.calibration.conformal import ConformalNull
from strangeness.calibration.guarantee import SUPER_UNIFORM
from strangeness.calibration.mondrian import MondrianNull
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Null
from strangeness.stats.multiple import benjamini_hochberg, benjamini_yekutieli

Dependence = Literal["independent", "shared-deterministic", "any"]
_WHY: dict[str, tuple[str, str]] = {
    "independent": ("Benjamini-Hochberg", "the p-values are independent"),
    "shared-deterministic": (
        "Benjamini-Hochberg",
        "deterministic conformal p-values that share a calibration are positively dependent "
        "(arXiv:2104.08279, theorem 2)",
    ),
    "any": ("Benjamini-Yekutieli", "positive dependence of the p-values is not known"),
}


@dataclass(frozen=True)
class Discoveries:
    """Rejected null hypotheses.

    Attributes:
        rejected: (n,) whether each event is a discovery.
        threshold: the largest rejected p, 0 without discoveries.
        procedure: "Benjamini-Hochberg" or "Benjamini-Yekutieli".
        label: the procedure, its level and why it was taken, in words.
    """

    rejected: NDArray[np.bool_]
    threshold: float
    procedure: str
    label: str


def discoveries(p: ArrayLike, level: float, dependence: Dependence | Null = "any") -> Discoveries:
    """Events whose expected share of false discoveries is at most ``level``.

    Args:
        p: (n,) p-values in [0, 1].
        level: accepted expected share of false discoveries, between 0 and 1.
        dependence: "independent"; "shared-deterministic" for deterministic unweighted split or Mondrian
            p-values of one calibration; "any" for all other; or the null that made them, which decides.

    Raises:
        InputError: for p-values that are none, a level outside (0, 1), or an unknown dependence.
    """
    values = np.asarray(p, np.float64)
    if values.ndim != 1 or not np.all((values >= 0) & (values <= 1)):
        raise InputError("p-values that are not n numbers in [0, 1]", "Calibrate the scores first.")
    if not 0 < level < 1:
        raise InputError(f"a level of {level}", "Give a share of false discoveries between 0 and 1.")
    kind = dependence_of(dependence) if isinstance(dependence, Null) else dependence
    if kind not in _WHY:
        raise InputError(f"the dependence '{kind}'", nearest(str(kind), _WHY))
    procedure, why = _WHY[kind]
    control = benjamini_hochberg if procedure == "Benjamini-Hochberg" else benjamini_yekutieli
    rejected, threshold = control(values, level)
    return Discoveries(rejected, threshold, procedure, f"{procedure} at {level:g}: {why}")


def dependence_of(null: Null) -> Dependence:
    """What is known of the p-values of several events that one null made."""
    known = isinstance(null, ConformalNull | MondrianNull) and null.guarantee == SUPER_UNIFORM
    return "shared-deterministic" if known else "any"
