"""Infrared and collinear safety: soft particles and collinear splittings change no value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from strangeness.conformance.subject import demand
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Map, Representation
from strangeness.representations.particles import CONSTITUENTS

Particles = NDArray[np.float64]

EPSILON = 1e-10
"""The momentum of soft particles over that of the jet, and the angle of splittings, unless said otherwise."""
SLOPE = 100.0
"""What ``tolerance`` allows, over the square root of epsilon."""


def tolerance(epsilon: float = EPSILON) -> float:
    """The largest change of a safe value, in units of its spread over the toy jets: 100 sqrt(epsilon).

    A value that is safe vanishes with its change like a power of epsilon, and the smallest power of the
    features here is 1/2 (exponents beta below that are not offered): the mass of a jet of one particle of
    momentum pt becomes pt dR sqrt(epsilon) with a soft one at dR, 4 sqrt(epsilon) of the spread of toy
    masses. One that is not safe changes by about its spread, however small epsilon: at 1e-10 hundreds of
    times the tolerance.
    """
    return SLOPE * float(np.sqrt(epsilon))


def toy_jets(n: int = 40, seed: int = 0, most: int = 24) -> Particles:
    """Padded jets (n, most, 3) of pt [GeV], eta, phi with 500 GeV in all.

    Every second has one to eight particles, where ratios have little or nothing below; the others have two to
    four prongs with particles around them.
    """
    rng = np.random.default_rng(seed)
    jets = np.zeros((n, most, 3))
    for i, jet in enumerate(jets):
        few = i % 2 == 0
        k = i // 2 % 8 + 1 if few else int(rng.integers(10, most + 1))
        prongs = rng.normal(0, 0.2, (2 + i % 3, 2))
        jet[:k, 0] = rng.exponential(1.0, k) + 0.02
        jet[:k, 0] *= 500.0 / jet[:, 0].sum()
        jet[:k, 1:] = prongs[rng.integers(0, len(prongs), k)] + rng.normal(0, 0.15 if few else 0.05, (k, 2))
    return jets


def with_soft(
    jets: Particles, epsilon: float, seed: int = 0, added: int = 3, radius: float = 0.4
) -> Particles:
    """The jets (n, m, 3) with particles of ``epsilon`` of their pt in all, ``radius`` around the centre."""
    rng = np.random.default_rng(seed)
    share = rng.dirichlet(np.ones(added), len(jets)) * epsilon
    pt = jets[..., 0]
    centre = np.einsum("nm,nmk->nk", pt, jets[..., 1:]) / pt.sum(axis=1, keepdims=True)
    angle = rng.uniform(0, 2 * np.pi, (len(jets), added))
    reach = radius * np.sqrt(rng.random((len(jets), added)))
    place = centre[:, None] + reach[..., None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    soft = np.concatenate([(share * pt.sum(axis=1, keepdims=True))[..., None], place], axis=2)
    return np.concatenate([jets, soft], axis=1)


def with_splittings(jets: Particles, epsilon: float, seed: int = 0, share: float = 0.5) -> Particles:
    """The jets (n, m, 3) with a ``share`` of their particles, and the hardest, in two pieces.

    The pieces have z and 1 - z of the momentum, z uniform in [0.05, 0.95], and lie at a distance ``epsilon``
    with the particle's place as their mean.
    """
    rng = np.random.default_rng(seed)
    pt = jets[..., 0]
    split = (rng.random(pt.shape) < share) | (pt == pt.max(axis=1, keepdims=True))
    z = np.where(split & (pt > 0), rng.uniform(0.05, 0.95, pt.shape), 0.0)
    angle = rng.uniform(0, 2 * np.pi, pt.shape)
    step = epsilon * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    first, second = jets.copy(), jets.copy()
    first[..., 0], second[..., 0] = (1.0 - z) * pt, z * pt
    first[..., 1:] -= z[..., None] * step
    second[..., 1:] += np.where(z > 0, 1.0 - z, 0.0)[..., None] * step
    second[z == 0] = 0.0
    return np.concatenate([first, second], axis=1)


@dataclass(frozen=True)
class Changes:
    """The largest changes of any value of any jet, in units of the value's spread over the toy jets.

    Attributes:
        soft: by soft particles.
        collinear: by collinear splittings.
        epsilon: how soft and how collinear they were.
    """

    soft: float
    collinear: float
    epsilon: float

    @property
    def largest(self) -> float:
        """The larger of both."""
        return max(self.soft, self.collinear)


def changes(
    representation: Representation,
    epsilon: float = EPSILON,
    *,
    jets: Particles | None = None,
    seed: int = 0,
) -> Changes:
    """Fit a representation to toy jets, or to ``jets`` (n, m, 3), and measure how their values change.

    Raises:
        InputError: for an ``epsilon`` outside (0, 1e-3], and what the representation refuses.
    """
    if not 0.0 < epsilon <= 1e-3:
        raise InputError(f"soft particles of {epsilon} of a jet", "Give a number above 0, at most 0.001.")
    jets = toy_jets(seed=seed) if jets is None else jets
    source = ArraySource(make_batch({CONSTITUENTS: jets}))
    fitted = representation.fit_map(source, key=jax.random.key(seed))
    before = _values(fitted, jets)
    spread = before.std(axis=0)
    # what never changes is compared in its own units
    unit = np.where(spread > 1e-9 * np.abs(before).max(axis=0, initial=0.0), spread, 1.0)
    moved = (with_soft(jets, epsilon, seed), with_splittings(jets, epsilon, seed))
    soft, collinear = (float(np.max(np.abs(_values(fitted, one) - before) / unit)) for one in moved)
    return Changes(soft, collinear, epsilon)


def check_safety(
    representation: Representation, epsilon: float = EPSILON, *, jets: Particles | None = None, seed: int = 0
) -> Changes:
    """``changes``, all of them within ``tolerance``.

    Counts in bins may move where an emission lies within about ``epsilon`` of an edge: keep it small there.

    Raises:
        Nonconforming: when soft particles or collinear splittings change a value by more.
    """
    found = changes(representation, epsilon, jets=jets, seed=seed)
    name = type(representation).__name__
    for what, change in (("soft particles", found.soft), ("collinear splittings", found.collinear)):
        demand(
            change <= tolerance(epsilon),
            f"{name} is not safe: {what} of {epsilon:g} change a value by {change:.2g} of its spread "
            f"(allowed: {tolerance(epsilon):.2g})",
        )
    return found


def _values(fitted: Map, jets: Particles) -> NDArray[np.float64]:
    """Everything that a map makes of jets, (n, values)."""
    x: Any = fitted(make_batch({CONSTITUENTS: jets})).x
    leaves = [np.asarray(leaf, np.float64).reshape(len(jets), -1) for leaf in jax.tree.leaves(x)]
    return np.concatenate(leaves, axis=1)
