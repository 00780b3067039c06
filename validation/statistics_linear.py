"""The chain of the linear detector on plain arrays, many null data sets at once.

What ``Analysis.run`` reports for ``CWoLaLinear``, deterministic Mondrian p-values and a bump hunt or a count,
at a hundredth of the time a data set (``tests/validation/test_statistics_linear.py`` compares the two).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from strangeness.analysis import Analysis
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.identity import roles
from strangeness.detectors.cwola_linear import CWoLaLinear
from strangeness.events.events import Events, concatenate_events
from strangeness.policies import HalfSplit, LabelExchange, SameData
from strangeness.policies.exchange import exchanged
from strangeness.representations import KinematicFeatures
from strangeness.search.background import DijetFunction
from strangeness.search.bump_hunt import BumpHunt
from strangeness.search.counting import CountingExperiment
from strangeness.search.windows import scan_all
from strangeness.splits import REFERENCE_ROLES
from strangeness.stats.dependence import count_pmf
from strangeness.stats.poisson_fit import newton, start
from strangeness.stats.selection import SelectionLaw, order_statistic_law
from strangeness.stats.sequential import sequential_p
from validation.statistics_linear_kernel import select
from validation.statistics_toys import FEATURES, HIGH, LOW, SQRT_S, WINDOW

Array = NDArray[np.float64]
ALPHA, STOP, TOYS = 0.1, 10, 19_999
STOP_EXCHANGE = 3
"""At 1e-4 the decision is that of any larger stop: two of 19,999 draws above the data are too many."""
SHARES = {"train": 0.25, "calibrate": 0.7, "check": 0.05}
EDGES = (LOW, 3200.0, 3400.0, 3800.0, 4200.0, HIGH)
"""Bins of the calibration; the window of the count is one of them."""
HUNT = BumpHunt(
    lo=LOW,
    hi=HIGH,
    relative_width=0.045,
    alpha=ALPHA,
    widths=(1, 2, 3),
    background=DijetFunction(3, SQRT_S),
    n_pseudo=TOYS,
    stop_after=STOP,
)
COUNT = CountingExperiment(ALPHA, WINDOW)


def search(*, same_data: bool, hunt: bool, toys: int = TOYS) -> Analysis:
    """The search that the study is about, as a user would configure it."""
    return Analysis(
        representation=KinematicFeatures(FEATURES),
        detector=CWoLaLinear(),
        calibrator=Mondrian(edges=EDGES, randomised=False),
        search=HUNT if hunt else COUNT,
        shares=SHARES,
        gate=None,
        policy=SameData() if same_data else HalfSplit(),
        null=LabelExchange(toys, STOP_EXCHANGE) if same_data else None,
    )


@dataclass(frozen=True)
class Sample:
    """Data, then reference, as arrays over all events (n,); role masks hold for an event that is reference
    (``train``, ``calibrate``) or data (``first``: the half that trains)."""

    x: Array
    mass: Array
    is_data: NDArray[np.bool_]
    train: NDArray[np.bool_]
    calibrate: NDArray[np.bool_]
    first: NDArray[np.bool_]

    @classmethod
    def of(cls, data: Events, reference: Events) -> Sample:
        """The arrays of both samples, with the roles that ``splits`` would hand out."""
        pool = concatenate_events([data, reference])
        known = roles(pool.id, {name: SHARES[name] for name in REFERENCE_ROLES}, "reference roles")
        half = roles(pool.id, {"train data": 0.5, "test": 0.5}, "data roles")
        x = np.stack([pool.column(name) for name in FEATURES], axis=1).astype(np.float64)
        mass = pool.column("mjj").astype(np.float64)
        is_data = np.arange(len(pool)) < len(data)
        return cls(x, mass, is_data, known["train"], known["calibrate"], half["train data"])


@dataclass(frozen=True)
class Selected:
    """What passes the cut in P label assignments.

    Counts in the bins of the hunt (bins, P); in each bin of the calibration the passing events, the tested
    events and the calibration events (m, P).
    """

    counts: Array
    passed: NDArray[np.int64]
    tested: NDArray[np.int64]
    calibrated: NDArray[np.int64]


def selected(sample: Sample, label: NDArray[np.bool_], *, same_data: bool) -> Selected:
    """Train, calibrate and cut, for labels (P, n) at once."""
    trains, tested = (label, label) if same_data else (label & sample.first, label & ~sample.first)
    cell = np.searchsorted(EDGES, sample.mass, side="right") - 1
    bins = HUNT.bin_edges()
    in_bin = np.clip(np.searchsorted(bins, sample.mass, side="right") - 1, 0, bins.size - 2)
    against, calibrate = ~label & sample.train, ~label & sample.calibrate
    shape = (len(EDGES) - 1, bins.size - 1)
    counts, sums = select(sample.x, trains, against, tested, calibrate, cell, in_bin, shape, ALPHA)
    return Selected(counts, *sums)


def statistics(found: Selected, reference_counts: Array) -> Array:
    """-log p_local (P, 2) of the bump hunt and of the count in the window.

    ``reference_counts`` (bins,) shapes the design of all fits, so that equal histograms give equal values.
    """
    edges = HUNT.bin_edges()
    design = HUNT.background.prepared(reference_counts, edges)  # type: ignore[union-attr]
    fits = np.count_nonzero(found.counts, axis=0) >= 3
    counts = np.where(fits, found.counts, 1.0)
    mu, _, converged = newton(counts, design, start(counts, design))
    hunt = np.where(fits & converged, scan_all(counts, mu, HUNT.widths).t, np.inf)
    hunt = np.where(found.counts.any(axis=0), hunt, 0.0)
    count = np.array([-np.log(count_p(found, column)) for column in range(len(hunt))])
    return np.stack([hunt, count], axis=1).astype(np.float64).round(8)


def count_p(found: Selected, column: int) -> float:
    """p of the count in the window: the tail of its beta-binomial law."""
    cell = EDGES.index(WINDOW[0])
    pmf = _law(int(found.tested[cell, column]), int(found.calibrated[cell, column]))
    return float(min(pmf[found.passed[cell, column] :].sum(), 1.0))


@lru_cache(maxsize=8192)
def _law(tested: int, calibrated: int) -> Array:
    """Probabilities of each count in the window; label assignments ask for the same few again and again."""
    return count_pmf([tested], *order_statistic_law(calibrated, ALPHA, randomised=False))


def exchange_p(sample: Sample, seed: int, toys: int = TOYS) -> tuple[float, float, float, float]:
    """Same-data training: p of the hunt and of the count by label exchange, and what both say naively: the
    hunt by pseudo-experiments without training, the count by its beta-binomial law."""
    n = int(sample.is_data.sum())
    index = 0

    def draw(size: int) -> Array:
        nonlocal index
        rngs = [np.random.default_rng([seed, i, n]) for i in range(index, index + size)]
        index += size
        label = np.stack([exchanged(sample.is_data, None, rng) for rng in rngs])
        return statistics(selected(sample, label, same_data=True), observed.counts[:, 0])

    observed = selected(sample, sample.is_data[None], same_data=True)
    seen = statistics(observed, observed.counts[:, 0])[0]
    rng = np.random.default_rng([seed, n])
    hunt, count = sequential_p(draw, seen, rng, stop_after=STOP_EXCHANGE, n_max=toys, chunk=128)
    return hunt.p, count.p, parametric_p(observed, seed), float(np.exp(-seen[1]))


def split_p(sample: Sample, seed: int) -> tuple[float, float]:
    """Half-split: p of the hunt by pseudo-experiments without training, and p of the count."""
    found = selected(sample, sample.is_data[None], same_data=False)
    return parametric_p(found, seed), count_p(found, 0)


def parametric_p(found: Selected, seed: int) -> float:
    """The global p of the bump hunt as ``search`` reports it where no chain is repeated."""
    n = found.calibrated[:, 0]
    a, b = np.array([order_statistic_law(int(size), ALPHA, randomised=False) for size in n]).T
    law = SelectionLaw(np.array(EDGES), a, b, ALPHA, n)
    rng = np.random.default_rng([seed, int(found.tested[:, 0].sum())])
    return HUNT.run_counts(found.counts[:, 0], selection_law=law, rng=rng).global_p
