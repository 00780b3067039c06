"""Which jets hold a whole boosted top or W: decided from the generator's record."""

from __future__ import annotations

from typing import Any

import awkward as ak
import numpy as np

from strangeness.events.generation.clustering import Jets


def matched(jets: Jets, particles: Any, target: int, radius: float) -> Any:
    """A mask (event, jet): within ``radius`` of a parent of code +-``target`` and of all its quarks.

    The parent is the copy with status -62 (last before the decay), its quarks are those of the hard decays
    (status +-23): three for a top, b and the two of its W, two for a W. Sources: ``particles`` of Pythia's
    record with id, status, mother1 and p.
    """
    mother = particles.id[particles.mother1]
    final_quark = (np.abs(particles.status) == 23) & (np.abs(particles.id) <= 5)
    found = ak.zeros_like(jets.pt, dtype=bool)
    for sign in (1, -1):
        parent = particles[(particles.id == sign * target) & (particles.status == -62)]
        mine = final_quark & ((mother == sign * 24) | (mother == sign * target))
        quarks = particles[mine]
        near = ak.any(_close(jets, parent, radius), axis=2) & ak.all(_close(jets, quarks, radius), axis=2)
        found = found | (near & (ak.num(quarks) == (3 if target == 6 else 2)))
    return found


def _close(jets: Jets, others: Any, radius: float) -> Any:
    """Mask (event, jet, other): dR below ``radius``, in pseudorapidity and azimuth."""
    eta = np.arcsinh(others.p.pz / np.hypot(others.p.px, others.p.py))
    phi = np.arctan2(others.p.py, others.p.px)
    d_eta = jets.eta[:, :, np.newaxis] - eta[:, np.newaxis, :]
    d_phi = wrapped(jets.phi[:, :, np.newaxis] - phi[:, np.newaxis, :])
    return d_eta**2 + d_phi**2 < radius**2


def wrapped(angle: Any) -> Any:
    """``angle`` brought to [-pi, pi)."""
    return (angle + np.pi) % (2.0 * np.pi) - np.pi
