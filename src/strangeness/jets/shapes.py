"""Shapes of many jets: momentum and mass, and how pT is spread over the constituents."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from strangeness.jets.ragged import Floats, Jets


class Axes(NamedTuple):
    """Transverse momentum (GeV), rapidity, azimuth and mass (GeV) of jets; each of shape (jets,)."""

    pt: Floats
    rapidity: Floats
    phi: Floats
    mass: Floats


def summed(jets: Jets) -> Axes:
    """The sum of the constituents' four-vectors; zeros for a jet without any.

    Energy and momentum are summed as small differences from a jet along one direction, since E^2 - p^2 of a
    narrow jet would lose half of the digits: a jet of one constituent, or of equal directions, has mass 0.
    """
    total = np.where(jets.counts > 0, jets.sums(jets.pt), 1.0)
    eta, phi, eta0, phi0 = _about_the_centroid(jets, total)
    along_beam, sideways = jets.sums(jets.pt * np.sinh(eta)), jets.sums(jets.pt * np.sin(phi))
    extra = 2.0 * jets.sums(jets.pt * np.sinh(0.5 * eta) ** 2)
    lost = 2.0 * jets.sums(jets.pt * np.sin(0.5 * phi) ** 2)
    mass2 = 2.0 * total * (extra + lost) + extra**2 - lost**2 - sideways**2 - along_beam**2
    full = jets.counts > 0
    pt = np.hypot(total - lost, sideways)
    rapidity = eta0 + np.arctanh(np.clip(along_beam / (total + extra), -1.0 + 1e-16, 1.0 - 1e-16))
    azimuth = wrapped(phi0 + np.arctan2(sideways, total - lost))
    return Axes(*(np.where(full, v, 0.0) for v in (pt, rapidity, azimuth, np.sqrt(np.maximum(mass2, 0.0)))))


def wrapped(phi: Floats) -> Floats:
    """The same azimuths in [-pi, pi)."""
    return phi - 2.0 * np.pi * np.floor(phi / (2.0 * np.pi) + 0.5)


def girth(jets: Jets, radius: float = 1.0) -> Floats:
    """sum_i pt_i dR(i, axis) / (radius sum_i pt_i) (arXiv:1106.3076), shape (jets,); 0 without constituents.

    The axis is the rapidity and azimuth of ``summed``.
    """
    return _moment(jets, 1.0) / radius


def width(jets: Jets, radius: float = 1.0) -> Floats:
    """sum_i pt_i dR(i, axis)^2 / (radius^2 sum_i pt_i), shape (jets,); 0 without constituents."""
    return _moment(jets, 2.0) / radius**2


def ptd(jets: Jets) -> Floats:
    """sqrt(sum_i pt_i^2) / sum_i pt_i (CMS-PAS-JME-13-002), shape (jets,): 1 for one constituent."""
    return _over(np.sqrt(jets.sums(jets.pt**2)), jets.sums(jets.pt))


def multiplicity(jets: Jets) -> Floats:
    """The number of constituents, shape (jets,)."""
    return jets.counts.astype(np.float64)


def _moment(jets: Jets, power: float) -> Floats:
    axes = summed(jets)
    d_eta, d_phi = jets.eta - axes.rapidity[jets.owner], wrapped(jets.phi - axes.phi[jets.owner])
    return _over(jets.sums(jets.pt * np.hypot(d_eta, d_phi) ** power), jets.sums(jets.pt))


def _about_the_centroid(jets: Jets, total: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """eta and phi of the constituents from the pT-weighted mean, and that mean for each jet.

    Azimuths are first taken from one constituent of the jet, so that none lies across the edge at pi.
    """
    first = np.minimum(jets.offsets[:-1], max(len(jets.pt) - 1, 0))
    eta1, phi1 = (v[first] if len(v) else np.zeros(len(first)) for v in (jets.eta, jets.phi))
    eta, phi = jets.eta - eta1[jets.owner], wrapped(jets.phi - phi1[jets.owner])
    eta_mean, phi_mean = (jets.sums(jets.pt * v) / total for v in (eta, phi))
    return eta - eta_mean[jets.owner], phi - phi_mean[jets.owner], eta1 + eta_mean, phi1 + phi_mean


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0.0)
