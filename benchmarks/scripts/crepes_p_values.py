"""Split-conformal p-values with crepes: their values, and the time of one call."""

import time
from importlib.metadata import version

import numpy as np
from crepes.base import p_values_batch
from exchange import inputs, reply

arguments, arrays = inputs()
calibration, scores = arrays["calibration"], arrays["scores"]
p_values_batch(calibration, scores[:100], smoothing=False)
start = time.perf_counter()
plain = p_values_batch(calibration, scores, smoothing=False)
seconds = time.perf_counter() - start
found = {"plain": np.asarray(plain, dtype=np.float64)}
if arguments["smoothed"]:
    found["smoothed"] = np.asarray(
        p_values_batch(calibration, scores, seed=arguments["seed"]), dtype=np.float64
    )
reply({"seconds": seconds, "version": version("crepes")}, **found)
