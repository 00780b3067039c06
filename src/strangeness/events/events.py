"""The ``Events`` type: what happened, without and with truth, and its way into a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import DATA, REFERENCE, Batch, make_batch
from strangeness.core.errors import InputError, nearest
from strangeness.events.hits import Hits
from strangeness.events.jagged import Jagged, joined

_T = TypeVar("_T")


@dataclass(frozen=True)
class Constituents(Jagged):
    """The particles of each event, one jagged list an event.

    Attributes:
        offsets: ``int64`` (n + 1,); event i owns rows offsets[i] to offsets[i + 1].
        pt: transverse momentum in GeV.
        eta: pseudorapidity, relative to the jet's axis where ``relative``.
        phi: azimuth in radians, relative to the jet's axis where ``relative``.
        relative: whether eta and phi are differences to a jet axis.
    """

    pt: NDArray[np.float32]
    eta: NDArray[np.float32]
    phi: NDArray[np.float32]
    relative: bool = True

    WHAT: ClassVar[str] = "constituents"
    COLUMNS: ClassVar[tuple[str, ...]] = ("pt", "eta", "phi")


@dataclass(frozen=True)
class Events:
    """Collider events: named features, particles, weights and where they come from.

    Truth is kept apart: nothing that is fitted ever sees it, because the chain works on ``without_truth()``.

    Attributes:
        features: name -> (n,) floats; energies and masses in GeV, angles in radians.
        id: identity, ``uint32`` (n, 2).
        weight: ``float64`` (n,), dimensionless.
        constituents: particles of each event, or None.
        hits: hits of the detector around each jet, or None.
        truth: class of each event (0 = background) where it is known, else None.
        provenance: JSON values: file, generator, settings, selection.
    """

    features: Mapping[str, NDArray[np.floating[Any]]]
    id: NDArray[np.uint32]
    weight: NDArray[np.float64]
    constituents: Constituents | None = None
    truth: Any = None
    provenance: Mapping[str, Any] = field(default_factory=dict)
    hits: Hits | None = None

    def __post_init__(self) -> None:
        if np.shape(self.id) != (len(self), 2):
            raise InputError(f"'id' has shape {np.shape(self.id)}", "Give two 32-bit words an event.")
        for name, column in {**self.features, "weight": self.weight}.items():
            if np.shape(column) != (len(self),):
                raise InputError(
                    f"column '{name}' has shape {np.shape(column)} for {len(self)} events",
                    "Give one number an event.",
                )
        for lists in (self.constituents, self.hits):
            if lists is not None and len(lists) != len(self):
                raise InputError(
                    f"{len(lists)} lists of {lists.WHAT} for {len(self)} events", "Give one an event."
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
            hits=None if self.hits is None else self.hits.take(rows),
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

        ``hits`` are padded to (n, m, 4) of layer, eta, phi, pt.

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
        if self.hits is not None:
            x["hits"] = self.hits.padded()
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
    """Events one behind the other; the columns of the first, lists and truth only if all have them.

    Raises:
        InputError: when there is no part, a part lacks a column of the first, or the constituents of one are
            relative to a jet and those of another are not.
    """
    if not parts:
        raise InputError("there are no events", "Loosen the selection or check the file.")
    first = parts[0]
    particles = _all([part.constituents for part in parts])
    if particles and len({part.relative for part in particles}) > 1:
        raise InputError("some constituents are relative to a jet axis and some are not", "Join one kind.")
    hits, truths = _all([part.hits for part in parts]), _all([part.truth for part in parts])
    return Events(
        features={n: np.concatenate([part.raw_column(n) for part in parts]) for n in first.features},
        id=np.concatenate([part.id for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
        constituents=joined(particles) if particles else None,
        truth=np.concatenate(truths) if truths else None,
        provenance=first.provenance,
        hits=joined(hits) if hits else None,
    )


def _all(values: Sequence[_T | None]) -> list[_T]:
    """The values, or none where one of them is missing."""
    known = [value for value in values if value is not None]
    return known if len(known) == len(values) else []
