"""The energy mover's distance between jets, exact, for many pairs (arXiv:1902.02346)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from strangeness.core.errors import InputError, MissingDependency
from strangeness.core.run import progress
from strangeness.jets.ragged import Floats, Jets
from strangeness.jets.recombination import separation

_MOST_STEPS = 10_000_000
_PAIRS = 64


class _Jet(NamedTuple):
    weight: Floats
    eta: Floats
    phi: Floats


def energy_movers_distance(
    first: Jets,
    second: Jets,
    *,
    radius: float = 1.0,
    normalised: bool = False,
    centred: bool = False,
    workers: int = 1,
) -> Floats:
    """The distance of jet i of ``first`` to jet i of ``second``, shape (jets,), exact up to rounding.

    EMD = min over f of sum_ij f_ij dR_ij / radius + |sum_i pt_i - sum_j pt'_j|, where f_ij >= 0 moves at most
    pt_i from particle i and pt'_j to particle j, and as much as the lighter jet has in all
    (arXiv:1902.02346, eq. 1). In GeV; normalised, pt stands for its share of the jet's and the second term
    is 0. It is a metric where no two particles are further apart than twice the radius. An empty jet is as
    far as the other one's pt.

    Args:
        first: jets.
        second: as many jets.
        radius: the distance at which moving costs as much as creating.
        normalised: compare the shares of the jets' pt, dimensionless.
        centred: shift every jet's centroid, weighted with pt, to the origin.
        workers: threads that solve pairs at the same time.

    Raises:
        InputError: for another number of jets, a radius that is not positive, fewer than one worker, or an
            empty jet that cannot be normalised.
        MissingDependency: without POT.
    """
    distance = _distance(radius, workers)
    ones, others = _prepared(first, normalised, centred), _prepared(second, normalised, centred)
    if len(ones) != len(others):
        raise InputError(f"{len(ones)} jets and {len(others)} others", "Give the same number of both.")
    out = np.zeros(len(ones))

    def block(number: int) -> None:
        for i in range(number * _PAIRS, min((number + 1) * _PAIRS, len(ones))):
            out[i] = distance(ones[i], others[i])

    _in_threads(block, -(-len(ones) // _PAIRS), workers)
    return out


def energy_movers_matrix(
    jets: Jets,
    others: Jets | None = None,
    *,
    radius: float = 1.0,
    normalised: bool = False,
    centred: bool = False,
    workers: int = 1,
) -> Floats:
    """The distances of all pairs, shape (jets, others); without others the symmetric matrix of the jets.

    Everything else is as for ``energy_movers_distance``.
    """
    distance = _distance(radius, workers)
    rows = _prepared(jets, normalised, centred)
    columns = rows if others is None else _prepared(others, normalised, centred)
    out = np.zeros((len(rows), len(columns)))

    def row(i: int) -> None:
        for j in range(i + 1 if others is None else 0, len(columns)):
            out[i, j] = distance(rows[i], columns[j])

    _in_threads(row, len(rows), workers)
    return out + out.T if others is None else out


def _in_threads(task: Callable[[int], None], number: int, workers: int) -> None:
    """Do tasks 0 to number - 1; the solver and the costs let go of the interpreter."""
    with progress("transport", number) as show, ThreadPoolExecutor(workers) as pool:
        done = pool.map(task, range(number)) if workers > 1 else map(task, range(number))
        for i, _ in enumerate(done):
            show(i + 1, "")


def _prepared(jets: Jets, normalised: bool, centred: bool) -> list[_Jet]:
    if normalised and not jets.counts.all():
        empty = int(np.argmin(jets.counts))
        raise InputError(f"jet {empty} has no constituent", "Leave it out, or do not normalise.")
    pieces = [np.split(values, jets.offsets[1:-1]) for values in jets[:3]]
    found = [_Jet(*columns) for columns in zip(*pieces, strict=True)][: len(jets.offsets) - 1]
    if centred:
        found = [_shifted(jet) if len(jet.weight) else jet for jet in found]
    return [jet._replace(weight=jet.weight / jet.weight.sum()) for jet in found] if normalised else found


def _shifted(jet: _Jet) -> _Jet:
    """The jet about its centroid; azimuths are taken from the first particle, so that no jet is cut at pi."""
    turned = jet.phi - jet.phi[0]
    turned -= 2.0 * np.pi * np.round(turned / (2.0 * np.pi))
    centre = [np.average(values, weights=jet.weight) for values in (jet.eta, turned)]
    return _Jet(jet.weight, jet.eta - centre[0], turned - centre[1])


def _distance(radius: float, workers: int) -> Callable[[_Jet, _Jet], float]:
    if not 0.0 < radius < np.inf:
        raise InputError(f"a radius of {radius}", "Give a positive one.")
    if workers < 1:
        raise InputError(f"{workers} workers", "Give at least one.")
    solve = _solver()

    def distance(one: _Jet, other: _Jet) -> float:
        total, here, there, costs = _problem(*one, *other, radius)
        # all of it comes from or goes to one place: nothing is left to choose
        if len(here) == 1:
            return float(costs[0] @ there) * total
        if len(there) == 1:
            return float(here @ costs[:, 0]) * total
        return solve(here, there, costs) * total

    return distance


@njit(cache=True, nogil=True)
def _problem(pt1, eta1, phi1, pt2, eta2, phi2, radius):
    """The heavier total, the shares of it here and there, and the costs between them.

    The lighter side gets one more particle with what it lacks, at a cost of 1 to all others: with it the
    second term of the distance is a cost like the first.
    """
    n, m = len(pt1), len(pt2)
    sum1, sum2 = np.sum(pt1), np.sum(pt2)
    total = max(sum1, sum2)
    lacks1, lacks2 = sum1 < sum2 * (1.0 - 1e-12), sum2 < sum1 * (1.0 - 1e-12)
    here, there = np.zeros(max(n + lacks1, 1)), np.zeros(max(m + lacks2, 1))
    costs = np.ones((len(here), len(there)))
    if total == 0.0:
        return total, here, there, costs
    for i in range(n):
        here[i] = pt1[i] / total
        for j in range(m):
            costs[i, j] = np.sqrt(separation(eta1[i], phi1[i], eta2[j], phi2[j])) / radius
    for j in range(m):
        there[j] = pt2[j] / total
    if lacks1:
        here[n] = (sum2 - sum1) / total
    if lacks2:
        there[m] = (sum1 - sum2) / total
    # the solver wants equal sums to the last digit
    there *= np.sum(here) / np.sum(there)
    return total, here, there, costs


def _solver() -> Callable[[Any, Any, Any], float]:
    """The network simplex of POT, without the checks and dual potentials of ``ot.emd2``."""
    try:
        from ot.lp.emd_wrap import emd_c
    except ImportError as missing:
        raise MissingDependency("POT", "transport") from missing

    def solve(here: Floats, there: Floats, costs: Floats) -> float:
        _, cost, _, _, code = emd_c(here, there, costs, _MOST_STEPS, 1)
        if code != 1:
            raise InputError(
                f"the transport of {len(here)} to {len(there)} particles failed", "Check their pt."
            )
        return float(cost)

    return solve
