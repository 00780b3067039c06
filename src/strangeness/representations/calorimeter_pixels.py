"""From hits of three detector layers to pixels: windows of 125 cells, cropped and rescaled by area."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import InputError
from strangeness.representations import pixels as scaling

HITS = "hits"
LAYERS = ("tracks", "ecal", "hcal")
"""Names of the layers 0, 1 and 2."""
CELLS, TOWERS = 125, 25
CELL = 2 * np.pi / 360
HALF_WIDTH = 0.5 * CELLS * CELL
"""Half the side of a window in eta and phi: 1.0908."""

_HCAL = LAYERS.index("hcal")
_TOWER = np.arange(CELLS) // (CELLS // TOWERS)
_TOWER_OF = (_TOWER[:, None] * TOWERS + _TOWER).ravel()

Images = NDArray[np.float32]


class Grid(NamedTuple):
    """Pixels along one side, the share of the window's side that they cover, and numbers of layers."""

    pixels: int
    crop: float
    layers: tuple[int, ...]


class _Flat(NamedTuple):
    """Hits inside of the windows: image, layer, cell (125 row + column), pt (GeV)."""

    image: NDArray[np.intp]
    layer: NDArray[np.intp]
    cell: NDArray[np.intp]
    pt: NDArray[np.float32]


@lru_cache(maxsize=32)
def overlaps(pixels: int, crop: float, parts: int) -> Images:
    """(pixels, parts): the share in each pixel of each of ``parts`` equal parts of a side of the window."""
    width = CELLS / parts
    edges = 0.5 * CELLS * (1 + crop * np.linspace(-1, 1, pixels + 1))[:, None]
    low = width * np.arange(parts)
    shared = np.minimum(edges[1:], low + width) - np.maximum(edges[:-1], low)
    # rounding must not make a neighbour of a pixel that a cell only touches
    return np.where(shared > 1e-9 * CELLS, shared / width, 0).astype(np.float32)


def hits_of(batch: Batch) -> NDArray[Any]:
    """The padded hits (n, m, 4) of a batch: layer, eta and phi to the centre of the window, pt.

    Raises:
        InputError: when the batch has none, or they have another shape or type.
    """
    if not isinstance(batch.x, Mapping) or HITS not in batch.x:
        raise InputError("the events have no hits", "Read a file that holds the hits around each jet.")
    return checked(np.asarray(batch.x[HITS]))


def checked(hits: NDArray[Any]) -> NDArray[Any]:
    """``hits`` if they are numbers (n, m, 4).

    Raises:
        InputError: for another shape or type.
    """
    if hits.ndim != 3 or hits.shape[2] != 4 or hits.dtype.kind not in "iuf":
        raise InputError(
            f"'{HITS}' has shape {hits.shape} of {hits.dtype}", "Give (events, hits, 4) numbers."
        )
    return hits


def fill(images: Images, hits: NDArray[Any], grid: Grid, first: int = 0) -> None:
    """Fill ``images`` (n, pixels, pixels, layers) with the pT (GeV) of padded hits (n, m, 4).

    Args:
        images: overwritten; contiguous; rows rise with phi, columns with eta.
        hits: layer, eta, phi, pt, as in ``CalorimeterImages``.
        grid: the pixels and layers.
        first: number of the first event, for what is said of a bad one.

    Raises:
        InputError: naming the event, for a negative pt, NaN, infinite values, an unknown layer, or no energy
            in the image.
    """
    images[...] = 0
    flat = _flat(hits, first)
    _cells(images, flat, grid)
    if _HCAL in grid.layers:
        images[..., grid.layers.index(_HCAL)] = _towers(flat, len(images), grid)
    empty = images.reshape(len(images), -1).max(axis=1) == 0
    if empty.any():
        raise InputError(
            f"event {first + int(np.argmax(empty))} has no energy in its image",
            "Leave jets without hits out, or crop less.",
        )


def _flat(hits: NDArray[Any], first: int) -> _Flat:
    pt = hits[:, :, 3]
    if not np.all(pt >= 0):
        event, place = np.argwhere(~(pt >= 0))[0]
        raise InputError(f"a hit of event {first + event} has pt {pt[event, place]}", "Remove or repair it.")
    at = np.flatnonzero(pt > 0)
    image = at // max(hits.shape[1], 1)
    # take is several times faster than an index in brackets
    values = np.ascontiguousarray(hits.reshape(-1, 4).take(at, axis=0).T, dtype=np.float32)
    layer = _layers(values, image + first)
    x, y = (values[1:3] + np.float32(HALF_WIDTH)) * np.float32(1 / CELL)
    inside = np.flatnonzero((x >= 0) & (x < CELLS) & (y >= 0) & (y < CELLS))
    cell = y.take(inside).astype(np.intp) * CELLS + x.take(inside).astype(np.intp)
    return _Flat(image.take(inside), layer.take(inside), cell, values[3].take(inside))


