"""Uniformity with a fresh calibration in every repetition, independence of order, weights and bad input."""

from types import SimpleNamespace

import jax
import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.conformal import ConformalNull, SplitConformal, key_name
from strangeness.calibration.local_law import tail_influence
from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.identity import identities


def batch_of(n: int, name: str = "b", weight: np.ndarray | None = None) -> Batch:
    return make_batch(np.zeros((n, 1)), name=name, weight=weight)


def test_randomised_p_is_uniform_and_raw_p_super_uniform() -> None:
    rng, n_cal, repeats = np.random.default_rng(0), 15, 4000
    p, raw = np.empty(repeats), np.empty(repeats)
    cal, ids = batch_of(n_cal), identities("events", repeats)
    for i in range(repeats):
        # rounded scores: many ties; a new calibration in each repetition
        scores = np.round(rng.normal(size=n_cal + 1), 1)
        null = SplitConformal().fit_null(scores[1:], cal)
        p[i] = null(scores[:1], SimpleNamespace(id=ids[i : i + 1]), key=7)[0]
        raw[i] = null.raw(scores[:1])[0]
    assert stats.kstest(p, "uniform").pvalue > 1e-3
    for alpha in (0.05, 0.1, 0.3, 0.7):
        # 4 standard deviations above alpha at most
        assert (raw <= alpha).mean() <= alpha + 4 * np.sqrt(alpha * (1 - alpha) / repeats)
    assert np.all(p <= raw + 1e-15)


def test_p_depends_on_event_and_key_alone() -> None:
    rng = np.random.default_rng(1)
    null = SplitConformal().fit_null(rng.normal(size=500), batch_of(500))
    batch, score = batch_of(300, "data"), rng.normal(size=300)
    order = rng.permutation(300)
    p = null(score, batch, key=3)
    assert np.array_equal(null(score[order], batch.take(order), key=3), p[order])
    chunks = [
        null(score[i : i + 7], batch.take(np.arange(i, min(i + 7, 300))), key=3) for i in range(0, 300, 7)
    ]
    assert np.array_equal(np.concatenate(chunks), p)
    assert not np.array_equal(null(score, batch, key=4), p)


def test_keys_of_every_kind() -> None:
    assert key_name(5) == "5" == key_name(np.int64(5))
    assert (
        key_name(jax.random.key(5))
        == key_name(jax.random.PRNGKey(5))
        == key_name(np.array([0, 5], np.uint32))
    )
    assert key_name(jax.random.key(5)) != key_name(jax.random.key(6))
    for wrong in (None, 1.5, "key", np.array([0.1]), True):
        with pytest.raises(InputError):
            key_name(wrong)


def test_deterministic_calibrator_needs_no_key() -> None:
    null = SplitConformal(randomised=False).fit_null(np.array([1.0, 2.0, 3.0]), batch_of(3))
    assert null(np.array([0.0, 2.0, 4.0]), batch_of(3)).tolist() == [1.0, 0.75, 0.25]
    assert null.smallest_p == 0.25


def test_weights_by_definition() -> None:
    weight = np.array([1.0, 2.0, 1.0, 4.0])
    null = SplitConformal(randomised=False).fit_null(
        np.array([3.0, 1.0, 2.0, 4.0]), batch_of(4, weight=weight)
    )
    n_eff = 64 / 22
    assert null.n_eff == pytest.approx(n_eff)
    # above 2.5: weight 5 of 8
    assert null.raw(np.array([2.5]))[0] == pytest.approx((n_eff * 5 / 8 + 1) / (n_eff + 1))
    assert null.raw(np.array([9.0, -9.0])) == pytest.approx([1 / (n_eff + 1), 1.0])
    raw = null.raw(np.linspace(0, 5, 50))
    assert np.all(np.diff(raw) <= 0)


def test_weighted_p_stays_clipped_with_random_ties() -> None:
    rng = np.random.default_rng(2)
    null = SplitConformal().fit_null(rng.normal(size=50), batch_of(50, weight=rng.random(50) + 0.01))
    p = null(rng.normal(size=2000) + 2, batch_of(2000), key=1)
    assert p.min() >= 1 / (null.n_eff + 1) and p.max() <= 1


def test_weights_correct_a_known_shift() -> None:
    rng, p, plain = np.random.default_rng(3), [], []
    for i in range(300):
        cal = rng.normal(size=400)
        weight = np.exp(0.7 * cal)  # calibration N(0, 1), tested events N(0.7, 1)
        score = rng.normal(0.7, 1, 20)
        null = SplitConformal().fit_null(cal, batch_of(400, weight=weight))
        p.append(null(score, batch_of(20, f"{i}"), key=0))
        plain.append(SplitConformal(False).fit_null(cal, batch_of(400)).raw(score))
    # 6000 p-values in 300 repetitions: 0.05 +- 0.006 (2 sd, with the calibration's spread)
    assert (np.concatenate(p) <= 0.05).mean() == pytest.approx(0.05, abs=0.015)
    assert (np.concatenate(plain) <= 0.05).mean() > 0.12


def test_equal_weights_change_nothing() -> None:
    score = np.random.default_rng(4).normal(size=30)
    one = SplitConformal().fit_null(score, batch_of(30))
    half = SplitConformal().fit_null(score, batch_of(30, weight=np.full(30, 0.5)))
    tested = np.random.default_rng(5).normal(size=10)
    assert np.array_equal(one(tested, batch_of(10), key=1), half(tested, batch_of(10), key=1))


