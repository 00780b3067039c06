"""Error rates of searches, and extrapolated p-values beside tested ones.

Shards hold raw counts: ``k`` of ``n`` null data sets with p <= 5 %, p randomised where it is meant to be
uniform. Each repetition costs less than 0.1 s, so there are 10,000.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.cases import Case, Measured, Raw, both_at_most
from strangeness.search.background import geometric_edges
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.channels import Channels, Combine
from strangeness.search.counting import CountingExperiment
from strangeness.search.gross_vitells import Upcrossings, extrapolated_tail, upcrossings
from strangeness.search.shape_scan import ShapeScan, ShapeToys
from strangeness.search.template import FixedExpectation, TemplateBackground
from strangeness.search.window_scan import window_scan, windows_of
from strangeness.stats.selection import SelectionLaw, order_statistic_law
from strangeness.stats.sequential import sequential_p

Array = NDArray[np.float64]
Once = Callable[[np.random.Generator], bool]
SHARDS, PER_SHARD = 20, 500
LEVEL = 0.05
STOP, MOST = 10, 1000
"""Pseudo-experiments stop at 10 that are as extreme, or at 1,000."""
EDGES = tuple(float(edge) for edge in geometric_edges(2700, 7000, 0.05))
FINE = tuple(float(edge) for edge in geometric_edges(2700, 5000, 0.02))
SMALL = tuple(float(edge) for edge in geometric_edges(2700, 4000, 0.07))
FEW, WIDE = (2, 3, 4), 0.06


@cache
def spectrum(total: float, edges: tuple[float, ...] = EDGES) -> Array:
    """Expected counts (bins,) of f = (1 - x)^10 x^-6 at 13 TeV."""
    borders = np.array(edges)
    x = np.sqrt(borders[1:] * borders[:-1]) / 13000
    shape = np.diff(borders) * (1 - x) ** 10 * x**-6.0
    return np.asarray(total * shape / shape.sum(), np.float64)


def _hunt(background: object = None) -> BumpHunt:
    chosen = {} if background is None else {"background": background}
    return BumpHunt(edges=EDGES, alpha=None, widths=FEW, n_pseudo=MOST, stop_after=STOP, **chosen)  # type: ignore[arg-type]


def _refit(rng: np.random.Generator) -> bool:
    result = _hunt().run_counts(rng.poisson(spectrum(1500)), rng=rng)
    return result.global_p_randomised <= LEVEL


def _template(rng: np.random.Generator) -> bool:
    reference, data = rng.poisson(spectrum(400)), rng.poisson(spectrum(200))
    background = TemplateBackground(tuple(int(n) for n in reference), 2.0)
    return _hunt(background).run_counts(data, rng=rng).global_p_randomised <= LEVEL


def _naive(rng: np.random.Generator) -> bool:
    """The reference taken as known: published practice, shown because it fails."""
    reference, data = rng.poisson(spectrum(400)), rng.poisson(spectrum(200))
    background = FixedExpectation(tuple(float(n) for n in np.maximum(reference, 0.5) / 2))
    return _hunt(background).run_counts(data, rng=rng).global_p_randomised <= LEVEL


def _channels(combine: Combine, rng: np.random.Generator) -> bool:
    known = FixedExpectation(tuple(spectrum(60)))
    hunts = {"known": _hunt(known), "fitted": _hunt()}
    counts = {"known": rng.poisson(spectrum(60)), "fitted": rng.poisson(spectrum(800))}
    channels = Channels(hunts, combine, n_pseudo=MOST, stop_after=STOP)
    return channels.run_counts(counts, rng=rng).outcome.randomised <= LEVEL


N_CAL, N_TEST, CUT, BINS = 59, 30, 0.1, 3


def _calibrated(rng: np.random.Generator) -> tuple[Array, Array, SelectionLaw]:
    """Conformal p-values of null events in three bins, each with a calibration of its own."""
    a, b = order_statistic_law(N_CAL, CUT, False)
    law = SelectionLaw(np.arange(BINS + 1.0), np.full(BINS, a), np.full(BINS, b), CUT)
    calibration, test = rng.random((BINS, 1, N_CAL)), rng.random((BINS, N_TEST, 1))
    p = ((calibration > test).sum(axis=-1) + 1.0) / (N_CAL + 1)
    context = np.repeat(np.arange(BINS, dtype=np.float64) + 0.5, N_TEST)
    return np.asarray(p.ravel(), np.float64), context, law


def _windows(rng: np.random.Generator) -> bool:
    p, context, law = _calibrated(rng)
    regions = [(float(i), i + 1.0) for i in range(BINS)]
    scan = window_scan(windows_of(p, context, regions, alpha=CUT, selection_law=law), rng)
    return scan.global_p_randomised <= LEVEL


def _overlapping(rng: np.random.Generator) -> bool:
    p, context, law = _calibrated(rng)
    regions = [(0.0, 2.0), (1.0, 3.0), (0.0, 3.0)]
    return window_scan(windows_of(p, context, regions, alpha=CUT, selection_law=law), rng).global_p <= LEVEL


def _counting(rng: np.random.Generator) -> bool:
    p, context, law = _calibrated(rng)
    run = CountingExperiment(CUT, (0.0, 2.0)).run(p, context, selection_law=law, rng=rng)
    return run.global_p_randomised <= LEVEL


def _shape(rng: np.random.Generator) -> bool:
    scan = ShapeScan(EDGES, masses=(3000.0, 3500.0, 4100.0), n_pseudo=200, stop_after=STOP)
    return scan.run_counts(rng.poisson(spectrum(3000)), rng=rng).outcome.randomised <= LEVEL


def _sequential(rng: np.random.Generator, randomised: bool) -> bool:
    """A statistic of six values, so that ties are common."""
    (value,) = sequential_p(
        lambda size: rng.binomial(5, 0.5, size).astype(float),
        float(rng.binomial(5, 0.5)),
        rng,
        stop_after=STOP,
        n_max=MOST,
    )
    return (value.randomised if randomised else value.p) <= LEVEL


def _counted(once: Once, size: int, index: int, seed: int) -> Raw:
    rng = np.random.default_rng(seed)
    return {"k": sum(bool(once(rng)) for _ in range(size)), "n": size, "expected": LEVEL}


def _case(name: str, row: str, once: Once, how: str = "two-sided") -> Case:
    def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
        k, n = (sum(raw[key] for raw in raws) for key in ("k", "n"))
        note = f"{k} of {n}, expected {LEVEL:g}"
        if how == "rate":
            return {row: Measured(k / n, note=note)}
        return {row: Measured(float(stats.binomtest(k, n, LEVEL, how).pvalue), note=note)}

    return Case(name, (row,), partial(_counted, once, PER_SHARD), SHARDS, rows, tolerance=1e-9)


def closed_forms(index: int, seed: int) -> Raw:
    """Largest relative distance of counting p-values from SciPy's beta-binomial and binomial tails."""
    rng, far = np.random.default_rng(seed), {"calibration": 0.0, "reference": 0.0}
    for _ in range(50):
        p, context, law = _calibrated(rng)
        run = CountingExperiment(CUT, (0.0, 1.0)).run(p, context, selection_law=law, rng=rng)
        exact = float(stats.betabinom.sf(run.observed - 1, N_TEST, law.a[0], law.b[0]))
        far["calibration"] = max(far["calibration"], abs(run.global_p / exact - 1))
        n, m, tau = int(rng.integers(5, 60)), int(rng.integers(0, 40)), float(rng.uniform(0.5, 5))
        hunt = BumpHunt(
            edges=(1000.0, 2000.0),
            alpha=None,
            widths=(1,),
            n_pseudo=1,
            background=TemplateBackground((m,), tau),
        )
        if n * tau > m:
            found = hunt.run_counts([n], rng=rng).local_p
            tail = float(stats.binom.sf(n - 1, n + m, 1 / (1 + tau)))
            far["reference"] = max(far["reference"], abs(found / tail - 1))
    return far


