"""From a run and the events that it searched, read once more, to its strangest events and average images."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.chain import FittedChain, Outcome, Scored
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.identity import as_uint64
from strangeness.events.events import Events, concatenate_events
from strangeness.events.source import EventSource, chunks_of
from strangeness.report.parts import EventDisplay, FeatureNote, ImageSet
from strangeness.report.strange import event_display, feature_notes, picture, strangest
from strangeness.representations import JetImages, KinematicMap

Array = NDArray[np.float64]
MOST_REFERENCE = 20_000
"""Reference events that say what is ordinary."""
_IMAGES_AT_ONCE = 4096


def displays_of(
    outcome: Outcome,
    data: EventSource,
    reference: EventSource | None = None,
    *,
    most: int = 4,
    columns: Sequence[str] = (),
    errors_of: Callable[[Array], ArrayLike] | None = None,
    seed: int = 0,
) -> list[EventDisplay]:
    """The strangest tested events of a run.

    Args:
        outcome: what the chain left behind.
        data: the events under test, with the columns of the representation, and their particles to draw them.
        reference: what is ordinary; None takes the data themselves.
        most: how many.
        columns: features that are listed beside each.
        errors_of: for image detectors, images (k, height, width, channels) to the error of each pixel.
        seed: that of the run.
    """
    chosen = strangest(outcome.tested.score, most)
    events = _with_ids(data, as_uint64(outcome.tested.batch.id)[chosen])
    x = np.asarray(outcome.chain.map(events.without_truth().batch()).x)
    notes: list[list[FeatureNote]] = [[] for _ in chosen]
    if x.ndim == 2:
        ordinary = _rows(outcome.chain, data if reference is None else reference, MOST_REFERENCE)
        notes = feature_notes(_scores(outcome.chain, seed), x, ordinary, _names(outcome.chain, x.shape[1]))
    errors = np.asarray(errors_of(x)) if errors_of is not None and x.ndim == 4 else None
    width = float(getattr(outcome.chain.map, "half_width", 1.0))
    return [
        event_display(
            events,
            row,
            float(outcome.tested.score[at]),
            p=float(outcome.tested.p[at]),
            columns=columns,
            features=notes[row],
            image=picture(x[row], width, "image") if x.ndim == 4 else None,
            error=None if errors is None else picture(errors[row], width, "error"),
        )
        for row, at in enumerate(chosen)
    ]


def average_images_of(
    outcome: Outcome, data: EventSource, alpha: float, *, images: JetImages | None = None
) -> ImageSet | None:
    """Average images of all tested jets and of those with p <= alpha; None without jets' particles.

    Args:
        outcome: what the chain left behind.
        data: the events under test, with their particles relative to the jet axis.
        alpha: the cut on p.
        images: how they are made; by default each over its sum, so that a pixel is a share of pT.
    """
    options = JetImages(normalisation="sum") if images is None else images
    sums, counts, map_ = np.zeros((2, options.pixels, options.pixels)), np.zeros(2, int), None
    for events, p in _tested(outcome.tested, data):
        batch = events.batch()
        map_ = options.fit_map(ArraySource(batch), key=jax.random.key(0)) if map_ is None else map_
        x = map_(batch).x[..., 0]
        for i, kept in enumerate((np.ones(len(p), bool), p <= alpha)):
            sums[i] += x[kept].sum(axis=0)
            counts[i] += kept.sum()
    labels = "all tested", f"selected, p \u2264 {alpha:g}"
    pictures = [
        picture(sums[i] / counts[i], options.half_width, labels[i], events=int(counts[i]))
        for i in range(2)
        if counts[i]
    ]
    said = [f"Mean of aligned images, each scaled by '{options.normalisation}', on one scale."]
    return ImageSet(said=said, pictures=pictures) if pictures else None


def _tested(tested: Scored, data: EventSource) -> Iterator[tuple[Events, Array]]:
    """The tested events that have particles, with their p-values, a few at a time."""
    identity = as_uint64(tested.batch.id)
    order = np.argsort(identity)
    for events in chunks_of(data):
        if events.constituents is None or not events.constituents.relative:
            return
        own = as_uint64(events.id)
        place = order[np.minimum(np.searchsorted(identity, own, sorter=order), order.size - 1)]
        there = (identity[place] == own) & (events.constituents.counts > 0)
        rows = np.flatnonzero(there)
        for start in range(0, len(rows), _IMAGES_AT_ONCE):
            part = rows[start : start + _IMAGES_AT_ONCE]
            yield events.take(part), tested.p[place[part]]


def _with_ids(data: EventSource, wanted: NDArray[np.uint64]) -> Events:
    """The events with these identities, in this order."""
    parts = [events.take(np.isin(as_uint64(events.id), wanted)) for events in chunks_of(data)]
    found = concatenate_events([part for part in parts if len(part)])
    order = np.argsort(as_uint64(found.id))
    return found.take(order[np.searchsorted(as_uint64(found.id), wanted, sorter=order)])


def _rows(chain: FittedChain, source: EventSource, most: int) -> Array:
    """The first rows of a source as the detector sees them."""
    parts, n = [], 0
    for events in chunks_of(source):
        part = events.without_truth().take(np.arange(min(len(events), most - n)))
        parts.append(np.asarray(chain.map(part.batch()).x))
        n += len(part)
        if n >= most:
            break
    return np.concatenate(parts)


def _scores(chain: FittedChain, seed: int) -> Callable[[Array], ArrayLike]:
    return lambda rows: chain.scorer(make_batch(rows), key=jax.random.key(seed))


def _names(chain: FittedChain, n: int) -> list[str]:
    fitted: Any = chain.map
    if not isinstance(fitted, KinematicMap):
        return [f"feature {i}" for i in range(n)]
    return [f"log(1 + {name})" if name in fitted.log else name for name in fitted.features]
