"""Lund images: the primary Lund plane of a jet in pixels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray

from strangeness.core.batch import Batch, Source
from strangeness.core.cards import Citation, RepresentationCard
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map, Representation
from strangeness.jets.lund import LundPlanes, lund_planes
from strangeness.jets.ragged import Floats
from strangeness.representations.particles import CONSTITUENTS, constituents_of
from strangeness.representations.ragged_jets import jets_in_blocks, tried_on

Range = tuple[float, float]


class LundImageMap(Map):
    """Lund images of fixed options."""

    pixels: int = eqx.field(static=True)
    log_inverse_delta: Range = eqx.field(static=True)
    log_kt: Range = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.pixels, self.log_inverse_delta, self.log_kt)

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the images that it makes."""
        return (self.pixels, self.pixels, 1)

    @property
    def pixel_area(self) -> float:
        """The area of a pixel in ln(1 / dR) and ln kt: a mean image over it is the density of the plane."""
        sides = [high - low for low, high in (self.log_inverse_delta, self.log_kt)]
        return sides[0] * sides[1] / self.pixels**2

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the images, ``float32`` (n, pixels, pixels, 1).

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles, a
                negative pt, NaN and infinite values.
        """
        constituents = constituents_of(batch)
        images = np.zeros((len(constituents), *self.row_shape), np.float32)
        for rows, jets in jets_in_blocks(constituents):
            images[rows, :, :, 0] = self._counted(lund_planes(jets))
        return batch.with_x(images)

    def _counted(self, planes: LundPlanes) -> Floats:
        """The number of declusterings in each pixel, (jets, pixels, pixels)."""
        column = self._place(planes.log_inverse_delta, self.log_inverse_delta)
        row = self._place(planes.log_kt, self.log_kt)
        inside = (column >= 0) & (column < self.pixels) & (row >= 0) & (row < self.pixels)
        flat = ((planes.owner * self.pixels + row) * self.pixels + column)[inside].astype(np.int64)
        n = len(planes.offsets) - 1
        counts = np.bincount(flat, minlength=n * self.pixels**2).astype(np.float64)
        return counts.reshape(n, self.pixels, self.pixels)

    def _place(self, values: Floats, span: Range) -> Floats:
        return np.floor((values - span[0]) / (span[1] - span[0]) * self.pixels)


@dataclass
class LundImages(Representation):
    """Images of the primary Lund plane of a jet (arXiv:1807.04758, section 2.1).

    ``x["constituents"]`` (n, m, 3) is read as by ``JetImages``. A pixel counts the primary declusterings of
    the Cambridge/Aachen tree in it: columns rise with ln(1 / dR), rows with ln(kt / GeV). Declusterings
    outside both ranges, and those at dR = 0, are left out, so that a jet of one particle is an empty image.
    The fixed ranges make the image infrared and collinear safe: what is softer or more collinear is outside,
    and a count moves only where a declustering lies on the edge of a pixel.

    Attributes:
        pixels: along one side.
        log_inverse_delta: the range of ln(1 / dR); 0 to 7 is dR from 1 to 0.001.
        log_kt: the range of ln(kt / GeV); -3 to 7 is kt from 0.05 GeV to 1.1 TeV.
    """

    pixels: int = 25
    log_inverse_delta: Range = (0.0, 7.0)
    log_kt: Range = (-3.0, 7.0)

    makes: ClassVar[str] = "image"
    card: ClassVar[RepresentationCard | None] = RepresentationCard(
        "lund-images",
        "the primary Lund plane of a jet in pixels of ln(1 / dR) and ln kt",
        Citation(
            "Dreyer:2018nbf",
            "F. A. Dreyer, G. P. Salam, G. Soyez",
            "The Lund Jet Plane",
            2018,
            "JHEP 12 (2018) 064, arXiv:1807.04758",
        ),
        safe="infrared and collinear",
    )

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> LundImageMap:
        """Check the options on the first batch.

        Raises:
            InputError: for options out of range, a source without a batch, and what the map refuses.
        """
        _refuse_options(self.pixels, self.log_inverse_delta, self.log_kt)
        first, second = ((float(low), float(high)) for low, high in (self.log_inverse_delta, self.log_kt))
        return tried_on(LundImageMap(self.pixels, first, second), source)


def _refuse_options(pixels: int, log_inverse_delta: Range, log_kt: Range) -> None:
    if not isinstance(pixels, int) or not 2 <= pixels <= 512:
        raise InputError(f"images of {pixels} pixels a side", "Give a whole number from 2 to 512.")
    for name, span in (("log_inverse_delta", log_inverse_delta), ("log_kt", log_kt)):
        numbers = len(span) == 2 and all(isinstance(v, int | float) and abs(v) <= 100 for v in span)
        if not numbers or not span[0] < span[1]:
            raise InputError(f"'{name}' is {list(span)}", "Give a lower and a higher number within 100 of 0.")
