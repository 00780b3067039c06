"""Soft drop (arXiv:1402.2657) of many jets at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from strangeness.core.errors import InputError
from strangeness.jets.ragged import Floats, Jets
from strangeness.jets.recombination import CAMBRIDGE_AACHEN, E_SCHEME, grow, separation


class Groomed(NamedTuple):
    """What soft drop leaves of each jet.

    ``jets`` holds the constituents that are kept; ``z`` is the momentum fraction min(pt1, pt2) / (pt1 + pt2)
    and ``radius`` the distance dR of the splitting that passed, shape (jets,); both are 0 where none did, and
    then one constituent is left, whose mass is 0. ``shapes.summed(groomed.jets)`` has momentum and mass.
    """

    jets: Jets
    z: Floats
    radius: Floats


def soft_drop(jets: Jets, z_cut: float = 0.1, beta: float = 0.0, radius: float = 0.8) -> Groomed:
    """Decluster the Cambridge/Aachen tree along the harder branch until z > z_cut (dR / radius)^beta.

    arXiv:1402.2657, eq. 1.1, in grooming mode; ``beta`` = 0 is the modified mass drop tagger
    (arXiv:1307.0007). Branches are compared by pT, dR is in rapidity and azimuth. An empty jet stays empty.

    Raises:
        InputError: for a ``z_cut`` outside [0, 0.5), a ``beta`` that is not finite, or a radius that is not
            positive.
    """
    if not 0.0 <= z_cut < 0.5:
        raise InputError(f"soft drop with z_cut = {z_cut}", "Give one from 0 to below 0.5.")
    if not np.isfinite(beta) or not 0.0 < radius < np.inf:
        raise InputError(f"soft drop with beta {beta}, radius {radius}", "Give a positive radius.")
    kept = np.zeros(len(jets.pt), np.bool_)
    passed = np.zeros((len(jets.offsets) - 1, 2))
    size = max(2 * int(jets.counts.max(initial=0)) - 1, 1)
    _all_jets(*jets, float(z_cut), float(beta), float(radius), size, kept, passed)
    counts = np.bincount(jets.owner[kept], minlength=len(passed))
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    left = Jets(jets.pt[kept], jets.eta[kept], jets.phi[kept], offsets)
    return Groomed(left, passed[:, 0], passed[:, 1])


@njit(cache=True, nogil=True)
def _all_jets(pt, eta, phi, offsets, z_cut, beta, radius, size, kept, passed):
    tree, children, scale = np.empty((size, 7)), np.empty((size, 2), np.int64), np.empty(size)
    stack = np.empty(size, np.int64)
    for jet in range(len(offsets) - 1):
        low, high = offsets[jet], offsets[jet + 1]
        n = high - low
        if n == 0:
            continue
        grow(pt[low:high], eta[low:high], phi[low:high], CAMBRIDGE_AACHEN, E_SCHEME, tree, children, scale)
        node = _descend(tree, children, 2 * n - 2, z_cut, beta, radius, passed[jet])
        _mark(children, n, node, stack, kept[low:high])


@njit(cache=True, nogil=True)
def _descend(tree, children, node, z_cut, beta, radius, passed):
    """The node at which declustering stops; writes its z and dR."""
    while children[node, 0] >= 0:
        one, two = children[node, 0], children[node, 1]
        if tree[one, 4] < tree[two, 4]:
            one, two = two, one
        z = tree[two, 4] / (tree[one, 4] + tree[two, 4])
        gap = np.sqrt(separation(tree[one, 5], tree[one, 6], tree[two, 5], tree[two, 6]))
        # at dR = 0 the condition is that of its limit: beta > 0 keeps every splitting
        if z > (z_cut * (gap / radius) ** beta if beta != 0.0 else z_cut):
            passed[0], passed[1] = z, gap
            return node
        node = one
    return node


@njit(cache=True, nogil=True)
def _mark(children, n, node, stack, kept):
    """Set ``kept`` for the constituents below a node."""
    stack[0] = node
    height = 1
    while height > 0:
        height -= 1
        node = stack[height]
        if node < n:
            kept[node] = True
        else:
            stack[height], stack[height + 1] = children[node, 0], children[node, 1]
            height += 2