def closed_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """The larger of both, over all shards."""
    return {"counting: distance to the closed forms": Measured(max(max(raw.values()) for raw in raws))}


LOCAL_TOYS, LOCAL_LEVELS = 1000, (0.05, 0.01)


def shape_local(index: int, seed: int) -> Raw:
    """Asymptotic local p at one mass, 20,000 events."""
    scan = ShapeScan(EDGES, masses=(3600.0,))
    toys = ShapeToys(scan, scan.fit(spectrum(20_000)).background)
    p = stats.norm.sf(toys.roots(np.random.default_rng(seed), LOCAL_TOYS)[0])
    return {"n": LOCAL_TOYS, **{f"{level:g}": int(np.sum(p <= level)) for level in LOCAL_LEVELS}}


def shape_local_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Rates at both levels over the level."""
    n, rows = sum(raw["n"] for raw in raws), {}
    for level in LOCAL_LEVELS:
        k = sum(raw[f"{level:g}"] for raw in raws)
        rows[f"shape scan: local p <= {level:g}, observed over expected"] = Measured(
            k / n / level, note=f"{k} of {n}"
        )
    return rows


SCANNED, COUNTED, HEIGHTS, AT = 4000, 50, (1.8, 2.4, 3.2, 4.0), 1.0


def crossings(index: int, seed: int) -> Raw:
    """Upcrossings of the first toys, and how many of the others exceed each height."""
    masses = tuple(float(m) for m in np.geomspace(2750, 4900, 45))
    scan = ShapeScan(FINE, masses=masses, relative_width=WIDE)
    toys, rng = ShapeToys(scan, scan.fit(spectrum(50_000, FINE)).background), np.random.default_rng(seed)
    counted = upcrossings(toys.roots(rng, COUNTED), AT)
    largest = np.concatenate([toys.roots(rng, 250).max(axis=0) for _ in range(SCANNED // 250)])
    return {
        "upcrossings": counted.total,
        "counted": COUNTED,
        "n": SCANNED,
        "above": [int(np.sum(largest >= z)) for z in HEIGHTS],
        "failed": toys.failed,
    }


def crossings_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Extrapolated over tested p at each height."""
    total, counted = (sum(raw[key] for raw in raws) for key in ("upcrossings", "counted"))
    found = Upcrossings(AT, total / counted, float(np.sqrt(total)) / counted, total, counted)
    n, rows = sum(raw["n"] for raw in raws), {}
    for i, z in enumerate(HEIGHTS):
        k, value = sum(raw["above"][i] for raw in raws), found.extrapolated(z)
        error = np.hypot(1 / np.sqrt(max(k, 1)), found.error / found.mean)
        rows[f"Gross-Vitells over pseudo-experiments, root {z:g}"] = Measured(
            value.p * n / max(k, 1), note=f"extrapolated {value.p:.3g}, tested {k} of {n}, +- {error:.3f}"
        )
    return rows


