"""Reference values of energyflow, in its environment: python energyflow_reference.py JETS.npy OUT.json."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
from energyflow import EFPSet

OPTIONS = [(1.0, True), (0.5, True), (2.0, False)]

jets = [[[float(f"{v:.6g}") for v in p] for p in jet if p[0] > 0] for jet in np.load(sys.argv[1])]
sets = []
for beta, normalised in OPTIONS:
    polynomials = EFPSet(
        "d<=5", "p==1", measure="hadr", beta=beta, normed=normalised, coords="ptyphim", verbose=0
    )
    graphs = [[[int(a), int(b)] for a, b in one.graph] for one in polynomials.efps]
    values = polynomials.batch_compute([np.array(jet) for jet in jets], n_jobs=1)
    rounded = [[float(f"{v:.11g}") for v in row] for row in values]
    sets.append({"beta": beta, "normalised": normalised, "values": rounded})
found = {
    "made_by": "benchmarks/scripts/energyflow_reference.py",
    "energyflow": version("energyflow"),
    "jets": jets,
    "graphs": graphs,
    "sets": sets,
}
Path(sys.argv[2]).write_text(json.dumps(found) + "\n", encoding="utf-8")
