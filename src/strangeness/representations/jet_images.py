"""Jet images: the pT of a jet's particles in pixels of eta and phi, aligned and scaled to [0, 1]."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import equinox as eqx
import numpy as np
from jaxtyping import PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch, Source
from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import Map, Representation
from strangeness.representations import pixels as grid
from strangeness.representations.particles import CONSTITUENTS, constituents_of, read_particles

_BLOCK = 2**19
"""Pixels that are filled at once: 4 MB, which stays in the cache."""


class JetImageMap(Map):
    """Images of fixed options; ``largest`` is the largest pixel of the fitted set in GeV ('set' alone)."""

    pixels: int = eqx.field(static=True)
    half_width: float = eqx.field(static=True)
    centred: bool = eqx.field(static=True)
    rotated: bool = eqx.field(static=True)
    flipped: bool = eqx.field(static=True)
    normalisation: str = eqx.field(static=True)
    largest: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_options(self.pixels, self.half_width, self.normalisation)
        if not 0 <= self.largest < np.inf:
            raise InputError(f"a largest pixel of {self.largest}", "Give 0 or more.")

    @property
    def row_shape(self) -> tuple[int, ...]:
        """Shape of the images that it makes."""
        return (self.pixels, self.pixels, 1)

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def __call__(self, batch: Batch) -> Batch:
        """The batch with ``x`` the images, ``float32`` (n, pixels, pixels, 1) in [0, 1].

        Raises:
            InputError: for a batch without constituents; naming the event, for one without particles or with
                none inside its image, a negative pt, NaN and infinite values.
        """
        constituents = constituents_of(batch)
        images = np.empty((len(constituents), self.pixels, self.pixels, 1), np.float32)
        for start, block in self.blocks(constituents):
            grid.normalise(block, self.normalisation, self.largest)
            images[start : start + len(block), :, :, 0] = block
        return batch.with_x(images)

    def blocks(self, constituents: NDArray[Any]) -> Iterator[tuple[int, NDArray[np.float32]]]:
        """Numbers of first events and their aligned images in GeV, a few at a time."""
        step = max(_BLOCK // self.pixels**2, 1)
        for start in range(0, len(constituents), step):
            yield start, self._aligned(constituents[start : start + step], start)

    def _aligned(self, constituents: NDArray[Any], first: int) -> NDArray[np.float32]:
        particles = read_particles(constituents, first)
        if self.centred:
            particles = grid.centred(particles)
        if self.rotated:
            particles = grid.rotated(particles)
        if self.flipped:
            particles = grid.flipped(particles)
        images = grid.pixelated(particles, self.pixels, self.half_width)
        empty = images.max(axis=(1, 2)) == 0
        if empty.any():
            raise InputError(
                f"event {first + int(np.argmax(empty))} has no particle within {self.half_width:g} of the "
                "centre of its image",
                "Give eta and phi relative to the jet axis, or a larger half_width.",
            )
        return images


@dataclass
class JetImages(Representation):
    """Images of jets from their particles (the steps of arXiv:1803.00107, section 3, before pixelation).

    ``x["constituents"]`` (n, m, 3) holds pt [GeV], and eta and phi relative to the jet axis, with zeros for
    no particle; m may differ between batches. The image does not depend on the order of the particles.

    Attributes:
        pixels: along one side; 40 as in arXiv:1808.08979.
        half_width: half the side of the image in eta and phi; 0.7 makes pixels of 0.035 at 40, the larger
            side of those of arXiv:1808.08979. What lies outside is left out.
        centred: shift the pT-weighted centroid to the centre.
        rotated: turn the principal axis of the pT distribution to the vertical.
        flipped: mirror so that the quadrant with the most pT is the upper right one.
        normalisation: with I a pixel in GeV, L the largest of its image: 'largest' I / L; 'sum' I over the
            sum of the image; 'set' I over the largest pixel of all images of the fit, at most 1; 'log'
            log(1 + 1000 I / L) / log(1001); 'sqrt' sqrt(I / L).
    """

    pixels: int = 40
    half_width: float = 0.7
    centred: bool = True
    rotated: bool = True
    flipped: bool = True
    normalisation: str = "largest"

    makes: ClassVar[str] = "image"

    def columns(self, available: Collection[str]) -> tuple[str, ...]:
        return (CONSTITUENTS,)

    def fit_map(self, source: Source, *, key: PRNGKeyArray) -> JetImageMap:
        """Check the options on the first batch; 'set' reads the whole source for its largest pixel.

        Raises:
            InputError: for options out of range, an unknown normalisation, a source without a batch, and what
                the map refuses.
        """
        _refuse_options(self.pixels, self.half_width, self.normalisation)
        largest = 0.0
        for batch in source:
            fitted = self._map(1.0)
            largest = max(
                largest, *(float(block.max()) for _, block in fitted.blocks(constituents_of(batch)))
            )
            if self.normalisation != "set":
                return fitted
        if largest == 0.0:
            raise InputError("the source yields no batch", "Check that the selection leaves events.")
        return self._map(largest)

    def _map(self, largest: float) -> JetImageMap:
        return JetImageMap(
            self.pixels,
            float(self.half_width),
            self.centred,
            self.rotated,
            self.flipped,
            self.normalisation,
            largest,
        )


def _refuse_options(pixels: int, half_width: float, normalisation: str) -> None:
    if not isinstance(pixels, int) or not 2 <= pixels <= 512:
        raise InputError(f"images of {pixels} pixels a side", "Give a whole number from 2 to 512.")
    if not 0 < half_width <= np.pi:
        raise InputError(f"images of half-width {half_width}", "Give one above 0, at most pi.")
    if normalisation not in grid.NORMALISATIONS:
        raise InputError(
            f"no normalisation is called '{normalisation}'", nearest(normalisation, grid.NORMALISATIONS)
        )
