"""From particles to pixels: alignment, pixelation and normalisation, as functions of arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strangeness.representations.particles import Array, Particles

NORMALISATIONS = ("largest", "sum", "set", "log", "sqrt")
STRETCH = 1000.0
"""Intensities a thousandth of the largest pixel come out at a tenth under 'log'."""
_EDGE = 1e-9
"""Rounding must not decide on which side of an axis a particle of a two-particle jet falls."""


def centred(particles: Particles) -> Particles:
    """Shifted so that the pT-weighted centroid of each event lies at the origin."""
    eta, phi = centroid(particles)
    at = particles.event
    return replace(particles, eta=particles.eta - eta[at], phi=particles.phi - phi[at])


def centroid(particles: Particles) -> tuple[Array, Array]:
    """pT-weighted mean eta and phi (n,) of each event."""
    total = particles.sums(particles.pt)
    return (
        particles.sums(particles.pt * particles.eta) / total,
        particles.sums(particles.pt * particles.phi) / total,
    )


def rotated(particles: Particles) -> Particles:
    """Turned about the origin so that the principal axis of the pT distribution is the vertical one."""
    about = centred(particles)
    weighted = about.pt * about.eta
    difference = about.sums(weighted * about.eta - about.pt * about.phi**2)
    angle = 0.5 * np.arctan2(2 * about.sums(weighted * about.phi), difference)
    cosine, sine = np.cos(angle)[about.event], np.sin(angle)[about.event]
    eta, phi = particles.eta, particles.phi
    return replace(particles, eta=eta * sine - phi * cosine, phi=eta * cosine + phi * sine)


def flipped(particles: Particles) -> Particles:
    """Mirrored so that the quadrant with the most pT is the upper right one (the first of equal ones)."""
    right, above = particles.eta > -_EDGE, particles.phi > -_EDGE
    quadrant = particles.event * 4 + (2 * ~right + ~above)
    most = np.bincount(quadrant, particles.pt, 4 * len(particles)).reshape(-1, 4).argmax(axis=1)
    signs = np.array([1.0, -1.0])
    return replace(
        particles,
        eta=particles.eta * signs[most // 2][particles.event],
        phi=particles.phi * signs[most % 2][particles.event],
    )


def pixelated(particles: Particles, pixels: int, half_width: float) -> NDArray[np.float32]:
    """Sums of pT (n, pixels, pixels) in GeV; rows rise with phi, columns with eta.

    Pixels are half open; what lies at or beyond ``half_width`` in either direction is left out.
    """
    scale = pixels / (2 * half_width)
    column = np.floor((particles.eta + (half_width + _EDGE)) * scale)
    row = np.floor((particles.phi + (half_width + _EDGE)) * scale)
    inside = (column >= 0) & (column < pixels) & (row >= 0) & (row < pixels)
    place = (particles.event * pixels + np.where(inside, row, 0)) * pixels + np.where(inside, column, 0)
    size = len(particles) * pixels * pixels
    image = np.bincount(place.astype(np.intp), np.where(inside, particles.pt, 0.0), size)
    return image.astype(np.float32).reshape(-1, pixels, pixels)


def normalise(images: NDArray[np.float32], how: str, largest_of_set: float) -> None:
    """Scale images (n, pixels, pixels), not negative, each with a pixel above 0, to [0, 1] in place.

    With I a pixel, L the largest pixel of its image and S their sum: 'largest' is I / L, 'sum' is I / S,
    'set' is I / ``largest_of_set`` and at most 1, 'log' is log(1 + 1000 I / L) / log(1001), 'sqrt' is
    sqrt(I / L).
    """
    if how == "set":
        np.minimum(images / np.float32(largest_of_set), 1, out=images)
        return
    by = images.sum(axis=(1, 2)) if how == "sum" else images.max(axis=(1, 2))
    images /= by[:, None, None]
    if how == "sqrt":
        np.sqrt(images, out=images)
    elif how == "log":
        active = images > 0
        images[active] = np.log1p(STRETCH * images[active]) / np.log1p(STRETCH)
