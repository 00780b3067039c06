"""Whether the reference reaches where the data are; without it a calibration would be extrapolated."""

from __future__ import annotations

import numpy as np

from strangeness.core.errors import InputError
from strangeness.events.events import Events

CHANCE = 1e-6


def refuse_uncovered(data: Events, reference: Events, context: str, limits: tuple[float, float]) -> None:
    """Compare the ends of both samples within the searched range.

    Of n data and m reference events from one spectrum, the k largest are all data with a chance of about
    (n / (n + m))^k; so a few events beyond the reference's last are allowed, a tail that it lacks is not.

    Raises:
        InputError: when more data lie beyond an end of the reference than a chance of ``CHANCE`` allows, or
            none lies in the range.
    """
    ours, theirs = (part.inside(context, *limits).column(context) for part in (data, reference))
    low, high = float(theirs.min()), float(theirs.max())
    beyond = max(int(np.sum(ours < low)), int(np.sum(ours > high)))
    if beyond * np.log(len(ours) / (len(ours) + len(theirs))) < np.log(CHANCE):
        raise InputError(
            f"{beyond} events of the data lie outside the reference's {context}, {low:g} to {high:g}",
            "Give a reference that covers the data, or narrow the range (--range LO HI).",
        )
