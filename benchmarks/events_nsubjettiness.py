"""N-subjettiness of the shipped jets against a loop over jets with FastJet's exclusive kT axes."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import alternate, ratios_agree, speed_ratio
from harness.cases import Case, Measured, NotRun, Raw
from strangeness.core.errors import MissingDependency
from strangeness.events.generation.clustering import fastjet, quiet
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.jets.nsubjettiness import nsubjettiness
from strangeness.jets.ragged import Floats, Jets, padded
from strangeness.jets.shapes import wrapped

JETS, NUMBER, RADIUS = 2_000, 3, 0.8
# Directions of axes are rounded to 1e-15, and a tau is a mean of distances below 1.
SAME = 1e-9


def looped_taus(jets: Jets, number: int, radius: float) -> Floats:
    """tau_1 to tau_number of each jet (jets, number): FastJet clusters one jet after the other."""
    module = fastjet()
    definition = module.JetDefinition(module.kt_algorithm, 100.0)
    found = np.zeros((len(jets.offsets) - 1, number))
    for jet, (low, high) in enumerate(zip(jets.offsets[:-1], jets.offsets[1:], strict=True)):
        pt, eta, phi = jets.pt[low:high], jets.eta[low:high], jets.phi[low:high]
        four = np.stack([pt * np.cos(phi), pt * np.sin(phi), pt * np.sinh(eta), pt * np.cosh(eta)], axis=1)
        sequence = module.ClusterSequence([module.PseudoJet(*row) for row in four.tolist()], definition)
        for n in range(1, min(number, len(pt) - 1) + 1):
            axes = np.array([(axis.rap(), axis.phi_std()) for axis in sequence.exclusive_jets(n)])
            found[jet, n - 1] = _tau(pt, eta, phi, axes, radius)
    return found


def _tau(pt: Floats, eta: Floats, phi: Floats, axes: NDArray[Any], radius: float) -> float:
    gaps = np.hypot(eta[:, None] - axes[:, 0], wrapped(phi[:, None] - axes[:, 1]))
    return float(pt @ gaps.min(axis=1) / (radius * pt.sum()))


def _against_fastjet(index: int, seed: int) -> Raw:
    constituents: Any = read(sample_path("jets")).batch().x["constituents"]
    jets = padded(constituents[:JETS])
    ours = partial(nsubjettiness, jets, NUMBER, radius=RADIUS, axes="kt")
    rival = partial(looped_taus, jets, NUMBER, RADIUS)
    try:
        # the first calls compile our loops and print the rival's banner
        with quiet():
            difference = float(np.max(np.abs(ours()[..., 0] - rival())))
    except MissingDependency as error:
        raise NotRun(str(error)) from error
    if not difference <= SAME:
        raise ArithmeticError(f"tau differs by {difference:g}")
    times = alternate(partial(_cpu_seconds, ours), partial(_cpu_seconds, rival), 7)
    return {**times, "jets": len(jets.offsets) - 1}


def _cpu_seconds(work: Callable[[], Any]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rate(raws: Any) -> Measured:
    measured = speed_ratio(raws)
    ours, rival = (raws[0]["jets"] / seconds for seconds in (measured.ours, measured.rival) if seconds)
    said = f"{ours:,.0f} jets/s against {rival:,.0f}"
    return Measured(measured.value, measured.ours, measured.rival, said)


SPEED = "N-subjettiness against a loop over FastJet"
CASES = [
    Case(
        "nsubjettiness",
        (SPEED,),
        _against_fastjet,
        3,
        lambda raws: {SPEED: _rate(raws)},
        agree=ratios_agree(2.0),
    )
]
