"""Energy flow polynomials of many jets at once (arXiv:1712.07124)."""

from __future__ import annotations

import numpy as np
from numba import njit

from strangeness.core.errors import InputError
from strangeness.jets.elimination import PRODUCT, SCALE, SUM, TIMES, plan
from strangeness.jets.ragged import Floats, Jets


def energy_flow_polynomials(
    jets: Jets, degree: int = 3, *, beta: float = 1.0, radius: float = 1.0, normalised: bool = True
) -> Floats:
    """The polynomials of ``prime_graphs(degree)``, in that order; shape (jets, graphs).

    EFP_G = sum over i_1, ..., i_N of z_i1 ... z_iN times the product of theta_kl over the edges (k, l) of G
    (arXiv:1712.07124, eq. 1.1), with theta_ij = (dR_ij / radius)^beta and z_i = pt_i over the sum of the
    jet's pt, dimensionless; not normalised, z_i = pt_i in GeV. A jet of one constituent has 0 for all graphs
    with edges, one of none too, and with normalised energies both have 1 for the single vertex. The memory
    is that of the result and, at degree 5, 8 matrices of the longest jet squared.

    Raises:
        InputError: for a degree that is not 0 to 5, an exponent or a radius that is not positive.
    """
    known = plan(degree)
    if not (0.0 < beta < np.inf and 0.0 < radius < np.inf):
        raise InputError(f"the exponent {beta} and the radius {radius}", "Both must be positive.")
    out = np.zeros((len(jets.offsets) - 1, len(known.graphs)))
    _all_jets(*jets, known.steps, known.matrices, known.vectors, beta, radius, normalised, out)
    if normalised:
        out[jets.counts == 0, 0] = 1.0
    return out


@njit(cache=True, nogil=True)
def _all_jets(pt, eta, phi, offsets, steps, matrices, vectors, beta, radius, normalised, out):
    longest = np.max(np.diff(offsets)) if len(offsets) > 1 else 0
    # the last matrix is the left factor of a product, with weights
    memory, rows = np.empty((matrices + 1, longest**2)), np.empty((vectors, longest))
    for jet in range(len(offsets) - 1):
        low, high = offsets[jet], offsets[jet + 1]
        n = high - low
        if n == 0:
            continue
        total = np.sum(pt[low:high]) if normalised else 1.0
        for i in range(n):
            rows[0, i] = pt[low + i] / total
        _edges(eta[low:high], phi[low:high], beta, radius, memory[0, : n * n])
        for s in range(len(steps)):
            _run(steps[s], memory, rows, n, out[jet])


@njit(cache=True, nogil=True, fastmath=True)
def _edges(eta, phi, beta, radius, theta):
    """theta_ij of one jet, row by row."""
    n = len(eta)
    scale = radius**-beta
    for i in range(n):
        row = theta[i * n : i * n + i + 1]
        for j in range(i + 1):
            d_phi = abs(phi[i] - phi[j])
            d_phi = min(d_phi, abs(2.0 * np.pi - d_phi))
            d_eta = eta[i] - eta[j]
            row[j] = d_eta * d_eta + d_phi * d_phi
        if beta == 1.0:
            for j in range(i):
                row[j] = np.sqrt(row[j])
        elif beta != 2.0:
            for j in range(i):
                row[j] = row[j] ** (0.5 * beta)
        for j in range(i):
            row[j] *= scale
            theta[j * n + i] = row[j]


@njit(cache=True, nogil=True)
def _run(step, memory, rows, n, out):
    operation, result = step[0], step[1]
    one, w = memory[step[2]][: n * n], rows[step[4]][:n]
    if operation == PRODUCT:
        _product(one, w, memory[step[3]][: n * n], n, memory[-1][: n * n], memory[result][: n * n])
    elif operation == TIMES:
        _times(one, memory[step[3]][: n * n], memory[result][: n * n])
    elif operation == SUM:
        _sum(one, w, rows[result][:n])
    elif operation == SCALE:
        _times(rows[step[2]][:n], w, rows[result][:n])
    else:
        out[result] = np.sum(w)


@njit(cache=True, nogil=True)
def _times(a, b, out):
    for i in range(len(a)):
        out[i] = a[i] * b[i]


@njit(cache=True, nogil=True, fastmath=True)
def _sum(matrix, w, out):
    n = len(w)
    for i in range(n):
        row = matrix[i * n : (i + 1) * n]
        total = 0.0
        for j in range(n):
            total += row[j] * w[j]
        out[i] = total


@njit(cache=True, nogil=True)
def _product(left, w, right, n, spare, out):
    for i in range(n):
        _times(left[i * n : (i + 1) * n], w, spare[i * n : (i + 1) * n])
    np.dot(spare.reshape((n, n)), right.reshape((n, n)), out.reshape((n, n)))
