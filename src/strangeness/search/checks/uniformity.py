"""Are held-out reference p-values uniform in every calibration bin, and over all bins together?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strangeness.search.check import Check
from strangeness.search.checks.reference import (
    Array,
    ReferenceEvents,
    dilution,
    effective,
    reference_events,
    shares_below,
)
from strangeness.search.checks.simulated import (
    JointTest,
    calibration_sizes,
    cuts_of,
    efficiencies,
    expected_shares,
)
from strangeness.stats.dependence import ks_score
from strangeness.stats.selection import SelectionLaw

_GRID = np.linspace(0.025, 0.975, 39)


def uniformity(p: Array, mass: Array, law: SelectionLaw, n_simulated: int, rng: np.random.Generator) -> Check:
    """The check for events without weights."""
    return uniform_p_values(reference_events(p, mass), law, n_simulated, rng)


def uniform_p_values(
    events: ReferenceEvents, law: SelectionLaw, n_simulated: int, rng: np.random.Generator
) -> Check:
    """Are the weighted p-values of held-out reference events uniform?

    Three questions, judged jointly by simulation: Kolmogorov-Smirnov distances bin by bin (added up as
    -2 log p), their distance over all bins together, and the share that passes the cut and looser ones. The
    simulated p-values share their calibration sample, as these do; weighted events count by their effective
    number.
    """
    cuts = cuts_of(law.alpha)
    levels = np.unique(np.concatenate([_GRID, cuts]))
    where = law.bin_of(events.context)
    bins = [i for i in range(law.a.size) if events.weights[where == i].sum() > 0]
    diluted = dilution(events, cuts)
    size = np.array([max(round(effective(events.weights[where == i]) / diluted), 1) for i in bins])
    seen = np.stack([shares_below(events, where == i, levels) for i in bins], axis=1)[:, :, None]
    drawn = efficiencies(law, levels, rng, n_simulated)[:, bins]
    null = shares_drawn(drawn, size, rng)
    expected = expected_shares(law, levels)[:, bins, None]
    n_cal = calibration_sizes(law)[bins]
    at_cuts = np.searchsorted(levels, cuts)
    test = JointTest(_statistics(null - expected, size, n_cal, at_cuts))
    p, statistic, _ = test.p(_statistics(seen - expected, size, n_cal, at_cuts)[:, 0])
    kind = "weighted held-out" if events.weighted else "held-out"
    text = (
        f"p-values of {events.p.size:,} {kind} reference events in {len(bins)} bins are uniform with "
        f"p = {p:.2g}"
    )
    return Check("uniform null p-values", p, statistic, True, text)


def shares_drawn(efficiency: Array, size: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Simulated shares (levels, bins, P) of ``size`` (bins,) events below rising levels.

    From the loosest level down, those below the next are a binomial part of those below the last.
    """
    counts = np.empty(efficiency.shape)
    left = np.broadcast_to(size[:, None], efficiency.shape[1:]).astype(np.int64)
    above = np.ones(efficiency.shape[1:])
    for level in range(efficiency.shape[0])[::-1]:
        ratio = np.divide(efficiency[level], above, out=np.zeros_like(above), where=above > 0)
        left = rng.binomial(left, np.clip(ratio, 0.0, 1.0))
        counts[level], above = left, efficiency[level]
    return counts / size[:, None]


def _statistics(
    gap: Array, size: NDArray[np.int64], n_cal: NDArray[np.int64], at_cuts: NDArray[np.intp]
) -> Array:
    """Sum of the bins' scores, distance over all bins, squared surplus at each cut: (2 + cuts, P)."""
    score = sum(
        ks_score(one, int(n), int(m)) for one, n, m in zip(np.abs(gap).max(axis=0), n_cal, size, strict=True)
    )
    together = np.einsum("lbp,b->lp", gap, size / size.sum())
    return np.concatenate(
        [np.asarray(score)[None], np.abs(together).max(axis=0)[None] ** 2, together[at_cuts] ** 2]
    )
