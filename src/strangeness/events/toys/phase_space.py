"""N-body phase space: decays at rest with exact masses, flat or through an intermediate resonance.

Volumes are R_N = int prod_i d^3p_i / (2 E_i) delta^4(P - sum_i p_i), without powers of 2 pi (Byckling and
Kajantie, Particle Kinematics, 1973, chapter V). Momenta are (events, particles, 4) of E, px, py, pz in GeV.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.events.events import Events
from strangeness.events.toys.kinematics import boosted, directions

Array = NDArray[np.float64]
_LEAST, _MOST = 200_000, 1e8  # proposals before unweighting may be given up, and that it may take in all


@dataclass(frozen=True)
class Decays:
    """Decays of a particle at rest.

    Attributes:
        momenta: (n, particles, 4) of E, px, py, pz in GeV.
        weight: (n,) in GeV^(2 particles - 4); its mean is the volume; ones when unweighted.
    """

    momenta: Array
    weight: Array

    def __len__(self) -> int:
        return len(self.weight)


def phase_space(mass: float, masses: Sequence[float], n: int, rng: np.random.Generator) -> Decays:
    """``n`` weighted decays of ``mass`` to particles of ``masses`` (GeV), as a chain of two-body decays.

    The kinetic energy is shared out over the chain (James, CERN 68-15, 1968) by a Dirichlet law of 3/2, the
    answer near the threshold, so that weights are bounded for all masses.

    Raises:
        InputError: for masses that are negative or together not below ``mass``, fewer than two, or n below 1.
    """
    each = _checked(mass, masses, n)
    chain, p, weight = _proposals(mass, each, n, rng)
    return Decays(_momenta(chain, p, each, rng), weight)


def unweighted(mass: float, masses: Sequence[float], n: int, rng: np.random.Generator) -> Decays:
    """``n`` decays as ``phase_space`` draws them, kept in proportion to their weights: all weights are 1.

    Raises:
        InputError: as ``phase_space``, and when it would take over 10^8 proposals: use the weights then.
    """
    each = _checked(mass, masses, n)
    spread = len(each) - 1
    # rate <= sqrt(share + 2 mass), and the product of these is largest when all are alike
    most = _constant(mass, each) * ((mass - sum(each) + 2.0 * sum(each[1:])) / spread) ** (0.5 * spread)
    kept: list[Array] = []
    found = tried = 0
    while found < n:
        size = min(max(2 * (n - found), 1000), 100_000)
        chain, p, weight = _proposals(mass, each, size, rng)
        good = rng.random(size) * most < weight
        kept.append(_momenta(chain[good], p[good], each, rng))
        found, tried = found + len(kept[-1]), tried + size
        if tried >= _LEAST and n * tried > _MOST * max(found, 1):
            raise InputError(f"{found} of {tried:,} decays were kept", "Use phase_space and its weights.")
    return Decays(np.concatenate(kept)[:n], np.ones(n))


def rambo(mass: float, particles: int, n: int, rng: np.random.Generator) -> Decays:
    """``n`` decays to massless particles, flat with equal weights (Comput. Phys. Commun. 40 (1986) 359).

    Raises:
        InputError: for a mass that is not positive, fewer than two particles, or n below 1.
    """
    _checked(mass, (0.0,) * particles, n)
    u = rng.random((4, n, particles))
    cosine, phi = 2.0 * u[0] - 1.0, 2.0 * np.pi * u[1]
    energy = -np.log((1.0 - u[2]) * (1.0 - u[3]))  # 1 - u lies in (0, 1]
    sine = np.sqrt(1.0 - cosine**2)
    q = energy[..., None] * np.stack(
        [np.ones_like(cosine), sine * np.cos(phi), sine * np.sin(phi), cosine], axis=-1
    )
    whole = q.sum(axis=1)
    invariant = np.sqrt(whole[:, 0] ** 2 - np.sum(whole[:, 1:] ** 2, axis=1))
    rest = boosted(q, -whole[:, 1:] / invariant[:, None])
    momenta = rest * (mass / invariant)[:, None, None]
    momenta[..., 0] = np.sqrt(np.sum(momenta[..., 1:] ** 2, axis=-1))
    return Decays(momenta, np.full(n, massless_volume(mass, particles)))


def massless_volume(mass: float, particles: int) -> float:
    """The volume for massless particles: (pi/2)^(N-1) mass^(2N-4) / ((N-1)! (N-2)!)."""
    n = particles
    return (0.5 * math.pi) ** (n - 1) * mass ** (2 * n - 4) / (math.factorial(n - 1) * math.factorial(n - 2))


def as_events(decays: Decays, name: str, *, energies: bool = False, truth: int | None = None) -> Events:
    """The decays as events: columns px_0, py_0, pz_0, px_1, ... in GeV, with E_0, ... where ``energies``.

    ``name`` makes the identities; ``truth`` is the class of all of them, where it is given.
    """
    names = ("E", "px", "py", "pz")
    axes = range(4) if energies else range(1, 4)
    features = {
        f"{names[axis]}_{i}": decays.momenta[:, i, axis]
        for i in range(decays.momenta.shape[1])
        for axis in axes
    }
    n = len(decays)
    label = None if truth is None else np.full(n, truth, dtype=np.int64)
    weight = np.asarray(decays.weight, dtype=np.float64)
    return Events(features, identities(name, n), weight, truth=label, provenance={"name": name})


def _checked(mass: float, masses: Sequence[float], n: int) -> tuple[float, ...]:
    each = tuple(float(value) for value in masses)
    if len(each) < 2:
        raise InputError(f"a decay to {len(each)} particles", "Give the masses of at least two.")
    if n < 1:
        raise InputError(f"{n} decays were asked for", "Ask for at least one.")
    if not all(0.0 <= value < math.inf for value in each):
        raise InputError(f"the masses {each} GeV", "Give masses of 0 or more.")
    if not sum(each) < mass < math.inf:
        raise InputError(
            f"{mass} GeV cannot decay to particles of {sum(each):g} GeV together", "Choose lighter ones."
        )
    return each


def _proposals(
    mass: float, each: tuple[float, ...], n: int, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Masses of the first k particles together (n, N), breakup momenta (n, N - 1) and weights (n,)."""
    free = mass - sum(each)
    share = rng.standard_gamma(1.5, (n, len(each) - 1))
    share *= free / share.sum(axis=1, keepdims=True)
    kinetic = np.concatenate([np.zeros((n, 1)), np.cumsum(share, axis=1)], axis=1)
    rest = np.cumsum(each)
    chain = kinetic + rest
    both = kinetic[:, 1:] + kinetic[:, :-1]
    rate = np.sqrt((share + 2.0 * np.array(each[1:])) * (both + 2.0 * rest[1:]) * (both + 2.0 * rest[:-1]))
    rate /= 2.0 * chain[:, 1:]
    return chain, rate * np.sqrt(share), _constant(mass, each) * np.prod(rate, axis=1)


def _constant(mass: float, each: tuple[float, ...]) -> float:
    """What turns the product of the rates into the weight: volume over density of the Dirichlet law."""
    n, free = len(each), mass - sum(each)
    law = (n - 1) * math.lgamma(1.5) - math.lgamma(1.5 * (n - 1))
    log = (n - 1) * math.log(math.pi) + (n - 2) * math.log(2.0 * free) + 0.5 * (n - 1) * math.log(free) + law
    return math.exp(log) / mass


def _momenta(chain: Array, p: Array, each: tuple[float, ...], rng: np.random.Generator) -> Array:
    n, particles = chain.shape
    out = np.zeros((n, particles, 4))
    for k in range(1, particles):
        way = directions(n, rng) * p[:, k - 1, None]
        out[:, k, 1:] = way
        if k == 1:
            out[:, 0, 1:] = -way
        else:
            out[:, :k] = boosted(out[:, :k], -way / chain[:, k - 1, None])
        # energies from momenta: masses are exact after any number of boosts
        out[:, : k + 1, 0] = np.sqrt(np.sum(out[:, : k + 1, 1:] ** 2, axis=-1) + np.square(each[: k + 1]))
    return out
