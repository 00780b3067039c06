"""Energy flow polynomials of the shipped jets against energyflow, in CPU time of one core."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import Reply, call
from benchmarks.timing import alternate, ratios_agree, speed_ratio
from harness.cases import Case, Measured, Raw, both_at_most
from strangeness.events.reading import read
from strangeness.events.shipped import sample_path
from strangeness.jets.energy_flow import energy_flow_polynomials
from strangeness.jets.graphs import canonical, prime_graphs
from strangeness.jets.ragged import padded

FEW = "energy flow polynomials of up to 3 edges against energyflow"
ALL = "energy flow polynomials of up to 5 edges against energyflow"
EQUAL = "energy flow polynomials equal those of energyflow"
# As many jets as energyflow does in a few seconds.
_JETS = {3: 2_000, 5: 200}
_BATCHES = 10


def some_jets(number: int, seed: int) -> NDArray[np.float32]:
    """Padded particles (number, m, 3) of jets drawn from the shipped ones."""
    jets: Any = read(sample_path("jets")).batch().x["constituents"]
    return jets[np.random.default_rng(seed).choice(len(jets), number, replace=False)]


def of_energyflow(jets: NDArray[Any], degree: int, beta: float = 1.0, normalised: bool = True) -> Reply:
    """The reply of energyflow, its polynomials in our order of graphs."""
    options = {"degree": degree, "beta": beta, "normalised": normalised}
    reply = call("energyflow", "energyflow_polynomials.py", options, jets=jets)
    names = [canonical(tuple(map(tuple, g))).name if g else "dot" for g in reply.values["graphs"]]
    columns = [names.index(graph.name) for graph in prime_graphs(degree)]
    return Reply(reply.values, {"polynomials": reply.arrays["polynomials"][:, columns]})


def _speed(degree: int, index: int, seed: int) -> Raw:
    jets = some_jets(_JETS[degree], seed)
    ready, known = padded(jets), dict[str, str]()

    def rival() -> float:
        values = of_energyflow(jets, degree).values
        known["version"] = values["version"]
        return values["seconds"]

    def ours() -> float:
        # several times, for once is too short; both sides are given jets without padding
        start = time.process_time()
        for _ in range(_BATCHES):
            energy_flow_polynomials(ready, degree)
        return (time.process_time() - start) / _BATCHES

    ours()
    return {**alternate(ours, rival, 3), **known, "jets": len(jets)}


def _rate(name: str, raws: Sequence[Raw]) -> Mapping[str, Measured]:
    measured = speed_ratio(raws)
    jets = raws[0]["jets"]
    ours, rival = (jets / spent for spent in (measured.ours, measured.rival) if spent)
    said = f"{ours:,.0f} jets/s against {rival:,.0f}"
    return {name: Measured(measured.value, measured.ours, measured.rival, said)}


def _equal(index: int, seed: int) -> Raw:
    jets = some_jets(200, seed)
    ours = energy_flow_polynomials(padded(jets), 5)
    theirs = of_energyflow(jets, 5).arrays["polynomials"]
    return {"difference": float(np.max(np.abs(ours - theirs) / theirs))}


def _timed(name: str, degree: int) -> Case:
    summarise: Callable[[Sequence[Raw]], Mapping[str, Measured]] = partial(_rate, name)
    return Case(f"efp-{degree}", (name,), partial(_speed, degree), 3, summarise, agree=ratios_agree(2.5))


CASES = [
    _timed(FEW, 3),
    _timed(ALL, 5),
    Case(
        "efp-equal",
        (EQUAL,),
        _equal,
        1,
        lambda raws: {EQUAL: raws[0]["difference"]},
        agree=both_at_most(1e-6),
    ),
]
