"""The null by label exchange: data and reference shuffled together, and the whole chain run again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.events import Events, concatenate_events
from strangeness.policies.samples import matched

Draw = Callable[[np.random.Generator], tuple[Events, Events]]


@dataclass(frozen=True)
class LabelExchange:
    """Data sets of the null by exchanging the labels "data" and "reference" at random.

    Exact for any detector, training included, where data and reference are exchangeable under the null:
    events drawn from one law, as from a simulation that is right. A sideband and a window are not.

    Attributes:
        toys: most data sets.
        stop_after: stop when so many are at least as extreme as the data (Besag and Clifford 1991); None
            always runs all.
        strata: edges of the context between which labels are exchanged, so that the spectrum of the data is
            kept; None exchanges over all events.
    """

    toys: int = 1000
    stop_after: int | None = 10
    strata: tuple[float, ...] | None = None
    name = "label exchange"
    assumption = "data and reference are exchangeable under the null; all was trained anew for each exchange"

    def fitted(self, data: Events, reference: Events, context: str) -> Draw:
        """What draws (data, reference) of the null.

        Raises:
            InputError: for events of different weight, which cannot be exchanged, or without a common column.
        """
        first, second = matched(data, reference)
        if first.weight[0] != second.weight[0] or np.ptp(first.weight) or np.ptp(second.weight):
            raise InputError(
                "labels of weighted events cannot be exchanged", "Unweight them, or use null pseudo-data."
            )
        pool = concatenate_events([first, second])
        is_data = np.arange(len(pool)) < len(first)
        stratum = None
        if self.strata is not None:
            stratum = np.searchsorted(np.asarray(self.strata), pool.column(context), side="right")

        def draw(rng: np.random.Generator) -> tuple[Events, Events]:
            label = exchanged(is_data, stratum, rng)
            return pool.take(label), pool.take(~label)

        return draw


def exchanged(
    is_data: NDArray[np.bool_], stratum: NDArray[np.intp] | None, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Labels (n,) shuffled within each stratum, or over all events: the number of data in each stays."""
    place = rng.random(is_data.size)
    if stratum is None:
        label, n = np.zeros(is_data.size, bool), int(is_data.sum())
        label[np.argpartition(place, n)[:n]] = True
        return label
    shuffled = np.lexsort((place, stratum))
    label = np.empty_like(is_data)
    label[shuffled] = is_data[np.argsort(stratum, kind="stable")]
    return label
