"""Energy flow polynomials with energyflow: their values, their graphs, and the CPU time of all jets."""

import time
from importlib.metadata import version

import numpy as np
from energyflow import EFPSet
from exchange import inputs, reply

arguments, arrays = inputs()
jets = [jet[jet[:, 0] > 0] for jet in arrays["jets"].astype(np.float64)]
polynomials = EFPSet(
    f"d<={arguments['degree']}",
    "p==1",
    measure="hadr",
    beta=arguments["beta"],
    normed=arguments["normalised"],
    coords="ptyphim",
    verbose=0,
)
polynomials.batch_compute(jets[:2], n_jobs=1)
start = time.process_time()
values = polynomials.batch_compute(jets, n_jobs=1)
seconds = time.process_time() - start
graphs = [[[int(a), int(b)] for a, b in one.graph] for one in polynomials.efps]
reply({"seconds": seconds, "graphs": graphs, "version": version("energyflow")}, polynomials=values)
