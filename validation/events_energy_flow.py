"""Energy flow polynomials: the values of energyflow on 200 jets, for three exponents."""

from __future__ import annotations

import numpy as np

from benchmarks.events_energy_flow import of_energyflow, some_jets
from harness.cases import Case, Raw, both_at_most
from strangeness.jets.energy_flow import energy_flow_polynomials
from strangeness.jets.ragged import padded

EQUAL = "energy flow polynomials: largest relative difference to energyflow"
OPTIONS = [(1.0, True), (0.5, True), (2.0, False)]


def differences(index: int, seed: int) -> Raw:
    """The largest relative difference for an exponent and normalisation, of all 54 graphs and 200 jets."""
    beta, normalised = OPTIONS[index]
    jets = some_jets(200, seed)
    ours = energy_flow_polynomials(padded(jets), 5, beta=beta, normalised=normalised)
    theirs = of_energyflow(jets, 5, beta, normalised).arrays["polynomials"]
    return {"difference": float(np.max(np.abs(ours - theirs) / theirs))}


CASES = [
    Case(
        "efp-values",
        (EQUAL,),
        differences,
        len(OPTIONS),
        lambda raws: {EQUAL: max(raw["difference"] for raw in raws)},
        agree=both_at_most(1e-6),
    )
]
