"""Energy correlation functions of many jets at once, and the ratios C2 and D2."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numba import njit

from strangeness.core.errors import InputError
from strangeness.jets.ragged import Floats, Jets
from strangeness.jets.recombination import separation


class Correlations(NamedTuple):
    """e2 and e3 of each jet and exponent, shape (jets, betas), dimensionless."""

    e2: Floats
    e3: Floats

    @property
    def c2(self) -> Floats:
        """C2 = e3 / e2^2 (arXiv:1305.0007), shape (jets, betas); 0 where e2 is 0."""
        return _over(self.e3, self.e2**2)

    @property
    def d2(self) -> Floats:
        """D2 = e3 / e2^3 (arXiv:1409.6298), shape (jets, betas); 0 where e2 is 0."""
        return _over(self.e3, self.e2**3)


def correlations(jets: Jets, betas: Sequence[float] = (1.0,)) -> Correlations:
    """e2 = sum_{i<j} z_i z_j R_ij^beta and e3 = sum_{i<j<k} z_i z_j z_k (R_ij R_ik R_jk)^beta.

    z_i = pt_i / sum pt, R in rapidity and azimuth: ECF(2) / ECF(1)^2 and ECF(3) / ECF(1)^3 of
    arXiv:1305.0007. Jets of fewer than two constituents have e2 = 0, of fewer than three e3 = 0. The time
    grows with the cube of the number of constituents.

    Raises:
        InputError: for no exponent, or one that is not positive.
    """
    exponents = np.asarray(betas, dtype=np.float64)
    if exponents.ndim != 1 or not exponents.size or not ((exponents > 0.0) & np.isfinite(exponents)).all():
        raise InputError(f"energy correlations with exponents {betas}", "Give positive numbers.")
    out = np.zeros((2, len(jets.offsets) - 1, len(exponents)))
    longest = int(jets.counts.max(initial=0))
    _all_jets(*jets, exponents, np.empty((longest, longest)), out)
    return Correlations(out[0], out[1])


@njit(cache=True, nogil=True)
def _all_jets(pt, eta, phi, offsets, betas, reach, out):
    for jet in range(len(offsets) - 1):
        low, high = offsets[jet], offsets[jet + 1]
        total = 0.0
        for i in range(low, high):
            total += pt[i]
        for b in range(len(betas) if high > low else 0):
            _fill(eta[low:high], phi[low:high], betas[b], reach)
            two, three = _sums(pt[low:high], reach)
            out[0, jet, b], out[1, jet, b] = two / total**2, three / total**3


@njit(cache=True, nogil=True)
def _fill(eta, phi, beta, reach):
    """R_ij^beta of all pairs."""
    for i in range(len(eta)):
        reach[i, i] = 0.0
        for j in range(i):
            d2 = separation(eta[i], phi[i], eta[j], phi[j])
            value = np.sqrt(d2) if beta == 1.0 else d2 if beta == 2.0 else d2 ** (0.5 * beta)
            reach[i, j] = reach[j, i] = value


@njit(cache=True, nogil=True)
def _sums(pt, reach):
    """Over pairs and triples, in powers of GeV."""
    two = three = 0.0
    for i in range(len(pt)):
        for j in range(i):
            pair = pt[i] * pt[j] * reach[i, j]
            two += pair
            inner = 0.0
            for k in range(j):
                inner += pt[k] * reach[i, k] * reach[j, k]
            three += pair * inner
    return two, three


def _over(above: Floats, below: Floats) -> Floats:
    return np.divide(above, below, out=np.zeros_like(below), where=below > 0.0)
