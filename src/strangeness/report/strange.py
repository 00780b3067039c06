"""From arrays to what a page shows of strange events: particles, pictures, features that stand out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import as_uint64
from strangeness.events.events import Events
from strangeness.report.parts import EventDisplay, FeatureNote, ImageSet, Picture
from strangeness.representations.image_statistics import average_image

Array = NDArray[np.float64]
MOST_PARTICLES = 120
"""Particles that are drawn of an event; the softer ones are counted."""


def strangest(score: ArrayLike, most: int = 6) -> NDArray[np.intp]:
    """Rows of the ``most`` highest scores, highest first, equal ones in the order of the events."""
    return np.argsort(-np.asarray(score, np.float64), kind="stable")[:most]


def event_display(
    events: Events,
    row: int,
    score: float,
    *,
    p: float | None = None,
    name: str | None = None,
    columns: Sequence[str] = (),
    features: Sequence[FeatureNote] = (),
    image: Picture | None = None,
    error: Picture | None = None,
    note: str = "",
) -> EventDisplay:
    """The display of one event.

    Args:
        events: where the event stands; its particles are drawn where they are known.
        row: its row.
        score: its score, higher = stranger.
        p: its p-value.
        name: its heading; by default its identity.
        columns: features that are listed beside it, such as the mass.
        features: made by ``feature_notes``.
        image: what an image detector saw, made by ``picture``.
        error: how badly each pixel was described, made by ``picture``.
        note: a sentence under it.

    Raises:
        InputError: for a missing column or one that is not finite there.
    """
    pt, eta, phi, left_out = _particles(events, row)
    return EventDisplay(
        name=f"Event {as_uint64(events.id[row : row + 1])[0]:016x}" if name is None else name,
        score=float(score),
        p=None if p is None else float(p),
        context={column: float(events.take(np.array([row])).column(column)[0]) for column in columns},
        pt=pt,
        eta=eta,
        phi=phi,
        left_out=left_out,
        features=list(features),
        image=image,
        error=error,
        note=note,
    )


def _particles(events: Events, row: int) -> tuple[list[float], list[float], list[float], int]:
    if events.constituents is None:
        return [], [], [], 0
    known = events.constituents.take(np.array([row]))
    hardest = np.argsort(-known.pt, kind="stable")[:MOST_PARTICLES]
    pt, eta, phi = (_short(values[hardest]) for values in (known.pt, known.eta, known.phi))
    return pt, eta, phi, len(known.pt) - len(pt)


def feature_notes(
    score_of: Callable[[Array], ArrayLike], rows: ArrayLike, reference: ArrayLike, names: Sequence[str]
) -> list[list[FeatureNote]]:
    """How far out each feature of some events is, and what the score would be without it.

    The score is asked again with one feature at a time at the median of the reference: no gradient is needed,
    and features that are strange only together show little of it.

    Args:
        score_of: rows (n, d) to scores (n,), higher = stranger.
        rows: the events (k, d), as the detector sees them.
        reference: ordinary events (n, d), such as those that it was fitted on.
        names: of the d features.

    Returns:
        The notes of each event, those whose absence lowers the score most first.

    Raises:
        InputError: when names, rows and reference do not match.
    """
    x, ordinary = np.asarray(rows, np.float64), np.asarray(reference, np.float64)
    if (
        x.ndim != 2
        or ordinary.ndim != 2
        or {x.shape[1], ordinary.shape[1]} != {len(names)}
        or not len(ordinary)
    ):
        raise InputError(
            f"rows {x.shape} and reference {ordinary.shape} for {len(names)} names",
            "Give (n, d) and d names.",
        )
    median, below = np.median(ordinary, axis=0), (ordinary < x[:, None]).mean(axis=1)
    moved = np.repeat(x, len(names), axis=0)
    moved[np.arange(len(moved)), np.tile(np.arange(len(names)), len(x))] = np.tile(median, len(x))
    without = np.asarray(score_of(moved), np.float64).reshape(x.shape) if len(x) else np.empty(x.shape)
    return [_sorted_notes(names, x[i], median, below[i], without[i]) for i in range(len(x))]


def _sorted_notes(
    names: Sequence[str], value: Array, median: Array, below: Array, without: Array
) -> list[FeatureNote]:
    notes = []
    for j in map(int, np.argsort(without, kind="stable")):
        numbers = {"value": value[j], "median": median[j], "below": below[j], "score_at_median": without[j]}
        notes.append(FeatureNote(name=names[j], **{key: float(number) for key, number in numbers.items()}))
    return notes


def picture(values: ArrayLike, half_width: float, label: str, *, events: int | None = None) -> Picture:
    """One image (height, width), or the sum of the channels of one (height, width, channels).

    Raises:
        InputError: for another shape or values that are not finite.
    """
    image = np.asarray(values, np.float64)
    image = image.sum(axis=2) if image.ndim == 3 else image
    if image.ndim != 2 or not np.all(np.isfinite(image)):
        raise InputError(f"a picture of shape {image.shape}", "Give finite (height, width) values.")
    rows = [_short(row) for row in image]
    return Picture(label=label, values=rows, half_width=float(half_width), events=events)


def image_set(
    groups: Mapping[str, ArrayLike],
    half_width: float,
    *,
    weights: Mapping[str, ArrayLike] | None = None,
    said: Sequence[str] = (),
    quantity: str = "mean intensity",
) -> ImageSet:
    """Average images side by side: all tested and the selected ones, or one a class.

    Args:
        groups: label -> images (n, height, width, channels); groups without an image are left out.
        half_width: half their side in eta and phi.
        weights: label -> weights (n,), where they are not equal.
        said: sentences above them.
        quantity: what a pixel is.
    """
    pictures = [
        picture(
            average_image(images, None if weights is None else weights.get(label)),
            half_width,
            label,
            events=len(np.asarray(images)),
        )
        for label, images in groups.items()
        if len(np.asarray(images))
    ]
    return ImageSet(said=list(said), pictures=pictures, quantity=quantity)


def _short(values: NDArray[np.floating]) -> list[float]:
    """Four significant digits: enough for a picture, and a small file."""
    return [float(f"{value:.4g}") for value in values]
