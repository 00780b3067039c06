"""A bump hunt with pyBumpHunter: the statistic of given spectra, the time of drawn ones."""

import contextlib
import io
import time
from importlib.metadata import version

import numpy as np
from exchange import inputs, reply
from pyBumpHunter import BumpHunter1D

arguments, arrays = inputs()
background, observed = arrays["background"], arrays["observed"]


def hunter(pseudo_experiments):
    return BumpHunter1D(
        width_min=arguments["width_min"],
        width_max=arguments["width_max"],
        bins=arrays["edges"],
        npe=pseudo_experiments,
        nworker=1,
        seed=arguments["seed"],
    )


def statistic(counts):
    one = hunter(0)
    one.bump_scan(counts, background, is_hist=True, do_pseudo=False)
    return float(-np.log(one.min_Pval_ar[0]))


with contextlib.redirect_stdout(io.StringIO()):
    hunter(100).bump_scan(observed[0], background, is_hist=True)
    timed = hunter(arguments["pseudo_experiments"])
    start = time.perf_counter()
    timed.bump_scan(observed[0], background, is_hist=True)
    seconds = time.perf_counter() - start
    statistics = np.array([statistic(counts) for counts in observed])
reply({"seconds": seconds, "version": version("pyBumpHunter")}, statistics=statistics)
