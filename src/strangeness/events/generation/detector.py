"""A first detector step: tracks and two calorimeters, merged as in particle flow.

Charged particles that leave a track are measured by the track, everything else by the calorimeter cell it
hits. In a cell that tracks also enter, the energy beyond theirs becomes a neutral object when it is
significant; otherwise the tracks are rescaled to the weighted mean of both measurements. Efficiencies and
track resolutions are close to those of the CMS card of Delphes 3 (arXiv:1307.6346). Left out: shower shapes
(all energy goes to one cell), material, pile-up, noise, fakes and the loss of tracks in dense cores.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

CHARGED_HADRONS = (211, 321, 2212, 3112, 3222, 3312, 3334)
NEUTRINOS = (12, 14, 16)


@dataclass(frozen=True)
class Calorimeter:
    """Cells of size 2 pi / ``cells`` in eta and phi; sigma(E)/E = stochastic/sqrt(E) (+) constant.

    A neutral object needs ``minimum`` GeV and ``significance`` standard deviations beyond the tracks.
    """

    cells: int
    stochastic: float
    constant: float
    minimum: float
    significance: float = 1.0

    def sigma(self, energy: Floats) -> Floats:
        """The energy resolution in GeV at ``energy`` in GeV."""
        return np.hypot(self.stochastic * np.sqrt(energy), self.constant * energy)


@dataclass(frozen=True)
class DetectorSettings:
    """The numbers of the detector step. Energies in GeV, field in T, radius in m.

    ``track_sigma`` has one (|eta| edge, constant, slope per GeV) a row: sigma(pT)/pT = constant (+) slope pT.
    ``track_efficiency`` has one (|eta| edge, below 1 GeV, above 1 GeV) a row.
    """

    ecal: Calorimeter = field(default_factory=lambda: Calorimeter(360, 0.028, 0.003, 0.5))
    hcal: Calorimeter = field(default_factory=lambda: Calorimeter(72, 1.0, 0.05, 1.0))
    track_sigma: tuple[tuple[float, float, float], ...] = (
        (0.5, 0.01, 1.0e-4),
        (1.5, 0.015, 1.5e-4),
        (2.5, 0.025, 3.5e-4),
    )
    track_efficiency: tuple[tuple[float, float, float], ...] = ((1.5, 0.70, 0.95), (2.5, 0.60, 0.85))
    track_minimum: float = 0.5
    field_tesla: float = 3.8
    radius: float = 1.29
    eta_max: float = 5.0


class Particles(NamedTuple):
    """Flat arrays, one entry a particle: event number, PDG code, pt (GeV), eta, phi, energy (GeV)."""

    event: Ints
    pdg: Ints
    pt: Floats
    eta: Floats
    phi: Floats
    energy: Floats

    def select(self, which: Mask) -> Particles:
        """The particles where ``which`` is true."""
        event, pdg, pt, eta, phi, energy = self
        return Particles(event[which], pdg[which], pt[which], eta[which], phi[which], energy[which])


class Objects(NamedTuple):
    """Flat arrays of measured massless objects: event number, pt (GeV), eta, phi."""

    event: Ints
    pt: Floats
    eta: Floats
    phi: Floats

    def select(self, which: Mask | Ints) -> Objects:
        """The objects where ``which`` is true, or at the places it lists."""
        event, pt, eta, phi = self
        return Objects(event[which], pt[which], eta[which], phi[which])


DEFAULT = DetectorSettings()


def measure(true: Particles, rng: np.random.Generator, settings: DetectorSettings = DEFAULT) -> Objects:
    """What the detector reports of the stable particles ``true``, sorted by event.

    Neutrinos and particles beyond ``eta_max`` leave nothing. Muons count by their track alone.
    """
    code = np.abs(true.pdg)
    true = true.select(~np.isin(code, NEUTRINOS) & (np.abs(true.eta) < settings.eta_max))
    code = np.abs(true.pdg)
    charged = np.isin(code, (*CHARGED_HADRONS, 11, 13))
    track_pt, track_sigma = tracks(true, charged, rng, settings)
    phi, reaches = at_the_face(true, charged, settings)
    parts: list[Objects] = []
    electromagnetic = np.isin(code, (11, 22))
    for calorimeter, enters in (
        (settings.ecal, electromagnetic & reaches),
        (settings.hcal, ~electromagnetic & (code != 13) & reaches),
    ):
        hit = np.flatnonzero(enters)
        moved = true.select(enters)._replace(phi=phi[hit])
        slope = np.cosh(true.eta[hit])
        neutral, scale = _cells(calorimeter, moved, track_pt[hit] * slope, track_sigma[hit] * slope, rng)
        track_pt[hit] *= scale
        parts.append(neutral)
    seen = track_pt > 0.0
    parts.append(Objects(true.event[seen], track_pt[seen], true.eta[seen], true.phi[seen]))
    event, pt, eta, phi = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Objects(event, pt, eta, phi).select(np.argsort(event, kind="stable"))


def tracks(
    true: Particles, charged: Mask, rng: np.random.Generator, settings: DetectorSettings = DEFAULT
) -> tuple[Floats, Floats]:
    """The measured pT and its resolution (GeV) of each particle; 0 for both where there is no track."""
    eta = np.abs(true.eta)
    sigma = np.zeros_like(true.pt)
    efficiency = np.zeros_like(true.pt)
    # from the outside in, so that the innermost region that holds a particle has the last word
    for edge, constant, slope in reversed(settings.track_sigma):
        sigma = np.where(eta < edge, np.hypot(constant, slope * true.pt), sigma)
    for edge, low, high in reversed(settings.track_efficiency):
        efficiency = np.where(eta < edge, np.where(true.pt < 1.0, low, high), efficiency)
    found = charged & (rng.random(len(eta)) < efficiency)
    measured = true.pt * (1.0 + sigma * rng.standard_normal(len(eta)))
    found &= measured > settings.track_minimum
    return np.where(found, measured, 0.0), np.where(found, sigma * true.pt, 0.0)


def at_the_face(true: Particles, charged: Mask, settings: DetectorSettings = DEFAULT) -> tuple[Floats, Mask]:
    """phi where each particle meets the calorimeter, and whether it does: soft charged ones curl up."""
    curvature = 0.3 * settings.field_tesla * settings.radius / 2.0  # GeV; a track of this pT just curls up
    ratio = np.where(charged, curvature / np.maximum(true.pt, 1e-9), 0.0)
    reaches = ratio < 1.0
    # leptons have negative charge for positive codes
    sign = np.sign(true.pdg) * np.where(np.isin(np.abs(true.pdg), (11, 13, 3112, 3312, 3334)), -1.0, 1.0)
    return true.phi - sign * np.arcsin(np.where(reaches, ratio, 0.0)), reaches


def _cells(
    calorimeter: Calorimeter, hit: Particles, tracked: Floats, tracked_sigma: Floats, rng: np.random.Generator
) -> tuple[Objects, Floats]:
    """Neutral objects of one calorimeter, and the factor by which it corrects each entering track."""
    size = 2.0 * np.pi / calorimeter.cells
    i_eta = np.floor(hit.eta / size).astype(np.int64)
    i_phi = np.floor(np.mod(hit.phi, 2.0 * np.pi) / size).astype(np.int64)
    key, index = np.unique((hit.event * 4096 + i_eta + 2048) * 1024 + i_phi, return_inverse=True)
    total, by_track, variance = (_sums(index, x, len(key)) for x in (hit.energy, tracked, tracked_sigma**2))
    sigma = calorimeter.sigma(total)
    seen = np.maximum(total + sigma * rng.standard_normal(len(key)), 0.0)
    excess = seen - by_track
    needed = calorimeter.significance * np.sqrt(sigma**2 + variance)
    neutral = excess > np.maximum(calorimeter.minimum, needed)
    # weighted mean of both measurements; a cell without tracks has nothing to correct
    pull = variance / np.maximum(variance + sigma**2, 1e-12)
    scale = np.where(neutral | (by_track == 0.0), 1.0, 1.0 + pull * excess / np.maximum(by_track, 1e-12))
    eta = ((key // 1024) % 4096 - 2048 + rng.random(len(key))) * size
    phi = np.mod((key % 1024 + rng.random(len(key))) * size + np.pi, 2.0 * np.pi) - np.pi
    found = Objects(key // (4096 * 1024), excess / np.cosh(eta), eta, phi)
    return found.select(neutral), scale[index]


def _sums(index: Ints, values: Floats, size: int) -> Floats:
    return np.bincount(index, values, size).astype(np.float64)
