"""Exact energy mover's distances of pairs of the shipped jets against a plain loop over POT."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.events_energy_flow import some_jets
from benchmarks.timing import alternate, ratios_agree, speed_ratio
from harness.cases import Case, Measured, NotRun, Raw
from strangeness.jets.ragged import padded
from strangeness.jets.transport import energy_movers_distance

SPEED = "energy mover's distances against a loop over POT"
_PAIRS = 200


def plain_loop(jets: NDArray[Any], others: NDArray[Any]) -> NDArray[np.float64]:
    """``ot.emd2`` pair by pair with distances from SciPy, particles without pt left out first."""
    try:
        import ot
    except ImportError as missing:
        raise NotRun("POT is missing (pip install 'strangeness[transport]')") from missing
    from scipy.spatial.distance import cdist

    found = []
    for one, other in zip(jets.astype(np.float64), others.astype(np.float64), strict=True):
        a, b = (jet[jet[:, 0] > 0] for jet in (one, other))
        shares = [jet[:, 0] / jet[:, 0].sum() for jet in (a, b)]
        found.append(ot.emd2(shares[0], shares[1], cdist(a[:, 1:], b[:, 1:])))
    return np.array(found)


def _cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _against_pot(index: int, seed: int) -> Raw:
    jets = some_jets(2 * _PAIRS, seed)
    first, second = jets[:_PAIRS], jets[_PAIRS:]

    def ours() -> NDArray[np.float64]:
        return energy_movers_distance(padded(first), padded(second), normalised=True)

    difference = np.max(np.abs(ours() - plain_loop(first, second)))
    if difference > 1e-12:
        raise ArithmeticError(f"the distances differ by {difference:g}")
    rival = partial(_cpu_seconds, partial(plain_loop, first, second))
    return {**alternate(partial(_cpu_seconds, ours), rival, 3), "pairs": _PAIRS}


def _rate(raws: Any) -> Measured:
    measured = speed_ratio(raws)
    pairs = raws[0]["pairs"]
    ours, rival = (pairs / spent for spent in (measured.ours, measured.rival) if spent)
    said = f"{ours:,.0f} pairs/s against {rival:,.0f}"
    return Measured(measured.value, measured.ours, measured.rival, said)


CASES = [
    Case("emd-pairs", (SPEED,), _against_pot, 3, lambda raws: {SPEED: _rate(raws)}, agree=ratios_agree(1.5))
]
