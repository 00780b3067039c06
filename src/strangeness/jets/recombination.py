"""Sequential recombination of the few particles of a jet: generalised kT without a beam, in Numba.

A jet of n constituents becomes a binary tree of 2 n - 1 nodes: 0 to n - 1 are the constituents, n + k is what
merge k made. The nearest-neighbour search is the O(n^2) one of FastJet (arXiv:hep-ph/0512210).
"""

from __future__ import annotations

import numpy as np
from numba import njit

E_SCHEME, WTA_PT = 0, 1
KT, CAMBRIDGE_AACHEN, ANTI_KT = 1.0, 0.0, -1.0


@njit(cache=True, nogil=True)
def separation(y1, phi1, y2, phi2):
    """The squared distance in rapidity and azimuth."""
    d_phi = abs(phi1 - phi2)
    if d_phi > np.pi:
        d_phi = abs(2.0 * np.pi - d_phi)
    return (y1 - y2) ** 2 + d_phi**2


@njit(cache=True, nogil=True)
def _merged(tree, a, b, new, scheme):
    """Node ``new`` of the tree from nodes a and b; columns: px, py, pz, E, pt, y, phi."""
    if scheme == 1:
        hard = a if tree[a, 4] >= tree[b, 4] else b
        tree[new, 4] = tree[a, 4] + tree[b, 4]
        tree[new, 5], tree[new, 6] = tree[hard, 5], tree[hard, 6]
        tree[new, 0] = tree[new, 4] * np.cos(tree[new, 6])
        tree[new, 1] = tree[new, 4] * np.sin(tree[new, 6])
        tree[new, 2] = tree[new, 4] * np.sinh(tree[new, 5])
        tree[new, 3] = tree[new, 4] * np.cosh(tree[new, 5])
        return
    for k in range(4):
        tree[new, k] = tree[a, k] + tree[b, k]
    pt2 = tree[new, 0] ** 2 + tree[new, 1] ** 2
    tree[new, 4] = np.sqrt(pt2)
    mass2 = max(tree[new, 3] ** 2 - pt2 - tree[new, 2] ** 2, 0.0)
    # the form that does not cancel for large |pz|, as in FastJet
    rapidity = 0.5 * np.log((pt2 + mass2) / (tree[new, 3] + abs(tree[new, 2])) ** 2) if pt2 > 0.0 else -1e5
    tree[new, 5] = -rapidity if tree[new, 2] > 0.0 else rapidity
    tree[new, 6] = np.arctan2(tree[new, 1], tree[new, 0])


@njit(cache=True, nogil=True)
def grow(pt, eta, phi, power, scheme, tree, children, scale):
    """Fill the tree of one jet.

    ``tree`` (2 n - 1, 7) gets px, py, pz, E, pt, y, phi of every node; ``children`` (2 n - 1, 2) the two
    nodes it was made of (-1 for constituents); ``scale`` (2 n - 1,) the distance min(pt^2p) dR^2 of a merge.
    """
    n = len(pt)
    alive = np.arange(n)
    near = np.zeros(n, np.int64)
    gap = np.full(n, np.inf)
    weight = np.empty(n)
    for i in range(n):
        tree[i, 0], tree[i, 1] = pt[i] * np.cos(phi[i]), pt[i] * np.sin(phi[i])
        tree[i, 2], tree[i, 3] = pt[i] * np.sinh(eta[i]), pt[i] * np.cosh(eta[i])
        tree[i, 4], tree[i, 5], tree[i, 6] = pt[i], eta[i], phi[i]
        children[i, 0] = children[i, 1] = -1
        scale[i] = 0.0
        weight[i] = pt[i] ** (2.0 * power)
        for j in range(i):
            d = separation(eta[i], phi[i], eta[j], phi[j])
            if d < gap[i]:
                gap[i], near[i] = d, j
            if d < gap[j]:
                gap[j], near[j] = d, i
    for merge in range(n - 1):
        left = n - merge
        best, smallest = 0, np.inf
        for i in range(left):
            d = gap[i] * min(weight[i], weight[near[i]])
            if d < smallest:
                best, smallest = i, d
        one, two = min(best, near[best]), max(best, near[best])
        new = n + merge
        children[new, 0], children[new, 1] = alive[one], alive[two]
        scale[new] = smallest
        _merged(tree, alive[one], alive[two], new, scheme)
        _replace(tree, alive, near, gap, weight, one, two, new, left, power)


@njit(cache=True, nogil=True)
def _replace(tree, alive, near, gap, weight, one, two, new, left, power):
    """Put node ``new`` at place ``one``, the last node at place ``two``, and mend the nearest neighbours."""
    last = left - 1
    alive[one] = new
    weight[one] = tree[new, 4] ** (2.0 * power) if tree[new, 4] > 0.0 or power > 0.0 else 1.0
    alive[two], weight[two], near[two], gap[two] = alive[last], weight[last], near[last], gap[last]
    gap[one] = np.inf
    for i in range(last):
        if i == one:
            continue
        lost = near[i] == one or near[i] == two
        if near[i] == last:
            near[i] = two
            # the last node may itself have been the one that moved away
            lost = lost and last == two
        if lost:
            gap[i] = np.inf
            for j in range(last):
                if j != i:
                    d = separation(tree[alive[i], 5], tree[alive[i], 6], tree[alive[j], 5], tree[alive[j], 6])
                    if d < gap[i]:
                        gap[i], near[i] = d, j
        d = separation(tree[alive[i], 5], tree[alive[i], 6], tree[new, 5], tree[new, 6])
        if d < gap[i]:
            gap[i], near[i] = d, one
        if d < gap[one]:
            gap[one], near[one] = d, i


@njit(cache=True, nogil=True)
def exclusive(children, n, number, nodes):
    """Write the ``number`` nodes that are left when that many are to remain; return how many there are."""
    number = min(number, n)
    nodes[0] = 2 * n - 2
    found = 1
    for _ in range(number - 1):
        # the youngest node was made last, so it is the first to be undone
        youngest = 0
        for i in range(1, found):
            if nodes[i] > nodes[youngest]:
                youngest = i
        node = nodes[youngest]
        nodes[youngest], nodes[found] = children[node, 0], children[node, 1]
        found += 1
    return found
