"""Whether the reference reaches where the data are; without it a calibration would be extrapolated."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Array = NDArray[np.floating[Any]]
CHANCE = 1e-6


def refuse_uncovered(data: Array, reference: Array, context: str, limits: tuple[float, float]) -> None:
    """Compare the ends of the ``context`` of both samples, (n,) and (m,), within the searched range.

    Of n data and m reference events from one spectrum, the k largest are all data with a chance of about
    (n / (n + m))^k; so a few events beyond the reference's last are allowed, a tail that it lacks is not.

    Raises:
        InputError: when more data lie beyond an end of the reference than a chance of ``CHANCE`` allows, or
            none lies in the range.
    """
    ours, theirs = (_inside(part, context, limits) for part in (data, reference))
    low, high = float(theirs.min()), float(theirs.max())
    beyond = max(int(np.sum(ours < low)), int(np.sum(ours > high)))
    if beyond * np.log(len(ours) / (len(ours) + len(theirs))) < np.log(CHANCE):
        raise InputError(
            f"{beyond} events of the data lie outside the reference's {context}, {low:g} to {high:g}",
            "Give a reference that covers the data, or narrow the range (--range LO HI).",
        )


def _inside(values: Array, context: str, limits: tuple[float, float]) -> Array:
    kept = values[(values >= limits[0]) & (values < limits[1])]
    if not kept.size:
        raise InputError(
            f"no event with {context} in [{limits[0]:g}, {limits[1]:g}); it runs from {values.min():g} "
            f"to {values.max():g}",
            "Change the range or check the unit (GeV).",
        )
    return kept
