"""Primary Lund planes (arXiv:1807.04758) of many jets at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from strangeness.jets.ragged import Floats, Ints, Jets
from strangeness.jets.recombination import CAMBRIDGE_AACHEN, E_SCHEME, grow, separation


class LundPlanes(NamedTuple):
    """The primary declusterings of many jets, each jet's in order from the widest on.

    With a the harder and b the softer branch: ``log_inverse_delta`` is ln(1 / dR(a, b)), ``log_kt`` is
    ln(pt_b dR / GeV), ``z`` is pt_b / (pt_a + pt_b), and ``psi`` (radians) is the angle of b about a,
    atan2(y_b - y_a, phi_b - phi_a); shape (declusterings,). Jet i owns entries ``offsets[i]`` to
    ``offsets[i + 1]``.
    """

    log_inverse_delta: Floats
    log_kt: Floats
    z: Floats
    psi: Floats
    offsets: Ints

    @property
    def owner(self) -> Ints:
        """The jet of each declustering, shape (declusterings,)."""
        return np.repeat(np.arange(len(self.offsets) - 1), np.diff(self.offsets))


def lund_planes(jets: Jets) -> LundPlanes:
    """Decluster the Cambridge/Aachen tree along the branch of larger pT (arXiv:1807.04758, section 2.1).

    A jet of one constituent, or none, has no declustering; one at dR = 0 (constituents of equal direction)
    has no place in the plane and is left out.
    """
    out = np.empty((len(jets.pt), 4))
    counts = np.zeros(len(jets.offsets) - 1, np.int64)
    size = max(2 * int(jets.counts.max(initial=0)) - 1, 1)
    found = _all_jets(*jets, size, out, counts)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    delta, kt, z, psi = np.ascontiguousarray(out[:found].T)
    return LundPlanes(delta, kt, z, psi, offsets)


@njit(cache=True, nogil=True)
def _all_jets(pt, eta, phi, offsets, size, out, counts):
    tree, children, scale = np.empty((size, 7)), np.empty((size, 2), np.int64), np.empty(size)
    found = 0
    for jet in range(len(offsets) - 1):
        low, high = offsets[jet], offsets[jet + 1]
        if high - low < 2:
            continue
        grow(pt[low:high], eta[low:high], phi[low:high], CAMBRIDGE_AACHEN, E_SCHEME, tree, children, scale)
        node = 2 * (high - low) - 2
        while children[node, 0] >= 0:
            a, b = children[node, 0], children[node, 1]
            if tree[a, 4] < tree[b, 4]:
                a, b = b, a
            gap = np.sqrt(separation(tree[a, 5], tree[a, 6], tree[b, 5], tree[b, 6]))
            if gap > 0.0 and tree[b, 4] > 0.0:
                out[found, 0], out[found, 1] = -np.log(gap), np.log(tree[b, 4] * gap)
                out[found, 2] = tree[b, 4] / (tree[a, 4] + tree[b, 4])
                d_phi = tree[b, 6] - tree[a, 6]
                d_phi -= 2.0 * np.pi * np.floor(d_phi / (2.0 * np.pi) + 0.5)
                out[found, 3] = np.arctan2(tree[b, 5] - tree[a, 5], d_phi)
                found += 1
                counts[jet] += 1
            node = a
    return found
