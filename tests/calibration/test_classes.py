"""Scores of labels by hand, p-values by class by definition, and sets against the quantile rule."""

import numpy as np
import pytest
from scipy import stats

from strangeness.calibration.classes import (
    aps_scores,
    class_p_values,
    lac_scores,
    prediction_sets,
)
from strangeness.core.errors import InputError

P = np.array([[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]])


def test_scores_by_hand() -> None:
    np.testing.assert_allclose(lac_scores(P), 1 - P)
    np.testing.assert_allclose(lac_scores(P, [1, 2]), [0.7, 0.2])
    np.testing.assert_allclose(aps_scores(P), [[0.5, 0.8, 1.0], [0.9, 1.0, 0.8]])
    np.testing.assert_allclose(aps_scores(P, [1, 2], uniforms=[0.5, 0.25]), [0.65, 0.6])


def toys(rng: np.random.Generator, n: int, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of a classifier that is right about the law of the labels, and labels."""
    p = rng.dirichlet(np.ones(classes), n)
    return p, (rng.random(n)[:, None] > np.cumsum(p, axis=1)).sum(axis=1).clip(max=classes - 1)


def test_p_by_class_compares_with_the_class_alone() -> None:
    rng = np.random.default_rng(0)
    (cal, label), (tested, _) = toys(rng, 60, 3), toys(rng, 10, 3)
    own = lac_scores(cal, label)
    found = class_p_values(own, label, lac_scores(tested))
    for k in range(3):
        mine = own[label == k]
        expected = [(np.sum(mine >= s) + 1) / (mine.size + 1) for s in 1 - tested[:, k]]
        np.testing.assert_allclose(found[:, k], expected, rtol=1e-14)


@pytest.mark.parametrize("alpha", [0.1, 0.25, 1 / 3])
def test_sets_of_all_classes_follow_the_quantile_rule(alpha: float) -> None:
    rng = np.random.default_rng(1)
    (cal, label), (tested, _) = toys(rng, 99, 4), toys(rng, 300, 4)
    own = np.sort(lac_scores(cal, label))
    # the published rule: scores up to the ceil((n + 1)(1 - alpha))-th smallest
    quantile = own[int(np.ceil(100 * (1 - alpha) - 1e-9)) - 1]
    p = class_p_values(lac_scores(cal, label), label, lac_scores(tested), by_class=False)
    assert np.array_equal(prediction_sets(p, alpha).member, 1 - tested <= quantile)


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("method", ["lac", "aps"])
def test_randomised_sets_cover_each_class_exactly(classes: int, method: str) -> None:
    rng, alpha, hits, tried = np.random.default_rng(classes), 0.2, np.zeros(classes), np.zeros(classes)

    def score(p: np.ndarray, label: np.ndarray | None = None) -> np.ndarray:
        return lac_scores(p, label) if method == "lac" else aps_scores(p, label, uniforms=rng.random(len(p)))

    for _ in range(600):
        cal, label = toys(rng, 40 * classes, classes)
        tested, truth = toys(rng, 2, classes)
        chance = rng.random((2, classes))
        sets = prediction_sets(
            class_p_values(score(cal, label), label, score(tested), uniforms=chance), alpha
        )
        np.add.at(tried, truth, 1)
        np.add.at(hits, truth, sets.member[np.arange(2), truth])
    for k in range(classes):
        assert stats.binomtest(int(hits[k]), int(tried[k]), 1 - alpha).pvalue > 1e-4


def test_coverage_and_size_by_hand() -> None:
    sets = prediction_sets(np.array([[0.5, 0.05], [0.3, 0.2], [0.01, 0.02]]), 0.1)
    assert sets.member.tolist() == [[True, False], [True, True], [False, False]]
    assert sets.size == 1.0 and sets.coverage([0, 1, 1]) == pytest.approx(2 / 3)
    assert sets.class_coverage([0, 1, 1]) == pytest.approx([1.0, 0.5])
    assert np.isnan(sets.class_coverage([0, 0, 0])[1])
    # p = 3 / 30 is not above 0.1
    assert not prediction_sets([[3 / 30, 0.30000000000000004 / 3]], 0.1).member.any()


def test_bad_input_is_named() -> None:
    for bad in ([0.5, 0.5], [[1.0]], [[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]]):
        with pytest.raises(InputError, match="probabilities"):
            lac_scores(bad)
    for bad in ([0.5], [1, 2, 0], [1, 3], [-1, 0]):
        with pytest.raises(InputError, match="labels"):
            lac_scores(P, bad)
    with pytest.raises(InputError, match="uniforms"):
        aps_scores(P, uniforms=[0.5, 1.0])
    with pytest.raises(InputError, match="events of class 2"):
        class_p_values([0.1] * 4, [0, 0, 1, 1], np.zeros((1, 3)))
    with pytest.raises(InputError, match="uniforms"):
        class_p_values([0.1] * 4, [0, 0, 1, 1], np.zeros((1, 2)), uniforms=[0.1])
    with pytest.raises(InputError, match="scores"):
        class_p_values([0.1] * 4, [0, 0, 1, 1], np.zeros(2))
    for p, alpha in (([[0.5, 0.5]], 0.0), ([0.5], 0.1), ([[2.0]], 0.1)):
        with pytest.raises(InputError):
            prediction_sets(p, alpha)
