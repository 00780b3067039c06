"""Lists of particles as they leave every reader, and the jets that they make."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import FileError
from strangeness.events.events import Constituents
from strangeness.events.hits import LAYERS, Hits
from strangeness.events.jagged import Jagged

MOST = 10_000
"""No jet and no event has more particles or hits; a longer list is an error."""
JET = ("pt", "eta", "phi", "mass", "multiplicity")


def tidy(particles: Constituents, path: Path, start: int) -> Constituents:
    """The lists sorted by falling pt; ``start`` is the event of the first.

    Raises:
        FileError: for NaN, infinity, a negative pt, or more than 10,000 particles, naming the event.
    """
    _refuse_wrong(particles, path, start)
    return falling(particles)


def tidy_hits(hits: Hits, path: Path, start: int) -> Hits:
    """The hits as they are; ``start`` is the jet of the first.

    Raises:
        FileError: as ``tidy``, and for a layer that is none of 0, 1 and 2.
    """
    _refuse_wrong(hits, path, start)
    wrong = ~np.isin(hits.layer, range(len(LAYERS)))
    if wrong.any():
        place = int(np.argmax(wrong))
        raise FileError(
            f"a hit of '{path}' is in layer {hits.layer[place]:g} in event {start + _row(hits, place)}",
            "Give 0 tracks, 1 ECAL or 2 HCAL.",
        )
    return replace(hits, layer=hits.layer.astype(np.int8))


def _refuse_wrong(lists: Constituents | Hits, path: Path, start: int) -> None:
    if not len(lists):
        return
    if lists.counts.max() > MOST:
        row = int(np.argmax(lists.counts > MOST))
        raise FileError(
            f"event {start + row} of '{path}' has {lists.counts[row]} {lists.WHAT}",
            f"Lists of up to {MOST} are read: check how it was written.",
        )
    if not all(np.isfinite(column).all() for column in lists.columns) or np.any(lists.pt < 0):
        raise _wrong(lists, path, start)


def _row(lists: Jagged, place: int) -> int:
    return int(np.searchsorted(lists.offsets, place, side="right")) - 1


def falling(particles: Constituents) -> Constituents:
    """The lists sorted by falling pt, equal ones in their order; the same object when they are."""
    rises = particles.pt[1:] > particles.pt[:-1]
    first = particles.offsets[1:-1]
    rises[first[(first > 0) & (first <= len(rises))] - 1] = False
    if not rises.any():
        return particles
    rows = np.repeat(np.arange(len(particles)), particles.counts)
    order = np.lexsort((-particles.pt, rows))
    pt, eta, phi = particles.pt[order], particles.eta[order], particles.phi[order]
    return Constituents(particles.offsets, pt, eta, phi, particles.relative)


def _wrong(lists: Constituents | Hits, path: Path, start: int) -> FileError:
    for name in lists.COLUMNS:
        values = getattr(lists, name)
        bad = ~np.isfinite(values) | ((values < 0) if name == "pt" else False)
        if bad.any():
            place = int(np.argmax(bad))
            return FileError(
                f"a {lists.WHAT[:-1]} of '{path}' has {name} = {values[place]:g} "
                f"in event {start + _row(lists, place)}",
                "Remove or repair NaN, infinite and negative values first.",
            )
    raise AssertionError("no value is wrong")


def wrapped(phi: NDArray[Any]) -> NDArray[Any]:
    """Angles between -pi and pi."""
    return (phi + np.pi) % (2 * np.pi) - np.pi


def summed(momenta: NDArray[np.float64], offsets: NDArray[np.int64]) -> dict[str, NDArray[np.float64]]:
    """The jets that particles make: pt, eta, phi, mass (GeV, radians) and multiplicity, each (n,).

    Args:
        momenta: (particles, 4) of E, px, py, pz in GeV.
        offsets: (n + 1,) as in ``Constituents``; each jet has a particle.
    """
    energy, px, py, pz = np.add.reduceat(momenta, offsets[:-1], axis=0).T
    pt = np.hypot(px, py)
    squared = (energy - pz) * (energy + pz) - pt**2
    return {
        "pt": pt,
        "eta": np.arcsinh(pz / pt),
        "phi": np.arctan2(py, px),
        "mass": np.sqrt(np.maximum(squared, 0.0)),
        "multiplicity": np.diff(offsets).astype(np.float64),
    }


def around(
    jets: dict[str, NDArray[np.float64]],
    offsets: NDArray[np.int64],
    pt: NDArray[Any],
    eta: NDArray[Any],
    phi: NDArray[Any],
) -> Constituents:
    """Particles relative to the axes of their jets."""
    counts = np.diff(offsets)
    d_eta = eta - np.repeat(jets["eta"], counts)
    d_phi = wrapped(phi - np.repeat(jets["phi"], counts))
    single = [np.asarray(values, np.float32) for values in (pt, d_eta, d_phi)]
    return Constituents(offsets, single[0], single[1], single[2])


def no_particles(counts: NDArray[np.int64], path: Path, start: int) -> FileError:
    """The error for the first jet without a particle."""
    row = int(np.argmax(counts == 0))
    return FileError(f"jet {start + row} of '{path}' has no constituents", "Remove such jets first.")


def offsets_of(counts: NDArray[Any]) -> NDArray[np.int64]:
    """(n + 1,) places from (n,) lengths."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
