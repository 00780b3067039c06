"""Weights that put data and reference on even terms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import InputError


def balanced(batch: Batch, who: str) -> NDArray[np.float64]:
    """The batch's weights (n,), scaled so that data and reference have the same sum and the mean is 1.

    Raises:
        InputError: when one of the two has fewer than two events or no positive total weight.
    """
    totals = np.array([np.sum(batch.weight[batch.sample == sample]) for sample in (0, 1)])
    counts = np.array([np.sum(batch.sample == sample) for sample in (0, 1)])
    for name, count, total in zip(("reference", "data"), counts, totals, strict=True):
        if count < 2 or not total > 0:
            raise InputError(
                f"{who} was given {count} events of {name} with a total weight of {total:g}",
                "It needs both, two events or more each; mark them in 'sample' (0 and 1).",
            )
    return batch.weight * (0.5 * len(batch) / totals)[batch.sample]
