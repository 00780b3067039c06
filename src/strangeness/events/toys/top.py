"""t -> b q q' through a W, and the same particles without it: events that differ in their topology alone."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.toys.kinematics import boosted, breakup, directions
from strangeness.events.toys.phase_space import Decays, unweighted

TOP, BOTTOM, W_MASS, W_WIDTH = 173.0, 4.8, 80.4, 2.1  # GeV

Array = NDArray[np.float64]


def top_decay(n: int, rng: np.random.Generator, *, width: float = W_WIDTH) -> Decays:
    """``n`` decays t -> b W -> b q q' in the frame of the top: (n, 3, 4) of b, q, q', all angles isotropic.

    The W has a Breit-Wigner mass of ``width`` GeV times the phase space of its partner, or a fixed one for a
    width of 0. Quarks of the W are massless; spins are left out.

    Raises:
        InputError: for n below 1 or a width outside [0, 20] GeV.
    """
    if n < 1:
        raise InputError(f"{n} decays were asked for", "Ask for at least one.")
    if not 0.0 <= width <= 20.0:
        raise InputError(f"a W of {width} GeV width", "Give a width from 0 to 20 GeV.")
    w = _w_masses(n, width, rng) if width else np.full(n, W_MASS)
    to_b = directions(n, rng) * breakup(np.full(n, TOP), w, BOTTOM)[:, None]
    to_q = directions(n, rng) * (0.5 * w)[:, None]
    pair = np.zeros((n, 2, 4))
    pair[..., 0] = 0.5 * w[:, None]
    pair[:, 0, 1:], pair[:, 1, 1:] = to_q, -to_q
    momenta = np.zeros((n, 3, 4))
    momenta[:, 0, 1:] = to_b
    momenta[:, 1:] = boosted(pair, -to_b / w[:, None])
    # energies from momenta: masses are exact
    momenta[..., 0] = np.sqrt(np.sum(momenta[..., 1:] ** 2, axis=-1) + np.square((BOTTOM, 0.0, 0.0)))
    return Decays(momenta, np.ones(n))


def contact_decay(n: int, rng: np.random.Generator) -> Decays:
    """``n`` decays t -> b q q' at one point: the masses of ``top_decay``, flat in three-body phase space.

    Raises:
        InputError: for n below 1.
    """
    return unweighted(TOP, (BOTTOM, 0.0, 0.0), n, rng)


def _w_masses(n: int, width: float, rng: np.random.Generator) -> Array:
    """Masses with density in s of p(s) / ((s - M^2)^2 + M^2 width^2), 0 < sqrt(s) < top - b."""
    scale, square = W_MASS * width, W_MASS**2
    low, high = math.atan(-square / scale), math.atan(((TOP - BOTTOM) ** 2 - square) / scale)
    most = float(breakup(np.array(TOP), np.array(0.0), BOTTOM))
    found = np.empty(0)
    while len(found) < n:
        s = square + scale * np.tan(rng.uniform(low, high, 2 * n))
        mass = np.sqrt(np.maximum(s, 1e-12))
        kept = rng.random(2 * n) * most < breakup(np.full(2 * n, TOP), mass, BOTTOM)
        found = np.concatenate([found, mass[kept]])
    return found[:n]
