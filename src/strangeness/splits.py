"""Who trains, who calibrates, who checks, who is tested: roles by identity, never by order."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import ConfigError, InputError
from strangeness.core.identity import as_uint64, roles
from strangeness.events.events import Events
from strangeness.events.source import EventSource, chunks_of

REFERENCE_ROLES = ("train", "calibrate", "check")
FEWEST = {"train": 2, "train data": 2, "calibrate": 2, "check": 2, "test": 1}


def reference_roles(reference: Batch, shares: Mapping[str, float]) -> dict[str, Batch]:
    """The reference's roles ``train``, ``calibrate`` and ``check``.

    Raises:
        ConfigError: when the shares name other roles, or one of them is not a positive number.
    """
    if set(shares) != set(REFERENCE_ROLES) or not all(isfinite(s) and s > 0 for s in shares.values()):
        raise ConfigError(
            f"'shares' is {dict(shares)}", f"Give a positive number for each of {', '.join(REFERENCE_ROLES)}."
        )
    masks = roles(reference.id, shares, "reference roles")
    return {name: reference.take(mask) for name, mask in masks.items()}


def data_roles(data: Batch, *, trains: bool, whole: bool = False) -> dict[str, Batch]:
    """The roles of the data: ``test``, and ``train data`` if the detector learns from it; halves or all."""
    if not trains:
        return {"test": data}
    if whole:
        return {"train data": data, "test": data}
    masks = roles(data.id, {"train data": 0.5, "test": 0.5}, "data roles")
    return {name: data.take(mask) for name, mask in masks.items()}


def sideband_roles(data: Batch, shares: Mapping[str, float], *, trains: bool) -> dict[str, Batch]:
    """Roles without a reference: half of the data is tested; of the other half, the events outside the region
    stand for the reference, and those inside are what a detector that needs data trains on."""
    masks = roles(data.id, {"train data": 0.5, "test": 0.5}, "data roles")
    first = data.take(masks["train data"])
    parts = reference_roles(first.take(~first.region).labelled(0), shares)
    if trains:
        parts["train data"] = first.take(first.region)
    return {**parts, "test": data.take(masks["test"])}


def inside_region(parts: Mapping[str, Batch]) -> dict[str, Batch]:
    """The roles with both training parts cut to the region, so that they are compared like with like."""
    return {
        name: part.take(part.region) if name.startswith("train") else part for name, part in parts.items()
    }


@dataclass(frozen=True)
class Split:
    """The roles of the events of two samples, made anew, chunk by chunk, in every pass.

    Attributes:
        data: events under test.
        reference: events of the known physics; None where the sidebands of ``region`` serve.
        context: the column that the score must not sculpt.
        limits: half-open range of the context that is kept; None keeps all.
        region: window of the context.
        shares: shares of the reference's roles.
        trains: whether the detector trains on data, so that they are split too.
        whole: whether all data train and all are tested instead, as other policies than the split want it.
        blind: whether the data under test stay closed: with a reference they are not iterated at all, without
            one the events inside the region and the tested half are dropped before anything reads them.
        weighted: whether data may carry weights.
    """

    data: EventSource
    reference: EventSource | None
    context: str
    limits: tuple[float, float] | None
    region: tuple[float, float] | None
    shares: Mapping[str, float]
    trains: bool
    whole: bool = False
    blind: bool = False
    weighted: bool = False

    def __iter__(self) -> Iterator[dict[str, Batch]]:
        """Role -> its events in a chunk; the reference comes first."""
        for sample, events in self._chunks():
            if len(kept := self._within(events)):
                yield self._roles(sample, self._batch(sample, kept))

    def survey(self, keep: Collection[str]) -> tuple[dict[str, list[Batch]], dict[str, int]]:
        """One pass over all events: the batches of the roles in ``keep``, and the number in every role.

        Raises:
            InputError: when a sample has no event within the limits, a role has too few, an event is in both
                samples, or the data carry weights.
        """
        kept: dict[str, list[Batch]] = {name: [] for name in keep}
        counts, seen = dict.fromkeys(self._names(), 0), {"reference": _Seen(), "data": _Seen()}
        for sample, events in self._chunks():
            within = self._within(events)
            seen[sample].add(events, within, self.context)
            roles_ = self._roles(sample, self._batch(sample, within)) if len(within) else {}
            for name, part in roles_.items():
                counts[name] += len(part)
                if name in kept and len(part):
                    kept[name].append(part)
        self._refuse(seen)
        refuse_empty(counts)
        return {name: parts for name, parts in kept.items() if parts}, counts

    @property
    def tested_share(self) -> float:
        """Share of the data that is tested; the rest trains, or stands for the reference."""
        return 0.5 if self.reference is None or (self.trains and not self.whole) else 1.0

    def total_weight(self) -> float:
        """Sum of the weights of all events that are read, within the limits."""
        return float(sum(np.sum(self._within(events).weight) for _, events in self._chunks()))

    def _chunks(self) -> Iterator[tuple[str, Events]]:
        for sample in self._present():
            source = self.data if sample == "data" else self.reference
            for events in () if source is None else chunks_of(source):
                yield sample, self._closed(events.without_truth())

    def _present(self) -> tuple[str, ...]:
        """The samples that are read."""
        if self.reference is None:
            return ("data",)
        return ("reference",) if self.blind else ("reference", "data")

    def _closed(self, events: Events) -> Events:
        """Without a reference, a blind split sees the events outside the region alone."""
        if not self.blind or self.reference is not None or self.region is None:
            return events
        column = events.raw_column(self.context)
        return events.take(~((column >= self.region[0]) & (column < self.region[1])))

    def _within(self, events: Events) -> Events:
        if self.limits is None:
            return events
        column = events.column(self.context)
        return events.take((column >= self.limits[0]) & (column < self.limits[1]))

    def _batch(self, sample: str, events: Events) -> Batch:
        return events.batch(data=sample == "data", context=self.context, region=self.region)

    def _names(self) -> tuple[str, ...]:
        data = ("train data", "test") if self.trains else ("test",)
        return REFERENCE_ROLES if self.blind else (*REFERENCE_ROLES, *data)

    def _roles(self, sample: str, batch: Batch) -> dict[str, Batch]:
        if self.reference is None:
            parts = sideband_roles(batch, self.shares, trains=self.trains)
            return {name: part for name, part in parts.items() if name in REFERENCE_ROLES or not self.blind}
        if sample == "reference":
            parts = reference_roles(batch, self.shares)
        else:
            parts = data_roles(batch, trains=self.trains, whole=self.whole)
        return inside_region(parts) if self.trains and self.region is not None else parts

    def _refuse(self, seen: Mapping[str, _Seen]) -> None:
        for sample in self._present():
            seen[sample].refuse_none(sample, self.context, self.limits)
        if not self.weighted:
            remedy = "Leave the weights out, or search with the split policy and pseudo-experiments."
            seen["data"].refuse_weights("data", remedy)
        shared = np.intersect1d(seen["data"].identities(), seen["reference"].identities()).size
        if shared:
            raise InputError(
                f"{shared} events are in the data and in the reference",
                "Give a reference with other events.",
            )


class _Seen:
    """What a pass has met of one sample."""

    def __init__(self) -> None:
        self.id: list[NDArray[np.uint64]] = []
        self.context, self.weight = [np.inf, -np.inf], [np.inf, -np.inf]

    def add(self, events: Events, within: Events, context: str) -> None:
        if len(events):
            _widen(self.context, events.column(context))
        if len(within):
            self.id.append(as_uint64(within.id))
            _widen(self.weight, within.weight)

    def identities(self) -> NDArray[np.uint64]:
        return np.concatenate([np.zeros(0, np.uint64), *self.id])

    def refuse_none(self, name: str, context: str, limits: tuple[float, float] | None) -> None:
        if self.id:
            return
        if limits is None or self.context[0] > self.context[1]:
            raise InputError(f"the sample '{name}' is empty", "Loosen the selection or check the file.")
        raise InputError(
            f"no event with {context} in [{limits[0]:g}, {limits[1]:g}); it runs from "
            f"{self.context[0]:g} to {self.context[1]:g}",
            "Change the range or check the unit (GeV).",
        )

    def refuse_weights(self, name: str, remedy: str) -> None:
        low, high = self.weight
        if low < high:
            raise InputError(f"the {name} carries weights from {low:g} to {high:g}", remedy)


def _widen(range_: list[float], values: NDArray[np.floating[Any]]) -> None:
    range_[:] = min(range_[0], float(np.min(values))), max(range_[1], float(np.max(values)))


def refuse_empty(counts: Mapping[str, int]) -> None:
    """Raise an InputError when a role is left with too few events."""
    for name, count in counts.items():
        if count < FEWEST[name]:
            raise InputError(
                f"{count} events are left for the role '{name}'; it needs {FEWEST[name]} or more",
                "Give more events, or change the shares or the region.",
            )