@pytest.mark.parametrize(
    ("score", "weight", "words"),
    [
        (np.zeros(0), np.ones(0), "0 events"),
        (np.zeros(1), np.ones(1), "1 event"),
        (np.array([0.0, np.nan]), np.ones(2), "NaN"),
        (np.zeros(2), np.array([1.0, -1.0]), "negative"),
        (np.zeros(2), np.zeros(2), "add up to nothing"),
        (np.zeros(2), np.ones(3), "weights of shape"),
    ],
)
def test_bad_calibrations_are_named(score: np.ndarray, weight: np.ndarray, words: str) -> None:
    batch = SimpleNamespace(weight=weight, id=None, context=None)
    with pytest.raises(InputError, match=words):
        SplitConformal().fit_null(score, batch)


def test_selection_law_is_one_bin_for_all_contexts() -> None:
    null = SplitConformal(randomised=False).fit_null(np.arange(199.0), batch_of(199))
    law = null.selection_law(0.05)
    assert (law.a[0], law.b[0]) == (10.0, 190.0)
    assert law.bin_of(np.array([-1e9, 1e9])).tolist() == [0, 0]
    with pytest.raises(InputError, match="999"):
        null.selection_law(0.001)


def null_of(**changed: object) -> ConformalNull:
    values = {
        "ordered": np.array([1.0, 2, 2]),
        "below": np.array([0.0, 0.2, 0.5, 1.0]),
        "n_eff": 2.5,
        **changed,
    }
    return ConformalNull(**values)  # type: ignore[arg-type]


def test_a_null_of_rising_scores_and_shares_is_accepted() -> None:
    assert null_of().n_eff == 2.5 and null_of(n_eff=1.0).smallest_p == 0.5
    assert null_of(below=np.empty(0)).guarantee == "exact" and null_of().guarantee == "asymptotic"
    assert null_of(below=np.empty(0), randomised=False).guarantee == "super-uniform"
    assert null_of(ordered=np.array([1.0, 1.0]), below=np.empty(0)).ordered.size == 2
    # equal shares, and ends that are not 0 and 1, as of signed weights
    assert null_of(below=np.array([0.1, 0.1, 0.5, 0.9])).below[0] == 0.1


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"ordered": np.array([2.0, 1.0, 3.0])}, "scores are not finite and rising"),
        ({"ordered": np.array([1.0, 2.0, np.nan])}, "scores are not finite and rising"),
        ({"ordered": np.array([1.0, 2.0, np.inf])}, "scores are not finite and rising"),
        ({"ordered": np.ones((3, 1))}, "scores are not finite and rising"),
        ({"below": np.array([0.0, 0.5, 0.4, 1.0])}, "weights below are not finite and rising"),
        ({"below": np.array([0.0, 0.5, np.nan, 1.0])}, "weights below are not finite and rising"),
        ({"below": np.zeros((4, 1))}, "weights below are not finite and rising"),
        ({"ordered": np.array([1.0]), "below": np.empty(0)}, "1 scores that count as 2.5"),
        ({"n_eff": 0.999}, "3 scores that count as 0.999"),
        ({"n_eff": np.inf}, "3 scores that count as inf"),
        ({"n_eff": np.nan}, "3 scores that count as nan"),
        ({"n_eff": -1.0}, "3 scores that count as -1"),
        ({"below": np.array([0.0, 0.5, 1.0])}, "do not belong"),
        ({"below": np.array([0.0, 0.2, 0.3, 0.5, 1.0])}, "do not belong"),
        ({"below": np.array([-0.1, 0.2, 0.5, 1.0])}, "do not belong"),
        ({"below": np.array([0.0, 0.2, 0.5, 1.1])}, "do not belong"),
    ],
)
def test_nulls_that_no_fit_gives_are_refused(changed: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        null_of(**changed)


def test_the_law_of_a_weighted_null_has_the_variance_of_its_influences() -> None:
    null = null_of(ordered=np.arange(50.0), below=np.r_[0, np.cumsum(np.arange(1.0, 51))] / 1275, n_eff=38.0)
    law = null.selection_law(0.2)
    psi = tail_influence(np.arange(1.0, 51), 0.2)
    n = 0.16 / np.sum(psi**2)
    assert law.a == pytest.approx([0.2 * (n + 1)]) and law.b == pytest.approx([0.8 * (n + 1)])
    assert law.edges.tolist() == [-np.inf, np.inf] and null.smallest_p == pytest.approx(1 / 39)


def test_signed_weights_of_less_than_one_event_are_refused() -> None:
    score = np.arange(3.0)

    def null(weight: list[float]) -> ConformalNull:
        return SplitConformal(signed=True).fit_null(score, SimpleNamespace(weight=np.array(weight)))  # type: ignore[arg-type]

    # (sum)^2 / sum of squares: 1 / 1 and 0.81 / 1.01
    found = null([1.0, 1.0, -0.5])
    assert found.guarantee == "unguaranteed" and found.n_eff == pytest.approx(2.25 / 2.25)
    assert found.below.tolist() == pytest.approx([0.0, 2 / 3, 1.0, 1.0])
    with pytest.raises(InputError, match=r"count as 0\.8 events"):
        null([1.0, -0.1, 0.0])
    assert null([0.5, 1.0, 0.0]).guarantee == "asymptotic"
