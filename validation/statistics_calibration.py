"""Coverage and error rates of calibration: 10,000 repetitions a row, each with a new calibration sample.

Shards hold raw counts: ``k`` of ``n`` repetitions, which had the probability ``expected``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from harness.cases import Case, Measured, Raw
from strangeness.calibration.classes import aps_scores, class_p_values, lac_scores, prediction_sets
from strangeness.calibration.conformal import SplitConformal
from strangeness.calibration.covariate import CovariateShift
from strangeness.calibration.cross import cross_conformal_bound, cross_conformal_p_values
from strangeness.calibration.discoveries import discoveries
from strangeness.calibration.localised import Localised
from strangeness.calibration.mondrian import Mondrian
from strangeness.core.identity import identities
from strangeness.stats.dependence import beta_binomial_pmf, ks_band, ks_distance

Array = NDArray[np.float64]
Once = Callable[[np.random.Generator, Any], bool]
SHARDS, PER_SHARD = 20, 500
ALPHA, N_CAL, N_TEST = 0.05, 199, 200
UPPER, SHARE, TESTED_SHARE = 1.5, 0.1, 0.5
"""Of the shift: how much higher scores are in the upper bin, and how many events are there."""
SLOPE, WIDTH = 3.0, 0.05
FALSE_SHARE, CROSS, FOLDS = 0.1, 40, 4
FINE = tuple(np.linspace(0.0, 1.0, 11).tolist())


def _batch(n: int, context: Array | None = None, weight: Array | None = None, ids: Any = None) -> Any:
    return SimpleNamespace(id=ids, context=context, weight=np.ones(n) if weight is None else weight)


def _counted(once: Once, expected: float, index: int, seed: int) -> Raw:
    """How often ``once`` is true; each repetition has an identity of its own for its random numbers."""
    rng, ids = np.random.default_rng(seed), identities(f"repetitions {seed}", PER_SHARD)
    k = sum(bool(once(rng, ids[i : i + 1])) for i in range(PER_SHARD))
    return {"k": k, "n": PER_SHARD, "expected": expected}


def _split(rng: np.random.Generator, ids: Any) -> bool:
    # rounded: many ties
    score = np.round(rng.normal(size=N_CAL - 9), 1)
    null = SplitConformal().fit_null(score[1:], _batch(score.size - 1))
    return null(score[:1], _batch(1, ids=ids), key=0)[0] <= ALPHA


def _split_raw(rng: np.random.Generator, ids: Any) -> bool:
    score = np.round(rng.normal(size=N_CAL + 1), 1)
    null = SplitConformal(randomised=False).fit_null(score[1:], _batch(N_CAL))
    return null.raw(score[:1])[0] <= ALPHA


def _mondrian(rng: np.random.Generator, ids: Any) -> bool:
    context = rng.random(N_CAL + 1)
    score = rng.normal(SLOPE * context)
    # an event at the end, where a common calibration selects far too often
    null = Mondrian(edges=(0.0, 0.5, 0.9, 1.0)).fit_null(score[1:], _batch(N_CAL, context[1:]))
    where = rng.uniform(0.9, 1.0, 1)
    return null(rng.normal(SLOPE * where), _batch(1, where, ids=ids), key=0)[0] <= ALPHA


def _shifted(rng: np.random.Generator, n: int, share: float) -> tuple[Array, Array]:
    high = rng.random(n) < share
    return rng.normal(UPPER * high), np.where(high, 1.5, 0.5)


def _covariate(rng: np.random.Generator, ids: Any) -> bool:
    (cal, context), (score, where) = _shifted(rng, N_CAL, SHARE), _shifted(rng, 1, TESTED_SHARE)
    ratio = ((1 - TESTED_SHARE) / (1 - SHARE), TESTED_SHARE / SHARE)
    null = CovariateShift((0.0, 1.0, 2.0), ratio).fit_null(cal, _batch(N_CAL, context))
    return null(score, _batch(1, where, ids=ids), key=0)[0] <= ALPHA


def _plain_shift(rng: np.random.Generator, ids: Any) -> bool:
    (cal, _), (score, _) = _shifted(rng, N_CAL, SHARE), _shifted(rng, 1, TESTED_SHARE)
    return SplitConformal().fit_null(cal, _batch(N_CAL))(score, _batch(1, ids=ids), key=0)[0] <= ALPHA


def plain_expected() -> float:
    """Type-I error of plain calibration under the shift: the mean over the law of its order statistic."""
    grid = np.linspace(-4.0, 8.0, 4001)

    def above(share: float) -> Array:
        return (1 - share) * stats.norm.sf(grid) + share * stats.norm.sf(grid - UPPER)

    k = round(ALPHA * (N_CAL + 1))
    quantiles = (np.arange(2000) + 0.5) / 2000
    efficiency = stats.beta(k, N_CAL + 1 - k).ppf(quantiles)
    return float(np.interp(efficiency, above(SHARE)[::-1], above(TESTED_SHARE)[::-1]).mean())


def _end_of_wide_bin(rng: np.random.Generator, calibrator: Any, ids: Any) -> bool:
    context = rng.random(1000)
    null = calibrator.fit_null(rng.normal(SLOPE * context), _batch(1000, context))
    where = rng.uniform(0.4, 0.5, 1)
    return null(rng.normal(SLOPE * where), _batch(1, where, ids=ids), key=0)[0] <= ALPHA


def _localised(rng: np.random.Generator, ids: Any) -> bool:
    return _end_of_wide_bin(rng, Localised(WIDTH, FINE), ids)


def _wide(rng: np.random.Generator, ids: Any) -> bool:
    return _end_of_wide_bin(rng, Mondrian(edges=(0.0, 0.5, 1.0)), ids)


def _weighted(rng: np.random.Generator, ids: Any) -> bool:
    # events of N(0, 1) weighted to N(0.5, 1), and the tested event of that law
    cal = rng.normal(size=1000)
    null = SplitConformal().fit_null(cal, _batch(1000, weight=np.exp(0.5 * cal - 0.125)))
    return null(rng.normal(0.5, 1.0, 1), _batch(1, ids=ids), key=0)[0] <= ALPHA


def _signed(rng: np.random.Generator, ids: Any) -> bool:
    # three events in ten have weight -1, and every law is the same
    weight = np.where(rng.random(1000) < 0.3, -1.0, 1.0)
    null = SplitConformal(signed=True).fit_null(rng.normal(size=1000), _batch(1000, weight=weight))
    return null(rng.normal(size=1), _batch(1, ids=ids), key=0)[0] <= ALPHA


def _cross(rng: np.random.Generator, ids: Any) -> bool:
    # the distance to the nearest event of the other folds: a score that depends much on its fold
    x, fold = rng.normal(size=(CROSS + 1, 2)), np.arange(CROSS) % FOLDS
    cal, tested = [], []
    for k in range(FOLDS):
        near = x[:CROSS][fold != k]
        score = ((x[:, None] - near) ** 2).sum(axis=2).min(axis=1)
        cal.append(score[:CROSS][fold == k])
        tested.append(score[CROSS:])
    return cross_conformal_p_values(cal, np.array(tested))[0] <= ALPHA


def _covered(method: str, classes: int, rng: np.random.Generator, ids: Any) -> bool:
    """Whether a randomised set of 90 % holds the label of an event of the first class."""

    def score(p: Array, label: Any = None) -> Array:
        return lac_scores(p, label) if method == "lac" else aps_scores(p, label, uniforms=rng.random(len(p)))

    label = np.arange(60 * classes) % classes
    own, mean = np.eye(classes), np.zeros(1, np.int64)
    p, tested = (np.stack([rng.dirichlet(1 + own[k]) for k in some]) for some in (label, mean))
    values = class_p_values(score(p, label), label, score(tested), uniforms=rng.random((1, classes)))
    return bool(prediction_sets(values, FALSE_SHARE).member[0, 0])


def _any_false(kind: str, rng: np.random.Generator, ids: Any) -> bool:
    """Whether there is a discovery among null events alone; its probability is the false discovery rate."""
    if kind == "independent":
        return bool(discoveries(rng.random(50), FALSE_SHARE, "independent").rejected.any())
    null = SplitConformal(kind == "any").fit_null(rng.normal(size=999), _batch(999))
    score = rng.normal(size=50)
    p = null.p_values(score, rng.random(50)) if kind == "any" else null.raw(score)
    return bool(discoveries(p, FALSE_SHARE, null).rejected.any())


def _false_shares(index: int, seed: int) -> Raw:
    """Sums of false shares, and of their squares, with 10 strange events among 50."""
    rng, truth = np.random.default_rng(seed), np.arange(50) < 10
    shares: dict[str, list[float]] = {"independent": [], "shared": [], "any": []}
    for _ in range(PER_SHARD):
        score = rng.normal(4.0 * truth)
        null = SplitConformal(False).fit_null(rng.normal(size=999), _batch(999))
        rejected = {
            "independent": discoveries(stats.norm.sf(score), FALSE_SHARE, "independent").rejected,
            "shared": discoveries(null.raw(score), FALSE_SHARE, null).rejected,
            "any": discoveries(null.raw(score), FALSE_SHARE, "any").rejected,
        }
        for name, found in rejected.items():
            shares[name].append(float((found & ~truth).sum() / max(found.sum(), 1)))
    return {"n": PER_SHARD} | {
        name: {"sum": float(np.sum(s)), "squares": float(np.sum(np.square(s)))} for name, s in shares.items()
    }


def _count_law(index: int, seed: int) -> Raw:
    """How often the count of p <= alpha exceeds the 95 % points of the beta-binomial and binomial laws."""
    rng, k = np.random.default_rng(seed), round(ALPHA * (N_CAL + 1))
    pmf = beta_binomial_pmf(N_TEST, k, N_CAL + 1 - k)
    right = int(np.searchsorted(np.cumsum(pmf), 0.95))
    naive = int(stats.binom(N_TEST, ALPHA).ppf(0.95))
    found = np.empty(PER_SHARD, np.int64)
    for i in range(PER_SHARD):
        null = SplitConformal(False).fit_null(rng.normal(size=N_CAL), _batch(N_CAL))
        found[i] = np.count_nonzero(null.raw(rng.normal(size=N_TEST)) <= ALPHA * (1 + 1e-12))
    return {
        "n": PER_SHARD,
        "right": {"k": int(np.sum(found > right)), "expected": float(pmf[right + 1 :].sum())},
        "naive": {"k": int(np.sum(found > naive)), "expected": float(stats.binom(N_TEST, ALPHA).sf(naive))},
    }


def _ks(index: int, seed: int) -> Raw:
    """How often the distance exceeds the band of (n_cal, n_test), and the one of independent p-values."""
    rng = np.random.default_rng(seed)
    band = ks_band(N_CAL, N_TEST, 0.95, 20_000, rng)
    naive = float(stats.kstwo(N_TEST).ppf(0.95))
    distance = np.empty(PER_SHARD)
    for i in range(PER_SHARD):
        null = SplitConformal().fit_null(rng.normal(size=N_CAL), _batch(N_CAL))
        distance[i] = ks_distance(null.p_values(rng.normal(size=N_TEST), rng.random(N_TEST)))
    return {
        "n": PER_SHARD,
        "right": {"k": int(np.sum(distance > band)), "expected": 0.05},
        "naive": {"k": int(np.sum(distance > naive)), "expected": 0.05},
    }


def _total(raws: Sequence[Raw], part: str | None = None) -> tuple[int, int, float]:
    counts = [raw if part is None else raw[part] for raw in raws]
    n = sum(raw["n"] for raw in raws)
    return sum(c["k"] for c in counts), n, counts[0]["expected"]


def binomial(k: int, n: int, expected: float, alternative: str) -> Measured:
    """The p-value of the exact binomial test, with what it is made of."""
    p = stats.binomtest(k, n, expected, alternative=alternative).pvalue
    return Measured(float(p), note=f"{k} of {n}, expected {expected:.4f}")


def rate(k: int, n: int, expected: float) -> Measured:
    """The observed rate, with the exact p-value of it beside what is expected."""
    p = stats.binomtest(k, n, expected).pvalue
    return Measured(k / n, note=f"{k} of {n}, expected {expected:.4f}, exact p = {p:.2g}")


def _case(name: str, row: str, once: Once, expected: float, how: str) -> Case:
    """One row of counts; ``how`` is an alternative of the binomial test, or "rate"."""

    def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
        total = _total(raws)
        return {row: rate(*total) if how == "rate" else binomial(*total, how)}

    return Case(name, (row,), partial(_counted, once, expected), SHARDS, rows, tolerance=1e-9)


def _pair(name: str, right: str, naive: str, shard: Callable[[int, int], Raw]) -> Case:
    def rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
        return {right: binomial(*_total(raws, "right"), "two-sided"), naive: rate(*_total(raws, "naive"))}

    return Case(name, (right, naive), shard, SHARDS, rows, tolerance=1e-9)


FALSE_ROWS = {
    "independent": "mean false share, Benjamini-Hochberg, independent",
    "shared": "mean false share, Benjamini-Hochberg, shared calibration",
    "any": "mean false share, Benjamini-Yekutieli",
}


def _false_rows(raws: Sequence[Raw]) -> Mapping[str, Measured]:
    rows, n = {}, sum(raw["n"] for raw in raws)
    for name, row in FALSE_ROWS.items():
        mean = sum(raw[name]["sum"] for raw in raws) / n
        spread = np.sqrt((sum(raw[name]["squares"] for raw in raws) / n - mean**2) / n)
        rows[row] = Measured(float(mean), note=f"+- {spread:.4f}, {n} repetitions")
    return rows


BOUND = cross_conformal_bound(ALPHA, CROSS, FOLDS)
_COVER = 1 - FALSE_SHARE
CASES = [
    _case("split", "type I at 5 %: split", _split, ALPHA, "two-sided"),
    _case("split-raw", "type I at 5 %: split, deterministic with ties", _split_raw, ALPHA, "greater"),
    _case("mondrian", "type I at 5 %: Mondrian, at the end of the range", _mondrian, ALPHA, "two-sided"),
    _case("covariate", "type I at 5 %: known covariate shift", _covariate, ALPHA, "two-sided"),
    _case(
        "plain-shift",
        "type I at 5 %: plain calibration under that shift",
        _plain_shift,
        plain_expected(),
        "rate",
    ),
    _case("localised", "type I at 5 %: localised, at the end of a wide bin", _localised, ALPHA, "rate"),
    _case("wide", "type I at 5 %: Mondrian, at the end of a wide bin", _wide, ALPHA, "rate"),
    _case("weighted", "type I at 5 %: positive event weights", _weighted, ALPHA, "rate"),
    _case("signed", "p <= 5 %: signed weights, shown without a claim", _signed, ALPHA, "rate"),
    _case("cross", "type I at 5 %: cross-conformal, not above its bound", _cross, BOUND, "greater"),
    *(
        _case(
            f"{method}-{classes}",
            f"coverage of one class at 90 %: {method.upper()}, {classes} classes",
            partial(_covered, method, classes),
            _COVER,
            "two-sided",
        )
        for method in ("lac", "aps")
        for classes in (2, 4)
    ),
    _case(
        "bh-independent",
        "false discovery rate, nulls alone: Benjamini-Hochberg, independent",
        partial(_any_false, "independent"),
        FALSE_SHARE,
        "two-sided",
    ),
    _case(
        "bh-shared",
        "false discovery rate, nulls alone: Benjamini-Hochberg, shared calibration",
        partial(_any_false, "shared"),
        FALSE_SHARE,
        "greater",
    ),
    _case(
        "by",
        "false discovery rate, nulls alone: Benjamini-Yekutieli, randomised",
        partial(_any_false, "any"),
        FALSE_SHARE,
        "greater",
    ),
    Case("false-shares", tuple(FALSE_ROWS.values()), _false_shares, SHARDS, _false_rows, tolerance=1e-9),
    _pair(
        "count-law",
        "count with a shared calibration: beta-binomial 95 % point",
        "count with a shared calibration: binomial 95 % point",
        _count_law,
    ),
    _pair(
        "ks", "KS with a shared calibration: its own band", "KS with a shared calibration: naive band", _ks
    ),
]
