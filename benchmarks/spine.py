"""The spine against its rivals: conformal p-values, bump hunts, and what an import costs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import call
from benchmarks.timing import alternate, cost_ratio, peak_bytes, ratios_agree, seconds, speed_ratio
from harness.cases import Case, Measured, Raw, both_at_most
from strangeness.calibration.conformal import conformal_p_values
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.null import FixedNull
from strangeness.search.template import FixedExpectation
from strangeness.search.windows import largest_excess

Array = NDArray[np.float64]
CALIBRATION, SCORES = 2_000, 1_000_000
WIDTHS = (2, 3, 4, 5, 6)
EDGES = np.geomspace(2700.0, 7000.0, 41)
HEAVY = ("jax", "sklearn", "scipy", "awkward", "matplotlib", "pyarrow", "h5py")
# The same machine gives ratios within this factor from day to day.
STEADY = ratios_agree(2.5)


def _scores(seed: int, decimals: int | None = None, n: int = SCORES) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    both = rng.standard_normal(CALIBRATION), rng.standard_normal(n)
    return both if decimals is None else (np.round(both[0], decimals), np.round(both[1], decimals))


def _against_crepes(index: int, seed: int) -> Raw:
    calibration, scores = _scores(seed)
    conformal_p_values(calibration, scores)
    reply = call(
        "crepes", "crepes_p_values.py", {"smoothed": False, "seed": 0}, calibration=calibration, scores=scores
    )
    ours = [seconds(lambda: conformal_p_values(calibration, scores)) for _ in range(5)]
    return {"ours": ours, "rival": [reply.values["seconds"]], "version": reply.values["version"]}


def _against_searchsorted(index: int, seed: int) -> Raw:
    calibration, scores = _scores(seed)

    def plain() -> NDArray[np.floating]:
        above = calibration.size - np.searchsorted(np.sort(calibration), scores)
        return (above + 1.0) / (calibration.size + 1.0)

    np.testing.assert_array_equal(plain(), conformal_p_values(calibration, scores))
    ours = partial(seconds, lambda: conformal_p_values(calibration, scores))
    return alternate(ours, partial(seconds, plain), 9)


def _peak_memory(index: int, seed: int) -> Raw:
    calibration, scores = _scores(seed)
    output = conformal_p_values(calibration, scores).nbytes
    return {"peak": peak_bytes(lambda: conformal_p_values(calibration, scores)), "output": output}


def _equal_to_crepes(index: int, seed: int) -> Raw:
    # One decimal gives about 50 equal calibration scores for each tie; the second shard has no ties.
    calibration, scores = _scores(seed, decimals=1 if index == 0 else None, n=100_000)
    options = {"smoothed": True, "seed": 7}
    reply = call("crepes", "crepes_p_values.py", options, calibration=calibration, scores=scores)
    # The rival's own numbers; its u is our 1 - u.
    uniforms = 1.0 - np.random.RandomState(7).rand(scores.size)
    plain = np.abs(conformal_p_values(calibration, scores) - reply.arrays["plain"])
    smoothed = np.abs(conformal_p_values(calibration, scores, uniforms=uniforms) - reply.arrays["smoothed"])
    return {"plain": float(plain.max()), "smoothed": float(smoothed.max()), "n": scores.size}


def _background(events: float = 6_000.0) -> Array:
    x = np.sqrt(EDGES[1:] * EDGES[:-1]) / 13_000.0
    shape = (1 - x) ** 10 * x ** (-5.0 - 0.2 * np.log(x)) * np.diff(EDGES)
    return events * shape / shape.sum()


def _pybumphunter(seed: int, observed: Array, pseudo_experiments: int) -> tuple[float, Array, str]:
    widths = {"width_min": WIDTHS[0], "width_max": WIDTHS[-1]}
    options = {**widths, "pseudo_experiments": pseudo_experiments, "seed": seed}
    arrays = {"background": _background(), "observed": observed, "edges": EDGES}
    reply = call("pybumphunter", "pybumphunter_scan.py", options, **arrays)
    return reply.values["seconds"] / pseudo_experiments, reply.arrays["statistics"], reply.values["version"]


def _hunt_seconds(hunt: BumpHunt, counts: Array, seed: int) -> float:
    """Seconds a pseudo-experiment, with everything that a search does once included."""
    return seconds(lambda: hunt.run_counts(counts, rng=np.random.default_rng(seed))) / hunt.n_pseudo


def _hunts(refit: bool, n_pseudo: int) -> BumpHunt:
    background = DijetFunction() if refit else FixedExpectation(tuple(_background()))
    return BumpHunt(edges=tuple(EDGES), background=background, alpha=None, widths=WIDTHS, n_pseudo=n_pseudo)


def _bump_hunt(refit: bool, n_pseudo: int, seed: int) -> Raw:
    counts = np.random.default_rng(seed).poisson(_background()).astype(np.float64)
    hunt, known = _hunts(refit, n_pseudo), {}

    def rival() -> float:
        each, _, known["version"] = _pybumphunter(seed % 2**31, counts[None], 5_000)
        return each

    hunt.run_counts(counts, rng=np.random.default_rng(0))
    return {**alternate(lambda: _hunt_seconds(hunt, counts, seed), rival, 5), **known}


def _no_refit(index: int, seed: int) -> Raw:
    return _bump_hunt(False, 100_000, seed)


def _with_refit(index: int, seed: int) -> Raw:
    return _bump_hunt(True, 20_000, seed)


def _equal_statistic(index: int, seed: int) -> Raw:
    background = _background()
    observed = np.random.default_rng(seed).poisson(background, (200, background.size)).astype(np.float64)
    _, theirs, _ = _pybumphunter(0, observed, 100)
    hunt = _hunts(False, 1)
    table = FixedNull(FixedExpectation(tuple(background)), EDGES, observed[0], WIDTHS, None).table
    expected = np.broadcast_to(background[:, None], observed.T.shape)
    ours = {
        "observed": np.array([hunt.null(counts).observed().t[0] for counts in observed]),
        "pseudo": table.largest(observed.T.astype(np.int64)),
        "refitted": largest_excess(observed.T, expected, WIDTHS),
    }
    return {name: float(np.max(np.abs(t - theirs) / np.maximum(theirs, 1.0))) for name, t in ours.items()}


def _import_time(index: int, seed: int) -> Raw:
    def fresh(package: str) -> float:
        return float(_fresh(f"from time import perf_counter as t; a = t(); import {package}; print(t() - a)"))

    sides = (lambda: fresh("strangeness")), (lambda: fresh("numpy"))
    alternate(*sides, 1)
    return alternate(*sides, 15)


def _heavy(index: int, seed: int) -> Raw:
    code = (
        "import json, sys, contextlib, io, strangeness\n"
        "from strangeness.cli import main\n"
        "sys.argv = ['strangeness', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n    main()\n"
        f"print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    return {"loaded": json.loads(_fresh(code))}


def _fresh(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def _largest(raws: Sequence[Raw], keys: Sequence[str]) -> float:
    return max(raw[key] for raw in raws for key in keys)


CASES = [
    Case(
        "conformal-crepes",
        ("conformal p-values against crepes",),
        _against_crepes,
        5,
        lambda raws: {"conformal p-values against crepes": speed_ratio(raws)},
        agree=STEADY,
    ),
    Case(
        "conformal-searchsorted",
        ("conformal p-values against searchsorted",),
        _against_searchsorted,
        5,
        lambda raws: {"conformal p-values against searchsorted": speed_ratio(raws)},
        agree=STEADY,
    ),
    Case(
        "conformal-memory",
        ("conformal p-values: peak memory over output",),
        _peak_memory,
        1,
        lambda raws: {"conformal p-values: peak memory over output": raws[0]["peak"] / raws[0]["output"]},
        tolerance=0.02,
    ),
    Case(
        "conformal-equal",
        ("conformal p-values equal those of crepes",),
        _equal_to_crepes,
        2,
        lambda raws: {"conformal p-values equal those of crepes": _largest(raws, ("plain", "smoothed"))},
        agree=both_at_most(1e-15),
    ),
    Case(
        "bump-hunt",
        ("bump hunt against pyBumpHunter",),
        _no_refit,
        3,
        lambda raws: {"bump hunt against pyBumpHunter": speed_ratio(raws)},
        agree=STEADY,
    ),
    Case(
        "bump-hunt-refit",
        ("bump hunt with refit against pyBumpHunter",),
        _with_refit,
        3,
        lambda raws: {"bump hunt with refit against pyBumpHunter": speed_ratio(raws)},
        agree=STEADY,
    ),
    Case(
        "bump-hunt-equal",
        ("bump hunt statistic equals that of pyBumpHunter",),
        _equal_statistic,
        3,
        lambda raws: {
            "bump hunt statistic equals that of pyBumpHunter": _largest(
                raws, ("observed", "pseudo", "refitted")
            )
        },
        agree=both_at_most(1e-10),
    ),
    Case(
        "import-time",
        ("import time over numpy",),
        _import_time,
        3,
        lambda raws: {"import time over numpy": cost_ratio(raws)},
        agree=STEADY,
    ),
    Case(
        "import-heavy",
        ("heavy packages loaded by import and --help",),
        _heavy,
        1,
        lambda raws: {
            "heavy packages loaded by import and --help": Measured(
                len(raws[0]["loaded"]), note=", ".join(raws[0]["loaded"])
            )
        },
    ),
]
