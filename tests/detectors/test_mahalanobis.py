"""Against SciPy's distance, the chi distribution, and a covariance that cannot be inverted."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from scipy.spatial.distance import mahalanobis

from strangeness.core.batch import ArraySource, make_batch
from strangeness.detectors.mahalanobis import Mahalanobis

MIXING = np.array([[1.0, 0.8, 0.0], [0.0, 2.0, -30.0], [0.0, 0.0, 10.0]])


def _score(x: NDArray[Any], at: NDArray[Any], weight: NDArray[Any] | None = None) -> NDArray[np.float64]:
    source = ArraySource(make_batch(x, weight=weight))
    return Mahalanobis().fit_scorer(source, key=jax.random.key(0))(make_batch(at, name="at"))


def test_equals_scipy(rng: np.random.Generator, x64: None) -> None:
    x, at = (rng.normal(size=(n, 3)) @ MIXING + 100.0 for n in (400, 20))
    inverse = np.linalg.inv(np.cov(x.T, bias=True))
    expected = [mahalanobis(row, x.mean(axis=0), inverse) for row in at]
    np.testing.assert_allclose(_score(x, at), expected, rtol=1e-9)


def test_is_chi_distributed_on_gaussian_events(rng: np.random.Generator) -> None:
    # Fitted to 20,000 events the score moves by 1 %, less than the 4 % that 2,000 events can see.
    x, at = (rng.normal(size=(n, 3)) @ MIXING for n in (20_000, 2_000))
    assert stats.kstest(_score(x, at), stats.chi(df=3).cdf).pvalue > 1e-3


def test_does_not_depend_on_units(rng: np.random.Generator) -> None:
    x, at = (rng.normal(size=(n, 3)) @ MIXING for n in (300, 30))
    units = np.array([1e-3, 1.0, 1e4])
    np.testing.assert_allclose(_score(x * units + 7.0, at * units + 7.0), _score(x, at), rtol=1e-3)


def test_whole_weights_are_repeated_events(rng: np.random.Generator, x64: None) -> None:
    x, at, times = rng.normal(size=(60, 3)), rng.normal(size=(9, 3)), rng.integers(0, 4, 60)
    repeated = _score(np.repeat(x, times, axis=0), at)
    np.testing.assert_allclose(_score(x, at, times.astype(float)), repeated, rtol=1e-9)


@pytest.mark.parametrize("extra", ["copy", "constant"])
def test_a_singular_covariance_gives_finite_scores(rng: np.random.Generator, extra: str) -> None:
    x = rng.normal(size=(200, 2))
    third = x[:, :1] * 2.0 if extra == "copy" else np.full((200, 1), 4.0)
    full = np.concatenate([x, third], axis=1)
    score = _score(full, full)
    assert np.all(np.isfinite(score))
    # On the plane of the events nothing is added; 1 % is what a floored eigenvalue of 1e-6 leaves in 32 bits.
    np.testing.assert_allclose(score, _score(x, x), rtol=1e-2, atol=1e-2)


def test_off_a_singular_plane_is_stranger(rng: np.random.Generator) -> None:
    x = rng.normal(size=(200, 1)) * np.ones(2)
    on, off = _score(x, np.array([[2.0, 2.0], [2.0, -2.0]]))
    assert off > 100.0 * on
