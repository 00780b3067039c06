"""The ``Events`` type: what happened, without and with truth, and its way into a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import DATA, REFERENCE, Batch, make_batch
from strangeness.core.errors import InputError, nearest


@dataclass(frozen=True)
class Constituents:
    """The particles of each event, one jagged list an event.

    Attributes:
        offsets: ``int64`` (n + 1,); event i owns rows offsets[i] to offsets[i + 1].
        pt: transverse momentum in GeV.
        eta: pseudorapidity, relative to the jet's axis where ``relative``.
        phi: azimuth in radians, relative to the jet's axis where ``relative``.
        relative: whether eta and phi are differences to a jet axis.
    """

    offsets: NDArray[np.int64]
    pt: NDArray[np.float32]
    eta: NDArray[np.float32]
    phi: NDArray[np.float32]
    relative: bool = True

    def __post_init__(self) -> None:
        lengths = [len(self.pt), len(self.eta), len(self.phi)]
        ends = [int(self.offsets[0]), int(self.offsets[-1])] if len(self.offsets) else [-1, -1]
        if ends != [0, lengths[0]] or len(set(lengths)) != 1 or np.any(np.diff(self.offsets) < 0):
            raise InputError(
                f"constituents have offsets from {ends[0]} to {ends[1]} for {lengths} values of pt, eta, phi",
                "Give offsets that rise from 0 to the number of particles.",
            )

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @property
    def counts(self) -> NDArray[np.int64]:
        """Particles an event, (n,)."""
        return np.diff(self.offsets)

    def take(self, rows: NDArray[Any]) -> Constituents:
        """The lists of the selected events (mask or indices)."""
        index = np.arange(len(self))[rows]
        counts = self.counts[index]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        inner = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
        pick = np.repeat(self.offsets[:-1][index], counts) + inner
        return Constituents(offsets, self.pt[pick], self.eta[pick], self.phi[pick], self.relative)

    def padded(self, most: int | None = None) -> NDArray[np.float32]:
        """(n, most, 3) of pt, eta, phi, zeros behind the last particle; the list is cut at ``most``."""
        most = int(self.counts.max(initial=1)) if most is None else most
        keep = np.minimum(self.counts, most)
        rows = np.repeat(np.arange(len(self)), keep)
        columns = np.arange(keep.sum()) - np.repeat(np.cumsum(keep) - keep, keep)
        pick = np.repeat(self.offsets[:-1], keep) + columns
        out = np.zeros((len(self), most, 3), np.float32)
        for axis, values in enumerate((self.pt, self.eta, self.phi)):
            out[rows, columns, axis] = values[pick]
        return out


@dataclass(frozen=True)
class Events:
    """Collider events: named features, particles, weights and where they come from.

    Truth is kept apart: nothing that is fitted ever sees it, because the chain works on ``without_truth()``.

    Attributes:
        features: name -> (n,) floats; energies and masses in GeV, angles in radians.
        id: identity, ``uint32`` (n, 2).
        weight: ``float64`` (n,), dimensionless.
        constituents: particles of each event, or None.
        truth: class of each event (0 = background) where it is known, else None.
        provenance: JSON values: file, generator, settings, selection.
    """

    features: Mapping[str, NDArray[np.floating[Any]]]
    id: NDArray[np.uint32]
    weight: NDArray[np.float64]
    constituents: Constituents | None = None
    truth: Any = None
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if np.shape(self.id) != (len(self), 2):
            raise InputError(f"'id' has shape {np.shape(self.id)}", "Give two 32-bit words an event.")
        for name, column in {**self.features, "weight": self.weight}.items():
            if np.shape(column) != (len(self),):
                raise InputError(
                    f"column '{name}' has shape {np.shape(column)} for {len(self)} events",
                    "Give one number an event.",
                )
        if self.constituents is not None and len(self.constituents) != len(self):
            raise InputError(
                f"{len(self.constituents)} lists of constituents for {len(self)} events", "Give one an event."
            )

    def __len__(self) -> int:
        return len(self.id)

    def without_truth(self) -> Events:
        """The same events for everything that is fitted; truth is not read."""
        return replace(self, truth=None)

    def take(self, rows: NDArray[Any]) -> Events:
        """The events that a mask or an index array selects."""
        return replace(
            self,
            features={name: column[rows] for name, column in self.features.items()},
            id=self.id[rows],
            weight=self.weight[rows],
            constituents=None if self.constituents is None else self.constituents.take(rows),
            truth=None if self.truth is None else np.asarray(self.truth)[rows],
        )

    def column(self, name: str) -> NDArray[np.floating[Any]]:
        """A feature by name.

        Raises:
            InputError: when it is missing (with the nearest names) or holds NaN or infinite values.
        """
        column = self.raw_column(name)
        if not np.all(np.isfinite(column)):
            row = int(np.argmax(~np.isfinite(column)))
            raise InputError(
                f"column '{name}' holds {column[row]} in event {row}",
                "Remove or repair NaN and infinite values first.",
            )
        return column

    def raw_column(self, name: str) -> NDArray[np.floating[Any]]:
        """A feature by name, whatever values it holds.

        Raises:
            InputError: when it is missing, with the nearest names.
        """
        if name not in self.features:
            raise InputError(f"there is no column '{name}'", nearest(name, self.features))
        return np.asarray(self.features[name])

    def inside(self, name: str, low: float, high: float) -> Events:
        """The events with ``low <= name < high``.

        Raises:
            InputError: when none is left.
        """
        column = self.column(name)
        kept = (column >= low) & (column < high)
        if not kept.any():
            raise InputError(
                f"no event with {name} in [{low:g}, {high:g}); it runs from {column.min():g} "
                f"to {column.max():g}",
                "Change the range or check the unit (GeV).",
            )
        return self.take(kept)

    def batch(
        self,
        *,
        data: bool = False,
        context: str | None = None,
        region: tuple[float, float] | None = None,
    ) -> Batch:
        """A batch whose ``x`` is the dict of features, with ``constituents`` padded to (n, m, 3).

        Args:
            data: whether the events are the data under test (else reference).
            context: the column that the score must not sculpt.
            region: window of the context under test, half open.

        Raises:
            InputError: for a region without a context, and for what ``column`` refuses.
        """
        if region is not None and context is None:
            raise InputError(f"the region {region} was given without a context", "Name it, such as 'mjj'.")
        x: dict[str, Any] = {name: np.asarray(column) for name, column in self.features.items()}
        if self.constituents is not None:
            x["constituents"] = self.constituents.padded()
        value = None if context is None else self.column(context).astype(np.float64)
        inside = None if region is None or value is None else (value >= region[0]) & (value < region[1])
        return make_batch(
            x,
            id=self.id,
            sample=DATA if data else REFERENCE,
            context=value,
            region=inside,
            weight=self.weight,
            name=str(self.provenance.get("name", "events")),
        )


def concatenate_events(parts: Sequence[Events]) -> Events:
    """Events one behind the other; the columns of the first, truth only if all have it.

    Raises:
        InputError: when there is no part, a part lacks a column of the first, or the constituents of one are
            relative to a jet and those of another are not.
    """
    if not parts:
        raise InputError("there are no events", "Loosen the selection or check the file.")
    first = parts[0]
    lists = [part.constituents for part in parts if part.constituents is not None]
    truths = [part.truth for part in parts if part.truth is not None]
    return Events(
        features={n: np.concatenate([part.raw_column(n) for part in parts]) for n in first.features},
        id=np.concatenate([part.id for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        constituents=_join(lists) if len(lists) == len(parts) else None,
        truth=np.concatenate(truths) if len(truths) == len(parts) else None,
        provenance=first.provenance,
    )


def _join(lists: Sequence[Constituents]) -> Constituents:
    if len({part.relative for part in lists}) > 1:
        raise InputError("some constituents are relative to a jet axis and some are not", "Join one kind.")
    counts = np.concatenate([part.counts for part in lists])
    pt, eta, phi = (np.concatenate([getattr(part, name) for part in lists]) for name in ("pt", "eta", "phi"))
    return Constituents(np.concatenate([[0], np.cumsum(counts)]), pt, eta, phi, lists[0].relative)
