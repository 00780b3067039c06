"""Cross-conformal p-values: their definition, one fold, and their bound on exchangeable toys."""

import numpy as np
import pytest

from strangeness.calibration.cross import cross_conformal_bound, cross_conformal_p_values
from strangeness.calibration.kernel import conformal_p_values
from strangeness.core.errors import InputError


def test_one_fold_is_split_conformal() -> None:
    rng = np.random.default_rng(0)
    cal, tested = np.round(rng.normal(size=40), 1), np.round(rng.normal(size=20), 1)
    p = cross_conformal_p_values([cal], tested[None])
    np.testing.assert_allclose(p, conformal_p_values(cal, tested), rtol=1e-15)


def test_folds_are_counted_as_defined() -> None:
    # 2 >= 2 and 3 >= 2 in the first fold, 9 >= 5 in the second
    assert cross_conformal_p_values([[1.0, 2.0, 3.0], [4.0, 9.0]], [[2.0], [5.0]]) == pytest.approx([4 / 6])


@pytest.mark.parametrize(("n", "folds"), [(20, 2), (20, 20), (21, 5)])
def test_error_rate_stays_below_the_bound(n: int, folds: int) -> None:
    rng, repeats, alpha = np.random.default_rng(n + folds), 1000, 0.2
    where, small = np.arange(n) % folds, 0
    for _ in range(repeats):
        x = rng.normal(size=(n + 1, 3))
        # an unstable score: the distance to the nearest event of the other folds
        cal, tested = [], []
        for k in range(folds):
            near = x[:n][where != k]
            score = np.sqrt(((x[:, None] - near) ** 2).sum(axis=2)).min(axis=1)
            cal.append(score[:n][where == k])
            tested.append(score[n:])
        small += cross_conformal_p_values(cal, np.array(tested))[0] <= alpha
    bound = cross_conformal_bound(alpha, n, folds)
    assert small / repeats <= bound + 4 * np.sqrt(bound * (1 - bound) / repeats)
    # and it is no empty statement: the rate is near alpha
    assert small / repeats > alpha / 2


def test_bound_by_hand() -> None:
    assert cross_conformal_bound(0.1, 100, 1) == 0.1
    assert cross_conformal_bound(0.1, 100, 5) == pytest.approx(0.2 + min(1.8 * 4 / 105, 0.95 / 6))
    # leave one out: jackknife+, 2 alpha exactly
    assert cross_conformal_bound(0.1, 100, 100) == pytest.approx(0.2)
    assert cross_conformal_bound(0.1, 101, 5) == pytest.approx(0.2 + 1.8 * 4 / 106)
    # many folds of one size: there the other bound is the smaller
    assert cross_conformal_bound(0.1, 100, 50) == pytest.approx(0.2 + 0.5 / 51)
    assert cross_conformal_bound(0.9, 10, 2) == 1.0


def test_bad_input_is_named() -> None:
    for folds, scores, words in (
        ([], np.zeros((0, 2)), "0 folds"),
        ([[1.0]], [1.0], "1 folds"),
        ([[1.0], []], [[1.0], [1.0]], "fold 1"),
        ([[np.nan]], [[1.0]], "nan"),
    ):
        with pytest.raises(InputError, match=words):
            cross_conformal_p_values(folds, scores)
    for alpha, n, k in ((0.0, 10, 2), (0.1, 3, 4), (0.1, 3, 0)):
        with pytest.raises(InputError):
            cross_conformal_bound(alpha, n, k)
