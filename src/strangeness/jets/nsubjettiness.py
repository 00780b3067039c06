"""N-subjettiness of many jets at once (arXiv:1011.2268), with several numbers of axes and exponents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numba import njit

from strangeness.core.errors import InputError, nearest
from strangeness.jets.ragged import Floats, Jets
from strangeness.jets.recombination import E_SCHEME, KT, WTA_PT, exclusive, grow, separation

AXES = {"kt": E_SCHEME, "wta_kt": WTA_PT}


def nsubjettiness(
    jets: Jets,
    number: int = 3,
    betas: Sequence[float] = (1.0,),
    *,
    radius: float = 1.0,
    axes: str = "wta_kt",
    passes: int = 0,
) -> Floats:
    """tau_1 to tau_number for each exponent; shape (jets, number, betas), dimensionless.

    tau_N = sum_i pt_i min_k dR(i, k)^beta / (radius^beta sum_i pt_i), arXiv:1011.2268, eq. 2.2. The axes are
    the exclusive kT subjets, recombined in the E-scheme (``kt``) or winner-take-all (``wta_kt``,
    arXiv:1401.2158); ``passes`` steps of minimisation follow (arXiv:1108.2701, section 3). A jet with no more
    constituents than axes has tau = 0; an empty jet too.

    Raises:
        InputError: for fewer than one axis, an exponent or radius that is not positive, minimisation with an
            exponent below 1, or unknown axes.
    """
    exponents = np.asarray(betas, dtype=np.float64)
    if axes not in AXES:
        raise InputError(f"no axes are called '{axes}'", nearest(axes, AXES))
    if number < 1 or passes < 0:
        raise InputError(f"{number} axes and {passes} passes", "Ask for at least one axis, and no negative.")
    if not exponents.size or not (exponents > 0.0).all() or not radius > 0.0:
        raise InputError(f"exponents {list(betas)}, radius {radius}", "Both must be positive.")
    if passes and (exponents < 1.0).any():
        raise InputError(f"minimisation with the exponent {exponents.min():g}", "It needs 1 or more.")
    out = np.zeros((len(jets.offsets) - 1, number, len(exponents)))
    longest = int(jets.counts.max(initial=0))
    _all_jets(*jets, longest, AXES[axes], exponents, passes, radius, out)
    return out


@njit(cache=True, nogil=True)
def _all_jets(pt, eta, phi, offsets, longest, scheme, betas, passes, radius, out):
    size = max(2 * longest - 1, 1)
    tree, children, scale = np.empty((size, 7)), np.empty((size, 2), np.int64), np.empty(size)
    nodes = np.empty(out.shape[1], np.int64)
    axes = np.empty((out.shape[1], 2))
    for jet in range(len(offsets) - 1):
        low, high = offsets[jet], offsets[jet + 1]
        n = high - low
        if n < 2:
            continue
        mine = pt[low:high], eta[low:high], phi[low:high]
        grow(mine[0], mine[1], mine[2], KT, scheme, tree, children, scale)
        total = 0.0
        for i in range(n):
            total += mine[0][i]
        # with as many axes as constituents nothing is left over
        for number in range(1, min(out.shape[1], n - 1) + 1):
            found = exclusive(children, n, number, nodes)
            if passes == 0:
                _place(tree, nodes, found, axes)
                _taus(mine[0], mine[1], mine[2], axes[:found], betas, out[jet, number - 1])
            else:
                for b in range(len(betas)):
                    _place(tree, nodes, found, axes)
                    for _ in range(passes):
                        _improve(mine[0], mine[1], mine[2], axes[:found], betas[b])
                    _taus(
                        mine[0], mine[1], mine[2], axes[:found], betas[b : b + 1],
                        out[jet, number - 1, b : b + 1],
                    )  # fmt: skip
            for b in range(len(betas)):
                out[jet, number - 1, b] /= total * radius ** betas[b]


@njit(cache=True, nogil=True)
def _place(tree, nodes, found, axes):
    for k in range(found):
        axes[k, 0], axes[k, 1] = tree[nodes[k], 5], tree[nodes[k], 6]


@njit(cache=True, nogil=True)
def _nearest_axis(eta, phi, axes):
    best, place = np.inf, 0
    for k in range(len(axes)):
        d = separation(eta, phi, axes[k, 0], axes[k, 1])
        if d < best:
            best, place = d, k
    return best, place


@njit(cache=True, nogil=True)
def _taus(pt, eta, phi, axes, betas, out):
    out[:] = 0.0
    for i in range(len(pt)):
        d2, _ = _nearest_axis(eta[i], phi[i], axes)
        for b in range(len(betas)):
            out[b] += pt[i] * _power(d2, betas[b])


@njit(cache=True, nogil=True)
def _power(d2, beta):
    """dR^beta from dR^2, without a logarithm for the usual exponents."""
    if beta == 2.0:
        return d2
    if beta == 1.0:
        return np.sqrt(d2)
    if beta == 0.5:
        return np.sqrt(np.sqrt(d2))
    return d2 ** (0.5 * beta)


@njit(cache=True, nogil=True)
def _improve(pt, eta, phi, axes, beta):
    """A step of arXiv:1108.2701, eq. 3.4: each axis to the weighted mean of the particles nearest to it."""
    sums = np.zeros((len(axes), 3))
    for i in range(len(pt)):
        d2, k = _nearest_axis(eta[i], phi[i], axes)
        weight = pt[i] * max(d2, 1e-20) ** (0.5 * beta - 1.0)
        d_phi = phi[i] - axes[k, 1]
        d_phi -= 2.0 * np.pi * np.floor(d_phi / (2.0 * np.pi) + 0.5)
        sums[k, 0] += weight
        sums[k, 1] += weight * (eta[i] - axes[k, 0])
        sums[k, 2] += weight * d_phi
    for k in range(len(axes)):
        if sums[k, 0] > 0.0:
            axes[k, 0] += sums[k, 1] / sums[k, 0]
            axes[k, 1] += sums[k, 2] / sums[k, 0]
