"""What can be said about events after one pass over their chunks."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.events.events import Constituents, Events
from strangeness.events.hits import LAYERS, Hits
from strangeness.events.jagged import Jagged
from strangeness.events.particles import wrapped
from strangeness.events.units import suspected

_KEPT = 5_000_000  # numbers that are kept for medians
_MOST_EVENTS = 100_000
_BINS = 24
_NARROW, _LARGEST = 1e-9, 1e300  # of ranges that can still be cut into bins
HALF_BINS = 10
"""Half of the rows of the picture of the constituents; it has twice as many columns as rows."""


class Survey:
    """Ranges, medians, missing values, labels and constituents: ``add`` each chunk, then take ``values``."""

    def __init__(self) -> None:
        self.events = 0
        self._columns: dict[str, _Range] = {}
        self._drawn = _Drawn()
        self._labels: Counter[int] = Counter()
        self._weights = _Range()
        self._sum_of_weights = 0.0
        self._particles: _Particles | None = None
        self._hits: _Hits | None = None
        self._suspicion: tuple[str, float] | None = None
        self._provenance: dict[str, Any] = {}

    def add(self, events: Events) -> None:
        """Take in a chunk."""
        if self.events == 0:
            self._suspicion = suspected(events.features, events.constituents)
            self._provenance = dict(events.provenance)
        self.events += len(events)
        for name, column in events.features.items():
            self._columns.setdefault(name, _Range()).add(column)
        self._drawn.add(events)
        if events.truth is not None:
            self._labels.update(_counted(events.truth))
        self._weights.add(events.weight)
        self._sum_of_weights += float(np.sum(events.weight))
        if events.constituents is not None:
            self._particles = self._particles or _Particles(events.constituents)
            self._particles.add(events.constituents)
        if events.hits is not None:
            self._hits = self._hits or _Hits()
            self._hits.add(events.hits)

    def values(self) -> dict[str, Any]:
        """Everything as JSON values."""
        weighted = (self._weights.low, self._weights.high) != (1.0, 1.0)
        return {
            "events": self.events,
            "labels": {str(label): self._labels[label] for label in sorted(self._labels)},
            "weights": {**self._weights.values(), "sum": self._sum_of_weights} if weighted else None,
            "suspicion": self._doubt(),
            "sampled": self._drawn.rows,
            "columns": {
                name: {**column.values(), **self._drawn.values(name)}
                for name, column in self._columns.items()
            },
            "constituents": None if self._particles is None else self._particles.values(),
            "hits": None if self._hits is None else self._hits.values(),
            "provenance": self._provenance,
        }

    def _doubt(self) -> str | None:
        if self._suspicion is None:
            return None
        name, median = self._suspicion
        return f"The median of '{name}' is {median:,.0f}. If energies are in MeV, give the unit MeV."


def _counted(values: NDArray[Any]) -> dict[int, int]:
    """Value -> how often it stands there."""
    found, times = np.unique(values, return_counts=True)
    return dict(zip(found.tolist(), times.tolist(), strict=True))


class _Range:
    """The ends of a column and how many of its values are missing."""

    def __init__(self) -> None:
        self.low, self.high, self.missing = np.inf, -np.inf, 0

    def add(self, values: NDArray[Any]) -> None:
        finite = np.isfinite(values)
        if not finite.all():
            self.missing += int(np.sum(~finite))
            values = values[finite]
        if values.size:
            self.low, self.high = min(self.low, float(values.min())), max(self.high, float(values.max()))

    def values(self) -> dict[str, Any]:
        known = self.low <= self.high
        ends = {"smallest": self.low if known else None, "largest": self.high if known else None}
        return {**ends, "missing": self.missing}


class _Drawn:
    """Events drawn at random without replacement, the same ones whatever the chunks."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(0)
        self._keys = np.zeros(0)
        self._columns: dict[str, NDArray[Any]] = {}

    @property
    def rows(self) -> int:
        return len(self._keys)

    def add(self, events: Events) -> None:
        most = min(_MOST_EVENTS, _KEPT // max(1, len(events.features)))
        keys = self._rng.random(len(events))
        # Of all keys seen so far the smallest are kept.
        if self.rows == most:
            new = np.flatnonzero(keys < self._keys.max())
            keys, events = keys[new], replace(events, constituents=None, hits=None).take(new)
        joined = np.concatenate([self._keys, keys])
        kept = np.sort(np.argpartition(joined, most)[:most]) if len(joined) > most else np.arange(len(joined))
        self._keys = joined[kept]
        for name, column in events.features.items():
            before = self._columns.get(name, column[:0])
            self._columns[name] = np.concatenate([before, column])[kept]

    def values(self, name: str) -> dict[str, Any]:
        values = self._columns[name].astype(np.float64)
        values = values[np.isfinite(values)]
        if not values.size:
            return {"median": None, "histogram": {"low": None, "high": None, "counts": [0] * _BINS}}
        low, median, high = np.quantile(values, [0.01, 0.5, 0.99]).clip(-_LARGEST, _LARGEST).tolist()
        end = high if high - low > _NARROW * abs(low) else low + max(1.0, 2 * _NARROW * abs(low))
        counts, _ = np.histogram(values, _BINS, (low, end))
        return {"median": median, "histogram": {"low": low, "high": high, "counts": counts.tolist()}}


class _Lengths:
    """Lengths of lists."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, lists: Jagged) -> None:
        self._counts.update(_counted(lists.counts))

    def values(self) -> dict[str, Any]:
        total = sum(length * times for length, times in self._counts.items())
        return {
            "fewest": min(self._counts),
            "most": max(self._counts),
            "mean": total / self._counts.total(),
            "without": self._counts[0],
        }


class _Hits:
    """Lengths of the lists, and how many hits each layer has."""

    def __init__(self) -> None:
        self._lengths, self._layers = _Lengths(), np.zeros(len(LAYERS), np.int64)

    def add(self, lists: Hits) -> None:
        self._lengths.add(lists)
        self._layers += np.bincount(lists.layer, minlength=len(LAYERS))

    def values(self) -> dict[str, Any]:
        layers = dict(zip(LAYERS, self._layers.tolist(), strict=True))
        return {**self._lengths.values(), "layers": layers}


class _Particles:
    """Lengths of the lists, and where the transverse momentum lies in (eta, phi)."""

    def __init__(self, first: Constituents) -> None:
        self._relative = first.relative
        self._eta = self._phi = _extent(first)
        if not first.relative:
            self._eta, self._phi = 3.0, float(np.pi)
        self._lengths = _Lengths()
        self._cells = np.zeros((2 * HALF_BINS, 4 * HALF_BINS))

    def add(self, lists: Constituents) -> None:
        self._lengths.add(lists)
        ends = [(-self._phi, self._phi), (-self._eta, self._eta)]
        phi = wrapped(lists.phi)
        self._cells += np.histogram2d(phi, lists.eta, self._cells.shape, ends, weights=lists.pt)[0]

    def values(self) -> dict[str, Any]:
        return {
            "relative": self._relative,
            **self._lengths.values(),
            "eta_range": self._eta,
            "phi_range": self._phi,
            "picture": (self._cells[::-1] / max(self._cells.sum(), 1e-300)).tolist(),
        }


def _extent(lists: Constituents) -> float:
    """Half of the side of a square around the axis that holds 99 % of the transverse momentum, in tenths."""
    if not len(lists.pt):
        return 1.0
    distance = np.maximum(np.abs(lists.eta), np.abs(lists.phi))
    order = np.argsort(distance)
    share = np.cumsum(lists.pt[order], dtype=np.float64)
    edge = distance[order][np.searchsorted(share, 0.99 * share[-1])]
    return float(np.clip(np.ceil(10 * edge) / 10, 0.1, 5.0))
