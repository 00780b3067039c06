"""From shifted copies of the reference to systematics of the background that a search selects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64
from strangeness.search.systematics import Systematic, systematic_from_counts
from strangeness.search.weights import effective_number

Array = NDArray[np.float64]
FEWEST = 25.0
"""Effective selected reference events from which one relative change is taken: it is then known to the fifth
of what these events fluctuate by, or better, since the copies hold the same events."""
_SAME = 0.5


@dataclass(frozen=True)
class Selected:
    """Reference events of the same roles, as they are or shifted; arrays (n,).

    Attributes:
        id: identities (n, 2).
        context: masses in GeV.
        weight: weights.
        passed: whether the search selects the event.
    """

    id: NDArray[np.uint32]
    context: Array
    weight: Array
    passed: NDArray[np.bool_]

    def histogram(self, edges: Array) -> Array:
        """Selected events (bins,)."""
        kept = self.passed
        return np.histogram(self.context[kept], edges, weights=self.weight[kept])[0].astype(np.float64)

    def inside(self, region: tuple[float, float]) -> tuple[float, float]:
        """Selected and all events in a region, hi excluded."""
        inside = (self.context >= region[0]) & (self.context < region[1])
        return float(self.weight[inside & self.passed].sum()), float(self.weight[inside].sum())


@runtime_checkable
class Spectral(Protocol):
    """A search in bins of the context."""

    def bin_edges(self) -> Array:
        """The edges (bins + 1,) in GeV."""
        ...


@runtime_checkable
class Regional(Protocol):
    """A search in one region of the context."""

    @property
    def region(self) -> tuple[float, float]:
        """(lo, hi) in GeV, hi excluded."""
        ...


def carried(
    search: object, name: str, nominal: Selected, up: Selected, down: Selected | None = None
) -> Systematic:
    """The systematic that shifted copies show.

    For a spectrum one relative change a bin of the selected background, neighbouring bins taken together
    until they hold enough selected events; for a region one change of the *efficiency* there, since a count
    is compared with the efficiency of the data's own events.

    Args:
        search: a bump hunt or a counting experiment.
        name: of the nuisance.
        nominal: the reference as it is.
        up: shifted by one standard deviation.
        down: shifted the other way; without it the factor down is one over the factor up.

    Raises:
        ConfigError: for another search.
        InputError: when too few events are selected to see a change.
    """
    if isinstance(search, Spectral):
        return _spectral(search.bin_edges(), name, nominal, up, down)
    if isinstance(search, Regional):
        return _regional(search.region, name, nominal, up, down)
    raise ConfigError(
        f"the systematic '{name}' in a search of type {type(search).__name__}",
        "Use a bump hunt or a counting experiment in one region.",
    )


def refuse_strangers(name: str, nominal: Selected, shifted: Selected) -> None:
    """Raise an InputError when a shifted copy holds other events: nothing would then cancel in the ratio."""
    ours, theirs = as_uint64(nominal.id), as_uint64(shifted.id)
    known = np.isin(theirs, ours).mean() if theirs.size else 0.0
    if known < _SAME:
        raise InputError(
            f"the systematic '{name}': {known:.0%} of the shifted events are in the reference",
            "Shift the reference's own events, in their order or with their 'id'.",
        )


def groups(counts: Array, weight_of_one: float, fewest: float = FEWEST) -> NDArray[np.intp]:
    """Group (bins,) of every bin, neighbours taken together until each group holds ``fewest`` events.

    Args:
        counts: selected events (bins,), sums of weights.
        weight_of_one: weight of one effective event.
        fewest: effective events in a group.
    """
    group, number, held = np.zeros(counts.size, np.intp), 0, 0.0
    for index, count in enumerate(counts / weight_of_one):
        group[index] = number
        held += float(count)
        if held >= fewest:
            number, held = number + 1, 0.0
    # what is left at the end joins the group before it
    return np.minimum(group, max(number - 1, 0))


def _spectral(edges: Array, name: str, nominal: Selected, up: Selected, down: Selected | None) -> Systematic:
    counts = nominal.histogram(edges)
    _enough(name, nominal)
    group = groups(counts, counts.sum() / effective_number(nominal.weight[nominal.passed]))
    sides = [
        None if side is None else np.bincount(group, side.histogram(edges)) for side in (nominal, up, down)
    ]
    merged = systematic_from_counts(name, sides[0], sides[1], sides[2])  # type: ignore[arg-type]
    return Systematic(name, *(tuple(np.asarray(side)[group].tolist()) for side in (merged.up, merged.down)))


def _regional(
    region: tuple[float, float], name: str, nominal: Selected, up: Selected, down: Selected | None
) -> Systematic:
    inside = (nominal.context >= region[0]) & (nominal.context < region[1])
    _enough(name, Selected(nominal.id, nominal.context, nominal.weight, nominal.passed & inside))
    pairs = [side.inside(region) for side in (nominal, up, down if down is not None else up)]
    totals = ([pairs[0][1]], [pairs[1][1]], [pairs[2][1]])
    low = None if down is None else [pairs[2][0]]
    return systematic_from_counts(name, [pairs[0][0]], [pairs[1][0]], low, totals=totals)


def _enough(name: str, nominal: Selected) -> None:
    found = effective_number(nominal.weight[nominal.passed])
    if found < FEWEST:
        raise InputError(
            f"the systematic '{name}': {found:.3g} effective events of the reference are selected",
            f"It needs {FEWEST:g} or more: raise alpha or give a larger reference.",
        )