TAIL_TOYS, TAIL_PART, HEIGHT = 50_000, 2500, 10.0


def tails(index: int, seed: int) -> Raw:
    """Extrapolations of t = 10 from 2,500 pseudo-experiments each, and how many of all reach it."""
    background = FixedExpectation(tuple(spectrum(3000, SMALL)))
    hunt = BumpHunt(edges=SMALL, background=background, alpha=None, widths=(1, 2), n_pseudo=TAIL_TOYS)
    null = hunt.null(np.round(spectrum(3000, SMALL)))
    t = hunt.pseudo_statistics(null, np.random.default_rng(seed))
    found = [extrapolated_tail(HEIGHT, part) for part in t.reshape(-1, TAIL_PART)]
    return {
        "above": int(np.sum(t >= HEIGHT)),
        "n": TAIL_TOYS,
        "log_p": [value.log_p for value in found],
        "low": [value.interval[0] for value in found],
        "high": [value.interval[1] for value in found],
    }


def tails_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Median and coverage of the extrapolations of 400 sets."""
    k, n = (sum(raw[key] for raw in raws) for key in ("above", "n"))
    log_p, low, high = (np.concatenate([raw[key] for raw in raws]) for key in ("log_p", "low", "high"))
    truth = k / n
    covered = int(np.sum((low <= truth) & (truth <= high)))
    note = f"tested {k} of {n}"
    return {
        "tail of the bump hunt: median extrapolated over tested p": Measured(
            float(np.exp(np.median(log_p))) / truth, note=note
        ),
        "tail of the bump hunt: coverage of the 68 % interval": Measured(
            covered / low.size, note=f"{covered} of {low.size}; {note}"
        ),
    }


def price(index: int, seed: int) -> Raw:
    """Draws that sequential p-values of continuous statistics use."""
    rng = np.random.default_rng(seed)
    runs = [
        sequential_p(rng.standard_normal, float(rng.standard_normal()), rng, stop_after=STOP, n_max=MOST)[0]
        for _ in range(500)
    ]
    return {"used": sum(run.n for run in runs), "n": len(runs)}


def price_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    """Mean over h (1 + log(n_max / h))."""
    used, n = (sum(raw[key] for raw in raws) for key in ("used", "n"))
    promised = STOP * (1 + np.log(MOST / STOP))
    return {
        "sequential p: draws over h (1 + log(n_max / h))": Measured(
            used / n / promised, note=f"{used / n:.1f} draws on average, {n} p-values"
        )
    }


def _single(name: str, rows: tuple[str, ...], shard: Callable, summarise: Callable, shards: int) -> Case:
    return Case(name, rows, shard, shards, summarise, tolerance=1e-6)


CASES = [
    _case("refit", "type I at 5 %: bump hunt, refitted, sequential", _refit),
    _case("template", "type I at 5 %: bump hunt over a finite reference", _template),
    _case("naive", "type I at 5 %: that reference taken as known", _naive, "rate"),
    _case("channels", "type I at 5 %: two channels, largest", partial(_channels, "largest")),
    _case("same-mass", "type I at 5 %: two channels, same mass", partial(_channels, "same mass")),
    _case("windows", "type I at 5 %: disjoint counting windows, exact", _windows),
    _case("overlapping", "type I at 5 %: overlapping windows, bound", _overlapping, "greater"),
    _case("counting", "type I at 5 %: counting with a finite calibration", _counting),
    _case("shape", "type I at 5 %: shape scan, refitted", _shape),
    _case(
        "sequential",
        "type I at 5 %: sequential p with ties, randomised",
        partial(_sequential, randomised=True),
    ),
    _case(
        "sequential-raw",
        "type I at 5 %: sequential p with ties, raw",
        partial(_sequential, randomised=False),
        "greater",
    ),
    _single("price", ("sequential p: draws over h (1 + log(n_max / h))",), price, price_rows, SHARDS),
    Case(
        "closed",
        ("counting: distance to the closed forms",),
        closed_forms,
        4,
        closed_rows,
        agree=both_at_most(1e-9),
    ),
    _single(
        "shape-local",
        tuple(f"shape scan: local p <= {level:g}, observed over expected" for level in LOCAL_LEVELS),
        shape_local,
        shape_local_rows,
        SHARDS,
    ),
    _single(
        "crossings",
        tuple(f"Gross-Vitells over pseudo-experiments, root {z:g}" for z in HEIGHTS),
        crossings,
        crossings_rows,
        SHARDS,
    ),
    _single(
        "tails",
        (
            "tail of the bump hunt: median extrapolated over tested p",
            "tail of the bump hunt: coverage of the 68 % interval",
        ),
        tails,
        tails_rows,
        SHARDS,
    ),
]
