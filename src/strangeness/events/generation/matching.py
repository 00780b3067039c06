"""What the generator's record says of jets: whole boosted parents, flavours, and particles of a Z."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.events.generation.clustering import Jets

# quarks of a whole decay: top, W, Z, h, and the X and Y of a resonance
PRONGS = {6: (3,), 24: (2,), 23: (2,), 25: (2,), 9000001: (2, 3), 9000002: (2, 3)}
UNLABELLED, LIGHT, CHARM, BOTTOM, GLUE = 0, 1, 4, 5, 21
_LONGEST = 1000  # way up the record; a longer one is a loop


def matched(jets: Jets, particles: Any, target: int, radius: float) -> Any:
    """A mask (event, jet): within ``radius`` of one parent of code +-``target`` and of all its quarks.

    The parent is its last copy before the decay, its quarks are those of the hard decays (status +-23): three
    for a top, b and the two of its W, two for a W, Z or h, two or three for X (9000001) and Y (9000002).
    Each parent of an event is taken alone. Sources: ``particles`` of Pythia's record with id, status, mother1
    and p.

    Raises:
        InputError: for a target that is none of these.
    """
    if target not in PRONGS:
        known = ", ".join(map(str, PRONGS))
        raise InputError(f"jets cannot be matched to the code {target}", f"Choose one of {known}.")
    parents, quarks = families(particles, target)
    count = ak.num(quarks, axis=2)
    whole = (count == PRONGS[target][0]) | (count == PRONGS[target][-1])
    near = _close(jets, parents, radius) & ak.all(_close(jets, quarks, radius), axis=3)
    return ak.any(near & whole[:, np.newaxis, :], axis=2)


def families(particles: Any, target: int) -> tuple[Any, Any]:
    """The parents of code +-``target`` that decay to quarks, (event, parent), and (event, parent, quark)."""
    code = np.abs(particles.id)
    start = (np.abs(particles.status) == 23) & (code <= 5)
    quark = np.flatnonzero(ak.to_numpy(ak.flatten(start)))
    parent = _ancestor(particles, quark, target)
    quark, parent = quark[parent >= 0], parent[parent >= 0]
    order = np.argsort(parent, kind="stable")
    first, counts = np.unique(parent, return_counts=True)
    offsets = _offsets(particles)
    per_event = np.diff(np.searchsorted(first, offsets))
    flat = ak.flatten(particles)
    quarks = ak.unflatten(ak.unflatten(flat[quark[order]], counts), per_event)
    return ak.unflatten(flat[first], per_event), quarks


def flavour(jets: Jets, particles: Any, radius: float = 0.4) -> Any:
    """The flavour of each jet, (event, jet): of the nearest parton of the hard process within ``radius``.

    Codes: 0 no parton near, 1 light quark (d, u, s), 4 charm, 5 bottom, 21 gluon. Partons have status +-23.
    """
    code = np.abs(particles.id)
    partons = particles[(np.abs(particles.status) == 23) & ((code <= 5) | (code == 21))]
    eta, phi = _direction(partons)
    d_eta = jets.eta[:, :, np.newaxis] - eta[:, np.newaxis, :]
    d_phi = wrapped(jets.phi[:, :, np.newaxis] - phi[:, np.newaxis, :])
    distance = d_eta**2 + d_phi**2
    nearest = ak.argmin(distance, axis=2)
    found = ak.fill_none(ak.min(distance, axis=2) < radius**2, False)
    kind = np.abs(partons.id)
    kind = ak.where(kind <= 3, LIGHT, kind)
    return ak.where(found, ak.fill_none(kind[nearest], UNLABELLED), UNLABELLED)


def removed(particles: Any, codes: tuple[int, ...], parent: int = 23) -> Any:
    """A mask (event, particle): final, of absolute code in ``codes``, and descended from a ``parent``.

    With (11, 13, 22) and a Z these are its leptons with the photons that they radiate.
    """
    code, status = (ak.to_numpy(ak.flatten(part)) for part in (particles.id, particles.status))
    index = np.flatnonzero((status > 0) & np.isin(np.abs(code), codes))
    mask = np.zeros(len(code), dtype=bool)
    mask[index[_ancestor(particles, index, parent) >= 0]] = True
    return ak.unflatten(mask, ak.num(particles))


def _ancestor(particles: Any, index: NDArray[np.int64], target: int) -> NDArray[np.int64]:
    """The flat place of the first particle of code +-``target`` above each of ``index``; -1 for none."""
    offsets = _offsets(particles)
    code = np.abs(ak.to_numpy(ak.flatten(particles.id)))
    above = ak.to_numpy(ak.flatten(particles.mother1)) + np.repeat(offsets[:-1], np.diff(offsets))
    found = np.full(len(index), -1, dtype=np.int64)
    row, here = np.arange(len(index)), above[index]
    for _ in range(_LONGEST):
        if not len(row):
            break
        hit = code[here] == target
        found[row[hit]] = here[hit]
        # the first entry of an event is its own mother
        on = ~hit & (above[here] != here)
        row, here = row[on], above[here[on]]
    return found


def _offsets(particles: Any) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(ak.to_numpy(ak.num(particles)))])


def _close(jets: Jets, others: Any, radius: float) -> Any:
    """Mask (event, jet, other) or (event, jet, parent, other): dR below ``radius``."""
    eta, phi = _direction(others)
    place = (slice(None), slice(None), *(np.newaxis for _ in range(eta.ndim - 1)))
    d_eta = jets.eta[place] - eta[:, np.newaxis]
    d_phi = wrapped(jets.phi[place] - phi[:, np.newaxis])
    return d_eta**2 + d_phi**2 < radius**2


def _direction(particles: Any) -> tuple[Any, Any]:
    """Pseudorapidity and azimuth."""
    eta = np.arcsinh(particles.p.pz / np.hypot(particles.p.px, particles.p.py))
    return eta, np.arctan2(particles.p.py, particles.p.px)


def wrapped(angle: Any) -> Any:
    """``angle`` brought to [-pi, pi)."""
    return (angle + np.pi) % (2.0 * np.pi) - np.pi
