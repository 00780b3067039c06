"""Weighted p-values against their definition, under a shift that is known, and their law."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from strangeness.calibration.covariate import CovariateShift, CovariateShiftNull, context_ratio
from strangeness.core import artefact
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError

EDGES, RATIO = (0.0, 1.0, 2.0, 3.0), (0.5, 2.0, 0.0)
few = st.integers(-2, 2).map(float)
Cal = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def batch_of(context: np.ndarray, weight: np.ndarray | None = None, name: str = "b") -> Batch:
    return make_batch(np.zeros((context.size, 1)), context=context, weight=weight, name=name)


def by_definition(score, weight, tested, own, chance) -> float:
    """arXiv:1904.06019, eq. 7, term by term."""
    greater = sum(w for s, w in zip(score, weight, strict=True) if s > tested)
    equal = sum(w for s, w in zip(score, weight, strict=True) if s == tested)
    return (greater + chance * (equal + own)) / (sum(weight) + own)


@given(arrays(np.float64, 12, elements=few), arrays(np.float64, 9, elements=few), st.integers(0, 99))
def test_p_is_the_published_one_with_ties(score: np.ndarray, tested: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    context, where = rng.uniform(0, 2, 12), rng.uniform(0, 2, 9)
    ratio = np.array(RATIO)
    null = CovariateShift(EDGES, RATIO).fit_null(score, batch_of(context))
    uniforms = rng.random(9)
    for u, found in ((None, null.raw(tested, where)), (uniforms, null._p(tested, where, uniforms))):
        chance = np.ones(9) if u is None else 1 - u
        expected = [
            by_definition(score, ratio[context.astype(int)], tested[i], ratio[int(where[i])], chance[i])
            for i in range(9)
        ]
        np.testing.assert_allclose(found, expected, rtol=1e-13)


def test_factor_of_the_ratio_and_of_equal_weights_cancels() -> None:
    rng = np.random.default_rng(0)
    score, context = rng.normal(size=50), rng.uniform(0, 2, 50)
    one = CovariateShift(EDGES, RATIO).fit_null(score, batch_of(context))
    big = CovariateShift(EDGES, (5.0, 20.0, 0.0)).fit_null(score, batch_of(context, np.full(50, 3.0)))
    data = batch_of(rng.uniform(0, 2, 40), name="d")
    tested = rng.normal(size=40)
    np.testing.assert_allclose(one(tested, data, key=1), big(tested, data, key=1), rtol=1e-12)
    assert one.n_eff == pytest.approx(big.n_eff)
    np.testing.assert_allclose(one.smallest_p, big.smallest_p)


def test_equal_ratio_is_split_conformal() -> None:
    from strangeness.calibration.conformal import SplitConformal

    rng = np.random.default_rng(1)
    score, data = np.round(rng.normal(size=60), 1), batch_of(rng.uniform(0, 3, 30), name="d")
    cal, tested = batch_of(rng.uniform(0, 3, 60)), np.round(rng.normal(size=30), 1)
    flat = CovariateShift(EDGES, (1.0, 1.0, 1.0)).fit_null(score, cal)
    np.testing.assert_allclose(
        flat(tested, data, key=2), SplitConformal().fit_null(score, cal)(tested, data, key=2), rtol=1e-13
    )


def shifted(rng: np.random.Generator, n: int, upper: float) -> tuple[np.ndarray, np.ndarray]:
    """Scores and contexts; a share ``upper`` is in the second bin, where scores are larger by 1.5."""
    high = rng.random(n) < upper
    return rng.normal(1.5 * high), 0.5 + high


def test_known_shift_is_uniform_and_plain_calibration_is_not() -> None:
    rng, repeats = np.random.default_rng(2), 1500
    p, plain = np.empty(repeats), np.empty(repeats)
    for i in range(repeats):
        score, context = shifted(rng, 60, 0.1)
        null = CovariateShift((0.0, 1.0, 2.0), (0.5 / 0.9, 5.0)).fit_null(score, batch_of(context))
        tested, where = shifted(rng, 1, 0.5)
        p[i] = null(tested, batch_of(where, name=f"{i}"), key=0)[0]
        plain[i] = (np.sum(score >= tested) + 1) / 61
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    assert np.mean(plain <= 0.05) > 0.12  # 0.16 by the normal law, 4 sd below


def test_law_has_the_spread_of_fresh_calibrations() -> None:
    rng, found, laws = np.random.default_rng(3), [], []
    calibrator = CovariateShift((0.0, 1.0, 2.0), (0.5 / 0.9, 5.0), randomised=False)
    for _ in range(400):
        score, context = shifted(rng, 2000, 0.1)
        null = calibrator.fit_null(score, batch_of(context))
        weight = -np.diff(null.above)[::-1]
        cut = null.ordered[::-1][np.searchsorted(np.cumsum(weight), 0.1 * weight.sum())]
        found.append(0.5 * stats.norm.sf(cut) + 0.5 * stats.norm.sf(cut - 1.5))
        law = null.selection_law(0.1)
        laws.append([law.mean[0], np.sqrt(law.mean[0] * 0.9 / (law.a[0] + law.b[0] + 1))])
    mean, spread = np.mean(laws, axis=0)
    assert np.mean(found) == pytest.approx(mean, abs=4 * spread / 20)
    # a standard deviation of 400 draws is known to 3.5 %, and the law is asymptotic
    assert np.std(found) == pytest.approx(spread, rel=0.15)


def test_equal_weights_have_nearly_the_law_of_an_order_statistic() -> None:
    score, context = np.arange(999.0), np.full(999, 0.5)
    law = CovariateShift((0.0, 1.0), (1.0,)).fit_null(score, batch_of(context)).selection_law(0.1)
    assert law.a[0] == pytest.approx(100, rel=0.01) and law.b[0] == pytest.approx(900, rel=0.01)
    with pytest.raises(InputError, match="99 effective"):
        CovariateShift((0.0, 1.0), (1.0,)).fit_null(score[:50], batch_of(context[:50])).selection_law(0.01)
    with pytest.raises(InputError, match="alpha = 2"):
        CovariateShift((0.0, 1.0), (1.0,)).fit_null(score, batch_of(context)).selection_law(2.0)


def test_overlap_names_what_is_not_covered() -> None:
    context = np.repeat([0.5, 1.5], [6, 2])
    null = CovariateShift((0.0, 1.0, 2.0, 3.0, 4.0), (1.0, 3.0, 1.0, 0.0)).fit_null(
        np.arange(8.0), batch_of(context)
    )
    report = null.overlap(np.array([0.1, 1.1, 2.5, 3.5]))
    assert report.unsupported == 0.5 and report.largest == pytest.approx(3 / 12)
    assert report.effective == pytest.approx(144 / 24 / 8) and null.n_eff == pytest.approx(6)
    assert null.smallest_p == pytest.approx([1 / 13, 3 / 15, 1 / 13, 1.0])
    assert null.raw(np.array([99.0]), np.array([3.5])) == [1.0]


def test_ratio_of_two_samples() -> None:
    ratio = context_ratio([0.1, 0.2, 0.3, 1.5], [0.5, 1.1, 1.2, 1.9], [0.0, 1.0, 2.0, 3.0])
    assert ratio == pytest.approx((0.25 / 0.75, 0.75 / 0.25, 0.0))
    made = CovariateShift.estimated([0.1, 1.5], [0.5], (0.0, 1.0, 2.0))
    null = made.fit_null(np.arange(2.0), batch_of(np.array([0.1, 1.5])))
    assert null.guarantee == "asymptotic" and "reweighted" in null.guarantee_text
    with pytest.raises(InputError, match="1 target and 0 calibration events in the bin 1 to 2"):
        context_ratio([0.1], [1.1], (0.0, 1.0, 2.0))
    with pytest.raises(InputError, match=r"context of 2\.5 outside"):
        context_ratio([0.1], [2.5], (0.0, 1.0, 2.0))
    with pytest.raises(InputError, match="no events"):
        context_ratio([], [0.5], (0.0, 1.0, 2.0))


def test_guarantees() -> None:
    cal, score = batch_of(np.full(4, 0.5)), np.arange(4.0)
    assert CovariateShift(EDGES, RATIO).fit_null(score, cal).guarantee == "exact"
    assert CovariateShift(EDGES, RATIO, randomised=False).fit_null(score, cal).guarantee == "super-uniform"
    uneven = batch_of(np.full(4, 0.5), np.arange(1.0, 5.0))
    assert CovariateShift(EDGES, RATIO).fit_null(score, uneven).guarantee == "asymptotic"


@pytest.mark.parametrize(
    ("edges", "ratio", "context", "words"),
    [
        (EDGES, (1.0, 2.0), 0.5, "2 ratios for 3 bins"),
        (EDGES, (1.0, -2.0, 1.0), 0.5, "ratios"),
        (EDGES, (0.0, 0.0, 0.0), 0.5, "ratios"),
        (EDGES, (1.0, np.nan, 0.0), 0.5, "ratios"),
        ((1.0, 0.0), (1.0,), 0.5, "covariate-shift edges"),
        (EDGES, RATIO, 7.25, "context of 7.25 outside"),
        (EDGES, RATIO, 2.5, "no calibration event in a bin with a positive ratio"),
    ],
)
def test_bad_options_are_named(edges, ratio, context: float, words: str) -> None:
    with pytest.raises(InputError, match=words):
        CovariateShift(edges, ratio).fit_null(np.arange(3.0), batch_of(np.full(3, context)))


def test_tested_event_outside_is_named() -> None:
    null = CovariateShift(EDGES, RATIO).fit_null(np.arange(3.0), batch_of(np.full(3, 0.5)))
    with pytest.raises(InputError, match="context of -1 outside"):
        null(np.zeros(1), batch_of(np.array([-1.0])), key=0)


def test_a_null_survives_its_artefact_and_refuses_forged_ones(tmp_path) -> None:
    null = CovariateShift(EDGES, RATIO).fit_null(np.arange(5.0), batch_of(np.full(5, 0.5)))
    artefact.save(tmp_path / "a", null)
    back, _ = artefact.load(tmp_path / "a", {"CovariateShiftNull": CovariateShiftNull})
    data = batch_of(np.array([0.5, 1.5]), name="d")
    assert np.array_equal(back(np.array([1.0, 2.0]), data, key=1), null(np.array([1.0, 2.0]), data, key=1))
    good = {name: getattr(null, name) for name in ("ordered", "above", "edges", "ratio", "counts")}
    for name, wrong in {
        "ordered": null.ordered[::-1],
        "above": null.above[::-1],
        "counts": null.counts[:1],
        "ratio": -null.ratio,
        "edges": null.edges[:2],
    }.items():
        with pytest.raises(InputError):
            CovariateShiftNull(**{**good, name: wrong})
    with pytest.raises(InputError, match="few or not finite"):
        CovariateShiftNull(**{**good, "ordered": null.ordered * np.nan})
