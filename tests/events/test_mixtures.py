"""Gaussian mixtures against SciPy's densities and the laws of their samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from strangeness.core.errors import InputError
from strangeness.events.toys import GaussianMixture, blobs, mixture

MEANS = np.array([[0.0, 1.0], [3.0, -2.0], [9.0, 9.0]])
SHARE = np.array([3.0, 1.0, 0.0])
COVARIANCE = np.array([[[1.0, 0.5], [0.5, 2.0]], [[0.2, -0.1], [-0.1, 0.3]], np.eye(2)])


def made() -> GaussianMixture:
    return mixture(SHARE, MEANS, COVARIANCE)


def test_the_log_density_is_that_of_scipy() -> None:
    x = np.random.default_rng(0).normal(0.0, 4.0, (200, 2))
    parts = [
        w * stats.multivariate_normal(m, c).pdf(x)
        for w, m, c in zip([0.75, 0.25], MEANS[:2], COVARIANCE[:2], strict=True)
    ]
    assert made().log_density(x) == pytest.approx(np.log(sum(parts)), rel=1e-10)
    # far away, where the density itself underflows
    assert np.isfinite(made().log_density([[1e4, -1e4]])).all()


def test_samples_follow_their_components() -> None:
    x, component = made().sample(20_000, np.random.default_rng(1))
    assert x.shape == (20_000, 2)
    counts = np.bincount(component, minlength=3)
    assert counts[2] == 0
    assert counts[0] / 20_000 == pytest.approx(0.75, abs=4 * np.sqrt(0.75 * 0.25 / 20_000))
    for k in (0, 1):
        mine = x[component == k]
        error = 4 * np.sqrt(np.diag(COVARIANCE[k]) / len(mine))
        assert np.all(np.abs(mine.mean(axis=0) - MEANS[k]) < error)
        # a covariance of n points is off by sqrt(2 / n) of the variances at most; four standard deviations
        assert np.cov(mine.T) == pytest.approx(COVARIANCE[k], abs=4 * np.sqrt(2 / len(mine)) * 2)


def test_round_components_are_events_with_their_truth() -> None:
    toy = blobs([[0.0, 0.0, 0.0], [4.0, 0.0, 0.0]], spread=0.5, share=[9, 1])
    events = toy.events(500, np.random.default_rng(2), "blobs")
    assert list(events.features) == ["x0", "x1", "x2"]
    assert set(np.unique(events.truth)) == {0, 1}
    assert np.all((events.column("x0") > 2.0) == (np.asarray(events.truth) == 1))  # four spreads from both
    again = toy.events(500, np.random.default_rng(2), "blobs")
    assert np.array_equal(events.column("x1"), again.column("x1"))
    assert len(np.unique(events.id, axis=0)) == 500


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: mixture([0.0, 0.0, 0.0], MEANS, COVARIANCE), "not all 0"),
        (lambda: mixture([-1.0, 1.0, 1.0], MEANS, COVARIANCE), "0 or more"),
        (lambda: mixture([1.0], MEANS, COVARIANCE), "shapes"),
        (lambda: mixture(SHARE, MEANS * np.nan, COVARIANCE), "NaN"),
        (lambda: mixture(SHARE, MEANS, -COVARIANCE), "positive definite"),
        (lambda: mixture(SHARE, MEANS, COVARIANCE + np.array([[0.0, 0.1], [0.0, 0.0]])), "symmetric"),
        (lambda: blobs([[0.0]], spread=0.0), "spread of 0.0"),
        (lambda: blobs([0.0]), "one list"),  # type: ignore[list-item]
        (lambda: made().sample(0, np.random.default_rng(0)), "0 points"),
        (lambda: made().log_density([[1.0]]), "2 dimensions"),
    ],
)
def test_what_is_no_mixture_is_refused(make: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        make()
