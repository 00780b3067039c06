"""One p-value from several, where they are independent."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from strangeness.core.errors import InputError

Method = Literal["fisher", "stouffer"]
_SCIPY = ("fisher", "stouffer")


def combined(p: ArrayLike, method: Method = "fisher", *, calibration: Sequence[Hashable]) -> float:
    """The p-value of several independent ones, by Fisher's or Stouffer's method.

    Args:
        p: (n,) p-values in (0, 1].
        method: "fisher" or "stouffer".
        calibration: (n,) a name of the calibration sample of each p-value.

    Raises:
        InputError: when two p-values share a calibration sample, which makes them dependent, or for p-values,
            names or a method that cannot be used.
    """
    values, names = np.asarray(p, np.float64), list(calibration)
    if values.ndim != 1 or values.size == 0 or not np.all((values > 0) & (values <= 1)):
        raise InputError("p-values that are not n numbers in (0, 1]", "Calibrate the scores first.")
    if len(names) != values.size:
        raise InputError(
            f"{len(names)} names of calibrations for {values.size} p-values", "Give one name a p-value."
        )
    if method not in _SCIPY:
        raise InputError(f"the method '{method}'", "Give 'fisher' or 'stouffer'.")
    seen: dict[Hashable, int] = {}
    for index, name in enumerate(names):
        if name in seen:
            raise InputError(
                f"p-values {seen[name]} and {index} share the calibration '{name}' and are dependent",
                "Count p <= alpha with the beta-binomial law (CountingExperiment), or simulate both.",
            )
        seen[name] = index
    from scipy.stats import combine_pvalues

    return float(np.asarray(combine_pvalues(values, method)[1]))