def _layers(values: Images, event: NDArray[np.intp]) -> NDArray[np.intp]:
    """Layers (k,) of ``values`` (4, k), all of them checked."""
    with np.errstate(all="ignore"):
        total = values.sum()
    # a sum is cheap, and finite only where all are
    if not np.isfinite(total) and not np.isfinite(values).all():
        bad = ~np.isfinite(values).all(axis=0)
        raise InputError(
            f"a hit of event {event[np.argmax(bad)]} is NaN or infinite", "Remove or repair such hits."
        )
    number, layer = values[0], values[0].astype(np.intp)
    wrong = (layer != number) | (number < 0) | (number >= len(LAYERS))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"a hit of event {event[at]} is in layer {number[at]:g}", "Give 0 tracks, 1 ECAL or 2 HCAL."
        )
    return layer


def _cells(images: Images, hits: _Flat, grid: Grid) -> None:
    """Add tracks and electromagnetic cells to the few pixels that each of them overlaps."""
    channel = np.array([grid.layers.index(n) if n in grid.layers and n != _HCAL else -1 for n in range(3)])
    channel = channel.take(hits.layer)
    mine = np.flatnonzero(channel >= 0)
    image, channel, cell = (v.take(mine) for v in (hits.image, channel, hits.cell))
    pt = hits.pt.take(mine)
    start, shares = _first_pixels(grid.pixels, grid.crop)
    depth = len(grid.layers)
    place = (image * grid.pixels**2 + start.take(cell)) * depth + channel
    target = images.reshape(-1)
    for (down, right), table in shares.items():
        share = table.take(cell)
        kept = np.flatnonzero(share)
        by = (down * grid.pixels + right) * depth
        np.add.at(target, place.take(kept) + by, share.take(kept) * pt.take(kept))


@lru_cache(maxsize=32)
def _first_pixels(
    pixels: int, crop: float
) -> tuple[NDArray[np.intp], dict[tuple[int, int], NDArray[np.float32]]]:
    """The first pixel that each cell overlaps; and by steps down and right, its shares there (cells,)."""
    table = overlaps(pixels, crop, CELLS)
    start = (table > 0).argmax(axis=0)
    most = int((table > 0).sum(axis=0).max())
    at = start + np.arange(most)[:, None]
    along = np.where(at < pixels, table[np.minimum(at, pixels - 1), np.arange(CELLS)], 0)
    both = {(d, r): np.outer(along[d], along[r]).ravel() for d in range(most) for r in range(most)}
    first = start[:, None] * pixels + start
    return first.ravel(), {step: share.astype(np.float32) for step, share in both.items()}


def _towers(hits: _Flat, n: int, grid: Grid) -> Images:
    """Images (n, pixels, pixels) of towers, the energy of each spread evenly over its 5 x 5 cells."""
    mine = np.flatnonzero(hits.layer == _HCAL)
    place = hits.image.take(mine) * TOWERS**2 + _TOWER_OF.take(hits.cell.take(mine))
    towers = np.zeros(n * TOWERS**2, np.float32)
    np.add.at(towers, place, hits.pt.take(mine))
    table = overlaps(grid.pixels, grid.crop, TOWERS)
    return (table @ (towers.reshape(n, TOWERS, TOWERS) @ table.T)).astype(np.float32, copy=False)


def normalise(images: Images, how: str, apart: bool, largest: Sequence[float]) -> None:
    """Scale images (n, pixels, pixels, layers) to [0, 1] in place, as ``pixels.normalise`` does.

    Args:
        images: not negative, each with a pixel above 0.
        how: one of ``pixels.NORMALISATIONS``.
        apart: each layer by itself, rather than all layers of an image together; empty layers stay 0.
        largest: of the fitted set, one for each layer ('set' alone).
    """
    if not apart:
        scaling.normalise(images.reshape(len(images), len(images[0]), -1), how, max(largest))
        return
    for channel, most in enumerate(largest):
        if how == "set" and most == 0:
            images[..., channel] = 0
            continue
        filled = np.flatnonzero(images[..., channel].max(axis=(1, 2)))
        own = images[filled, :, :, channel]
        scaling.normalise(own, how, most)
        images[filled, :, :, channel] = own
