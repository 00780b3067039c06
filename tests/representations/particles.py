"""Toy jets as padded particles, and a plain reference that makes an image particle by particle."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray


def toy_jets(n: int = 40, most: int = 30, seed: int = 1) -> NDArray[np.float32]:
    """(n, most, 3): two prongs a jet with soft particles around them, 3 to ``most`` particles."""
    rng = np.random.default_rng(seed)
    jets = np.zeros((n, most, 3), np.float32)
    for jet in jets:
        k = int(rng.integers(3, most + 1))
        prong = rng.integers(0, 2, k)
        axes = rng.normal(0, 0.2, (2, 2))
        jet[:k, 0] = rng.exponential(20, k) + 0.1
        jet[:k, 1:] = axes[prong] + rng.normal(0, 0.08, (k, 2))
    return jets


def image_by_hand(jet: NDArray[np.float32], pixels: int, half_width: float) -> NDArray[np.float64]:
    """The centred, rotated and flipped image of one jet in GeV, with loops and textbook formulae."""
    known = [tuple(map(float, particle)) for particle in jet if particle[0] > 0]
    total = sum(pt for pt, _, _ in known)
    eta0 = sum(pt * eta for pt, eta, _ in known) / total
    phi0 = sum(pt * phi for pt, _, phi in known) / total
    moved = [(pt, eta - eta0, phi - phi0) for pt, eta, phi in known]
    tensor = np.array([[sum(pt * a[i] * a[j] for pt, *a in moved) for j in (0, 1)] for i in (0, 1)])
    principal = np.linalg.eigh(tensor)[1][:, 1]
    up = math.pi / 2 - math.atan2(principal[1], principal[0])
    turned = [
        (pt, eta * math.cos(up) - phi * math.sin(up), eta * math.sin(up) + phi * math.cos(up))
        for pt, eta, phi in moved
    ]
    quadrants = {
        (right, above): sum(pt for pt, x, y in turned if (x > 0) == right and (y > 0) == above)
        for right in (True, False)
        for above in (True, False)
    }
    right, above = max(quadrants, key=lambda quadrant: quadrants[quadrant])
    image = np.zeros((pixels, pixels))
    for pt, x, y in turned:
        column = math.floor(((x if right else -x) + half_width) / (2 * half_width) * pixels)
        row = math.floor(((y if above else -y) + half_width) / (2 * half_width) * pixels)
        if 0 <= column < pixels and 0 <= row < pixels:
            image[row, column] += pt
    return image
