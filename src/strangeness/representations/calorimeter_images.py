"""Images of tracker and calorimeters: three channels around a jet, at the size of the cells or smaller."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation
from strangeness.representations.calorimeter_pixels import (
    HALF_WIDTH,
    HITS,
    LAYERS,
    Grid,
    Images,
    checked,
    fill,
    hits_of,
    normalise,
)
from strangeness.representations.pixels import NORMALISATIONS

_BLOCK = 2**19
"""Pixels that are filled at once: 2 MB, which stays in the cache."""


def calorimeter_images(
    hits: NDArray[Any], pixels: int = 125, *, crop: float = 1.0, layers: Sequence[str] = LAYERS
) -> Images:
    """Images (n, pixels, pixels, layers), ``float32``, of the pT in GeV, before any normalisation.

    Args:
        hits: (n, m, 4), as in ``CalorimeterImages``.
        pixels: along one side; 125 are the cells themselves.
        crop: the share of the side of the window that is kept, about its centre.
        layers: names of the channels, some of 'tracks', 'ecal' and 'hcal'.

    Raises:
        InputError: for options out of range, and what ``CalorimeterImageMap`` refuses.
    """
    grid = _grid(pixels, crop, layers)
    images = np.empty((len(hits), pixels, pixels, len(grid.layers)), np.float32)
    for _ in _blocks(images, checked(np.asarray(hits)), grid):
        pass
    return images


class CalorimeterImageMap(Map):
    """Images of fixed options; ``largest`` holds the largest pixel of each layer in GeV ('set' alone)."""

    pixels: int = eqx.field(static=True)
    crop: float = eqx.field(static=True)
    layers: tuple[str, ...] = eqx.field(static=True)
    normalisation: str = eqx.field(static=True)
    apart: bool = eqx.field(static=True)
    largest: tuple[float, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.pixels, self.crop, self.layers, self.normalisation)
        if len(self.largest) != len(self.layers) or not all(0 <= value < np.inf for value in self.largest):
            raise InputError(f"largest pixels of {self.largest}", "Give one of 0 or more for each layer.")

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the images that it makes."""
        return (self.pixels, self.pixels, len(self.layers))

    @property
    def half_width(self) -> float:
        """Half the side of the images in eta and phi."""
        return HALF_WIDTH * self.crop

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (HITS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the images, ``float32`` (n, pixels, pixels, layers) in [0, 1].

        Raises:
            InputError: for a batch without hits; naming the event, for a negative pt, NaN, infinite values,
                an unknown layer, and for an event without energy in its image.
        """
        hits = hits_of(batch)
        images = np.empty((len(hits), *self.row_shape), np.float32)
        for block in _blocks(images, hits, _grid(self.pixels, self.crop, self.layers)):
            normalise(block, self.normalisation, self.apart, self.largest)
        return batch.with_x(images)


@dataclass
class CalorimeterImages(Representation):
    """Images of jets in tracks, electromagnetic and hadronic calorimeter, as in arXiv:1902.08276.

    ``x["hits"]`` (n, m, 4) holds the layer (0 tracks, 1 electromagnetic, 2 hadronic), eta and phi relative to
    the centre of a window of 125 x 125 cells of 2 pi / 360, and pt [GeV], with zeros for no hit, in any
    order. The window lies on the grid of the calorimeters; a tower of 5 x 5 cells spreads its energy evenly
    over them. Images of other sizes are the window, cropped and rescaled with weights by area, which keeps
    the sum of what lies inside. What lies outside is left out. Rows rise with phi, columns with eta.

    Attributes:
        pixels: along one side, 2 to 512; 125 are the cells themselves.
        crop: the share of the side of the window that is kept, about its centre.
        layers: names of the channels, some of 'tracks', 'ecal' and 'hcal'.
        normalisation: as in ``JetImages``: 'largest', 'sum', 'set', 'log' or 'sqrt'.
        apart: normalise each layer by itself, rather than all layers of an image together; a layer without
            energy stays black.
    """

    pixels: int = 125
    crop: float = 1.0
    layers: tuple[str, ...] = LAYERS
    normalisation: str = "largest"
    apart: bool = False

    makes: ClassVar[str] = "image"
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        name="calorimeter",
        summary="images of tracks, electromagnetic and hadronic energy around a jet",
        citation=Citation(
            key="Andrews:2019faz",
            authors="M. Andrews and others",
            title="End-to-End Jet Classification of Quarks and Gluons with the CMS Open Data",
            year=2019,
            where="arXiv:1902.08276",
        ),
    )

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (HITS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> CalorimeterImageMap:
        """Check the options on the first batch; 'set' reads the whole source for its largest pixels.

        Raises:
            InputError: for options out of range, an unknown layer or normalisation, a source without a batch,
                and what the map refuses.
        """
        _refuse_options(self.pixels, self.crop, self.layers, self.normalisation)
        largest, seen = np.zeros(len(self.layers)), False
        for batch in source:
            images = calorimeter_images(hits_of(batch), self.pixels, crop=self.crop, layers=self.layers)
            largest, seen = np.maximum(largest, images.max(axis=(0, 1, 2))), True
            if self.normalisation != "set":
                largest[:] = 0
                break
        if not seen:
            raise InputError("the source yields no batch", "Check that the selection leaves events.")
        return CalorimeterImageMap(
            self.pixels,
            float(self.crop),
            tuple(self.layers),
            self.normalisation,
            self.apart,
            tuple(map(float, largest)),
        )


def _blocks(images: Images, hits: NDArray[Any], grid: Grid) -> Iterator[Images]:
    """Parts of ``images``, each filled in GeV when it is yielded."""
    step = max(_BLOCK // images[:1].size, 1) if len(images) else 1
    for start in range(0, len(hits), step):
        block = images[start : start + step]
        fill(block, hits[start : start + step], grid, start)
        yield block


def _grid(pixels: int, crop: float, layers: Sequence[str]) -> Grid:
    _refuse_options(pixels, crop, layers, NORMALISATIONS[0])
    return Grid(pixels, float(crop), tuple(LAYERS.index(name) for name in layers))


def _refuse_options(pixels: int, crop: float, layers: Sequence[str], normalisation: str) -> None:
    if not isinstance(pixels, int) or not 2 <= pixels <= 512:
        raise InputError(f"images of {pixels} pixels a side", "Give a whole number from 2 to 512.")
    if not 0 < crop <= 1:
        raise InputError(f"images of {crop} of the window", "Give a share above 0, at most 1.")
    for name in layers:
        if name not in LAYERS:
            raise InputError(f"no layer is called '{name}'", nearest(name, LAYERS))
    if not layers or len(set(layers)) < len(layers) or isinstance(layers, str):
        raise InputError(f"the layers {layers!r}", "Name one or more, each once.")
    if normalisation not in NORMALISATIONS:
        raise InputError(
            f"no normalisation is called '{normalisation}'", nearest(normalisation, NORMALISATIONS)
        )
