"""Which columns are energies, by their names, and whether a file seems to be in MeV."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError, InputError, nearest
from strangeness.events.events import Constituents
from strangeness.events.hits import Hits

_L = TypeVar("_L", Constituents, Hits)
UNITS = ("GeV", "MeV")
_PER_GEV = {"GeV": 1.0, "MeV": 1000.0}
_TRANSVERSE = {"pt", "et"}
_PAIRS = {"mjj", "ht", "st", "sumet"}
_ENERGIES = {
    *(_TRANSVERSE | _PAIRS),
    *("px", "py", "pz", "p", "e", "energy", "m", "mass", "mj", "dmj", "mll", "mt", "met"),
    *("msoftdrop", "sdmass"),
}
_POSITIVE = {"pt", "et", "ht", "energy"}
LIMIT = 10_000.0
"""GeV: no measured transverse momentum has a median above it; masses of pairs may have twice as much."""
_FEW = 1000  # events that the unit is judged by


def quantity(name: str) -> str:
    """The last word of a column's name without the number of an object: 'pt' for 'FatJet_pt' and 'pt1'."""
    words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
    last = words[-1].lower() if words else ""
    if last == "j" and len(words) > 1:
        last = f"{words[-2].lower()}j"
    if last == "jj" and len(words) > 1:
        last = f"{words[-2].lower()}jj"
    return last if last in _ENERGIES else last.removesuffix("j")


def is_energy(name: str) -> bool:
    """Whether a column holds an energy, momentum or mass: pt, lep1pt, pxj1, mjj, jet_mass, MET, ..."""
    return quantity(name) in _ENERGIES


def checked_unit(unit: str | None) -> str | None:
    """``unit`` as it is.

    Raises:
        InputError: when it is neither GeV nor MeV nor None.
    """
    if unit is not None and unit not in UNITS:
        raise InputError(f"unknown unit '{unit}'", nearest(unit, UNITS))
    return unit


def in_gev(
    features: Mapping[str, NDArray[Any]], particles: Constituents | None, unit: str | None
) -> tuple[dict[str, NDArray[Any]], Constituents | None]:
    """Energies, momenta and masses in GeV, told by ``is_energy``; None counts as GeV."""
    scale = _PER_GEV[unit or "GeV"]
    if scale == 1.0:
        return dict(features), particles
    scaled = {name: value / scale if is_energy(name) else value for name, value in features.items()}
    return scaled, lists_in_gev(particles, unit)


def lists_in_gev(lists: _L | None, unit: str | None) -> _L | None:
    """Particles or hits with their pt in GeV; None counts as GeV."""
    scale = _PER_GEV[unit or "GeV"]
    if lists is None or scale == 1.0:
        return lists
    return replace(lists, pt=(lists.pt / np.float32(scale)).astype(np.float32))


def suspected(
    features: Mapping[str, NDArray[Any]], particles: Constituents | None
) -> tuple[str, float] | None:
    """The first column whose median is too large for GeV, with it; None when there is none.

    Transverse momenta and masses are compared with ``LIMIT``, masses of pairs and sums with twice as much,
    by the first 1,000 events.
    """
    for name, values in features.items():
        kind = quantity(name)
        limit = 2 * LIMIT if kind in _PAIRS else LIMIT
        if kind in _ENERGIES - {"p", "e", "m"} and (median := _median(values[:_FEW])) > limit:
            return name, median
    if particles is not None and len(particles):
        leading = particles.pt[particles.offsets[:-1][particles.counts > 0][:_FEW]]
        if (median := _median(leading)) > LIMIT:
            return "constituents", median
    return None


def refuse_mev(features: Mapping[str, NDArray[Any]], particles: Constituents | None, path: Path) -> None:
    """Refuse values that cannot be GeV.

    Raises:
        FileError: naming the column and its median.
    """
    found = suspected(features, particles)
    if found is not None:
        name, median = found
        raise FileError(
            f"'{name}' of '{path}' has the median {median:,.0f}, too large for GeV",
            "Pass unit='MeV', or unit='GeV' if it is right.",
        )


def refuse_negative(values: NDArray[Any], name: str, path: Path, start: int) -> None:
    """Refuse a transverse momentum or an energy below 0; ``start`` is the row of the first value.

    Raises:
        FileError: naming the first.
    """
    if quantity(name) in _POSITIVE and len(values) and np.min(values) < 0:
        row = int(np.argmax(values < 0))
        raise FileError(
            f"column '{name}' of '{path}' holds {values[row]:g} in event {start + row}",
            "Energies and transverse momenta are not negative: remove those events first.",
        )


def _median(values: NDArray[Any]) -> float:
    finite = np.abs(values[np.isfinite(values)])
    return float(np.median(finite)) if finite.size else 0.0
