"""The detector in three layers: what tracker, electromagnetic and hadronic calorimeter report of particles.

Nothing is merged here, unlike in ``detector``: a charged hadron leaves a track and energy in both
calorimeters. Resolutions and efficiencies are those of ``DetectorSettings``. Showers spread over cells in
``windows``. Left out: noise, pile-up, material before the calorimeters, muons in them, gaps, and the angular
resolution of tracks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.generation.detector import (
    CHARGED_HADRONS,
    DEFAULT,
    NEUTRINOS,
    Calorimeter,
    DetectorSettings,
    Floats,
    Ints,
    Particles,
    at_the_face,
    tracks,
)
from strangeness.events.generation.shower import Profile

LAYERS = ("tracks", "ecal", "hcal")
"""Names of the layers, in the order of their numbers."""

_CHARGED, _ELECTROMAGNETIC, _HADRON = 1, 2, 4


@dataclass(frozen=True)
class LayerSettings:
    """The numbers of the layers that ``DetectorSettings`` does not have.

    Attributes:
        depth: of the electromagnetic calorimeter in interaction lengths (CMS: 1.1): a hadron starts to shower
            there with probability 1 - exp(-depth).
        most: such a hadron leaves a share there that is uniform between 0 and this; with 0.9 the mean over
            all hadrons is 0.30, that of K0S and Lambda in the CMS card of Delphes 3 (arXiv:1307.6346).
        ecal_profile: a photon in the middle leaves 77 % in its cell, and 90 % within a Moliere radius of
            22 mm; a cell is 22.5 mm wide at the face.
        hcal_profile: 95 % within an interaction length of brass, 16 cm; a tower is 15.5 cm wide at 1.8 m.
        ecal_zero: cells below this energy (GeV) are not read out.
        hcal_zero: the same for towers.
    """

    depth: float = 1.1
    most: float = 0.9
    ecal_profile: Profile = field(default_factory=lambda: Profile(0.8, 0.25, 0.83))
    hcal_profile: Profile = field(default_factory=lambda: Profile(0.7, 0.2, 0.55))
    ecal_zero: float = 0.08
    hcal_zero: float = 0.5


class Deposits(NamedTuple):
    """Flat arrays of one layer, in the order of the particles: event number, eta, phi, energy (GeV)."""

    event: Ints
    eta: Floats
    phi: Floats
    energy: Floats

    def take(self, at: Ints) -> Deposits:
        """The deposits at the places ``at``."""
        return Deposits(self.event.take(at), self.eta.take(at), self.phi.take(at), self.energy.take(at))


class Layers(NamedTuple):
    """What each layer reports: tracks at their direction at production, energy where it enters the face."""

    tracks: Deposits
    ecal: Deposits
    hcal: Deposits


STANDARD = LayerSettings()


def respond(
    true: Particles,
    rng: np.random.Generator,
    detector: DetectorSettings = DEFAULT,
    settings: LayerSettings = STANDARD,
) -> Layers:
    """What the three layers report of the stable particles ``true``.

    Photons and electrons leave all their energy in the electromagnetic calorimeter, hadrons in both, muons
    and neutrinos none. A deposit fluctuates with the resolution of the particle's own calorimeter:
    log-normal, so that it is positive and right in the mean at any energy. A hadron's two parts fluctuate
    together.

    Raises:
        InputError: for values that are not finite, or a negative energy.
    """
    _refuse(true)
    kind = _KINDS.take(np.abs(true.pdg), mode="clip")
    kind[np.abs(true.eta) >= detector.eta_max] = 0
    charged = np.flatnonzero(kind & _CHARGED)
    bent = _taken(true, charged)
    everyone = np.ones(len(charged), dtype=np.bool_)
    measured, _ = tracks(bent, everyone, rng, detector)
    found = np.flatnonzero(measured)
    eta = bent.eta[found]
    seen = Deposits(bent.event[found], eta, bent.phi[found], measured[found] * np.cosh(eta))
    phi = true.phi.copy()
    phi[charged], reaches = at_the_face(bent, everyone, detector)
    kind[charged[~reaches]] = 0
    ecal, hcal = _energies(kind, true.energy, rng, detector, settings)
    return Layers(seen, _left(true, phi, ecal), _left(true, phi, hcal))


def _energies(
    kind: NDArray[np.uint8],
    energy: Floats,
    rng: np.random.Generator,
    detector: DetectorSettings,
    settings: LayerSettings,
) -> tuple[Floats, Floats]:
    """The energy (GeV) that each particle leaves in the electromagnetic and in the hadronic calorimeter."""
    ecal, hcal = np.zeros(len(energy)), np.zeros(len(energy))
    light, heavy = (np.flatnonzero(kind & which) for which in (_ELECTROMAGNETIC, _HADRON))
    ecal[light] = fluctuated(detector.ecal, energy.take(light), rng)
    both = fluctuated(detector.hcal, energy.take(heavy), rng)
    # one uniform number decides whether a shower starts and, if so, the share
    share = rng.random(len(heavy)) / -math.expm1(-settings.depth)
    early = np.where(share < 1.0, settings.most * share, 0.0) * both
    ecal[heavy], hcal[heavy] = early, both - early
    return ecal, hcal


def fluctuated(calorimeter: Calorimeter, energy: Floats, rng: np.random.Generator) -> Floats:
    """Log-normal with mean ``energy`` and the standard deviation ``calorimeter.sigma(energy)``, in GeV."""
    relative = calorimeter.stochastic**2 / np.maximum(energy, 1e-9) + calorimeter.constant**2
    variance = np.log1p(relative)
    return energy * np.exp(np.sqrt(variance) * rng.standard_normal(len(energy)) - 0.5 * variance)


def _taken(true: Particles, at: Ints) -> Particles:
    """``Particles.select`` by places: several times faster than by a mask."""
    event, pdg, pt, eta, phi, energy = true
    floats = (column.take(at) for column in (pt, eta, phi, energy))
    return Particles(event.take(at), pdg.take(at), *floats)


def _left(true: Particles, phi: Floats, energy: Floats) -> Deposits:
    return Deposits(true.event, true.eta, phi, energy).take(np.flatnonzero(energy))


def _refuse(true: Particles) -> None:
    for name in ("pt", "eta", "phi", "energy"):
        values = getattr(true, name)
        # a sum is cheap, and finite only where all are
        if not np.isfinite(values.sum()) or (name == "energy" and values.min(initial=0.0) < 0.0):
            wrong = ~np.isfinite(values) | ((name == "energy") & (values < 0.0))
            at = int(np.argmax(wrong))
            raise InputError(
                f"particle {at} has {name} = {values[at]:g}", "Remove particles without a finite momentum."
            )


def _kinds() -> NDArray[np.uint8]:
    """What a particle of each absolute PDG code does; what is not known is a neutral hadron."""
    kinds = np.full(4096, _HADRON, dtype=np.uint8)
    kinds[list(CHARGED_HADRONS)] = _CHARGED | _HADRON
    kinds[list(NEUTRINOS)] = 0
    kinds[[11, 13, 22]] = _CHARGED | _ELECTROMAGNETIC, _CHARGED, _ELECTROMAGNETIC
    return kinds


_KINDS = _kinds()
