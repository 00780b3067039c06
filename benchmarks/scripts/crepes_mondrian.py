"""Conformal p-values with crepes in bins, or without: their values, and the time of one call."""

import time
from importlib.metadata import version

import numpy as np
from crepes.base import p_values_batch
from exchange import inputs, reply

arguments, arrays = inputs()
scores = arrays["calibration"], arrays["scores"]
bins = {"bins_cal": arrays["calibration_bins"], "bins_test": arrays["bins"]} if "bins" in arrays else {}
few = {**bins, "bins_test": bins["bins_test"][:20]} if bins else {}
p_values_batch(scores[0], scores[1][:20], smoothing=False, **few)
start = time.perf_counter()
plain = p_values_batch(*scores, smoothing=False, **bins)
seconds = time.perf_counter() - start
found = {"plain": np.asarray(plain, dtype=np.float64)}
if arguments["smoothed"]:
    found["smoothed"] = np.asarray(p_values_batch(*scores, seed=arguments["seed"], **bins), dtype=np.float64)
reply({"seconds": seconds, "version": version("crepes")}, **found)
