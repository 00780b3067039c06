"""Hits around jets: the cells of three layers in windows that lie on the grid of the calorimeters."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.generation.detector import DEFAULT, DetectorSettings, Floats, Ints
from strangeness.events.generation.layers import STANDARD, Deposits, Layers, LayerSettings
from strangeness.events.generation.shower import Profile, Window, cells

TOWERS = 25
"""Hadronic towers along a window, 125 electromagnetic cells (arXiv:1902.08276)."""
_BLOCK = 32
"""Jets at once: their windows stay in the cache."""


class Axes(NamedTuple):
    """Jets to look around: event number, eta and phi of their axes, each (n,)."""

    event: Ints
    eta: Floats
    phi: Floats


class Hits(NamedTuple):
    """Flat arrays, sorted by jet and layer.

    Attributes:
        jet: number of the jet.
        layer: 0 tracks, 1 electromagnetic cells, 2 hadronic towers.
        d_eta: to the centre of the window: of the track itself, or of the centre of a cell or tower.
        d_phi: the same in azimuth.
        pt: transverse momentum or energy in GeV.
    """

    jet: Ints
    layer: NDArray[np.int8]
    d_eta: NDArray[np.float32]
    d_phi: NDArray[np.float32]
    pt: NDArray[np.float32]

    def of(self, jets: Ints) -> Hits:
        """The hits of the jets numbered ``jets``, rising, which become 0, 1, 2 and so on."""
        at = np.searchsorted(jets, self.jet)
        mine = np.append(jets, -1)[at] == self.jet
        return Hits(at[mine], self.layer[mine], self.d_eta[mine], self.d_phi[mine], self.pt[mine])


def hits_around(
    layers: Layers,
    axes: Axes,
    detector: DetectorSettings = DEFAULT,
    settings: LayerSettings = STANDARD,
) -> Hits:
    """The hits in the window of each jet: 125 x 125 cells about the middle of the tower that holds its axis.

    A window is 25 x 25 towers of 5 x 5 cells, to 1.09 on each side. Jets of one event may share hits; a jet
    without a hit has no row.

    Raises:
        InputError: for axes that are not finite, or towers that are not made of whole cells.
    """
    if not all(np.isfinite(values).all() for values in axes[1:]):
        raise InputError("a jet axis is not finite", "Remove jets without a direction.")
    if detector.ecal.cells != 5 * detector.hcal.cells:
        raise InputError(
            f"{detector.ecal.cells} electromagnetic cells around and {detector.hcal.cells} towers",
            "Give five cells a tower.",
        )
    layers = Layers(_by_event(layers.tracks), _by_event(layers.ecal), _by_event(layers.hcal))
    # without a jet, one empty block
    blocks = range(0, max(len(axes.event), 1), _BLOCK)
    parts = [_block(layers, axes, start, detector, settings) for start in blocks]
    jet, layer, d_eta, d_phi, pt = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    return Hits(jet, layer, d_eta, d_phi, pt)


def padded(hits: Hits, jets: int) -> NDArray[np.float32]:
    """``hits`` as (jets, most, 4) of layer, d_eta, d_phi, pt, zeros behind the last hit of each jet."""
    counts = np.bincount(hits.jet, minlength=jets)
    place = np.arange(len(hits.jet)) - np.repeat(np.cumsum(counts) - counts, counts)
    out = np.zeros((jets, max(int(counts.max(initial=0)), 1), 4), np.float32)
    for axis, values in enumerate(hits[1:]):
        out[hits.jet, place, axis] = values
    return out


def _block(
    layers: Layers, axes: Axes, start: int, detector: DetectorSettings, settings: LayerSettings
) -> tuple[Any, ...]:
    part = slice(start, start + _BLOCK)
    event = axes.event[part]
    tower = 2.0 * np.pi / detector.hcal.cells
    centres = tuple((np.floor(values[part] / tower) + 0.5) * tower for values in (axes.eta, axes.phi))
    fine, coarse = Window(5 * TOWERS, tower / 5), Window(TOWERS, tower)
    parts = (
        _tracks(layers.tracks, event, centres, 0.5 * TOWERS * tower),
        _read(layers.ecal, event, centres, fine, settings.ecal_profile, settings.ecal_zero),
        _read(layers.hcal, event, centres, coarse, settings.hcal_profile, settings.hcal_zero),
    )
    jet, d_eta, d_phi, pt = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    layer = np.repeat(np.arange(3, dtype=np.int8), [len(part[0]) for part in parts])
    order = np.argsort(jet, kind="stable")
    floats = (values[order].astype(np.float32) for values in (d_eta, d_phi, pt))
    return (jet[order] + start, layer[order], *floats)


def _tracks(deposits: Deposits, event: Ints, centres: tuple[Floats, ...], half: float) -> tuple[Any, ...]:
    jet, d_eta, d_phi, energy = _pairs(deposits, event, centres)
    inside = (np.abs(d_eta) < half) & (np.abs(d_phi) < half)
    jet, d_eta, d_phi, energy = (values[inside] for values in (jet, d_eta, d_phi, energy))
    return jet, d_eta, d_phi, energy / np.cosh(centres[0][jet] + d_eta)


def _read(
    deposits: Deposits,
    event: Ints,
    centres: tuple[Floats, ...],
    window: Window,
    profile: Profile,
    zero: float,
) -> tuple[Any, ...]:
    """Jet, d_eta, d_phi and transverse energy of the cells above ``zero`` GeV."""
    jet, d_eta, d_phi, energy = _pairs(deposits, event, centres)
    x, y = (values / window.size + 0.5 * window.cells for values in (d_eta, d_phi))
    filled = cells(profile, window, jet, x, y, energy, len(event))
    # a list of flat places is several times faster than one along three axes
    above = np.flatnonzero(filled > zero)
    jet, row, column = np.unravel_index(above, filled.shape)
    seen = filled[jet, row, column]
    d_eta, d_phi = ((values + (0.5 - 0.5 * window.cells)) * window.size for values in (row, column))
    return jet, d_eta, d_phi, seen / np.cosh(centres[0][jet] + d_eta)


def _pairs(deposits: Deposits, event: Ints, centres: tuple[Floats, ...]) -> tuple[Any, ...]:
    """Every deposit with every jet of its event: jet, eta and phi to the centre, energy."""
    first, last = (np.searchsorted(deposits.event, event, side) for side in ("left", "right"))
    counts = last - first
    jet = np.repeat(np.arange(len(event)), counts)
    at = np.arange(len(jet)) + np.repeat(first - (np.cumsum(counts) - counts), counts)
    d_phi = deposits.phi[at] - centres[1][jet]
    d_phi -= 2.0 * np.pi * np.round(d_phi / (2.0 * np.pi))
    return jet, deposits.eta[at] - centres[0][jet], d_phi, deposits.energy[at]


def _by_event(deposits: Deposits) -> Deposits:
    if np.all(np.diff(deposits.event) >= 0):
        return deposits
    return deposits.take(np.argsort(deposits.event, kind="stable"))
