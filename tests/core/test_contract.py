"""The scikit-learn contract: sign, offset, parameters, and no default score."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strangeness.core.errors import InputError
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.nearest_neighbours import NearestNeighbours


@pytest.fixture(scope="module")
def x() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(100, 3))


@pytest.fixture(scope="module")
def fitted(x: np.ndarray) -> Mahalanobis:
    return Mahalanobis().fit(x)


def test_lower_is_stranger_and_a_tenth_is_outside(fitted: Mahalanobis, x: np.ndarray) -> None:
    normality = fitted.score_samples(x)
    far = fitted.score_samples(np.full((1, 3), 50.0))
    assert far[0] < normality.min()
    assert np.array_equal(fitted.decision_function(x), normality - fitted.offset_)
    assert np.sum(fitted.predict(x) == -1) == 10
    below, above = np.sort(normality)[9:11]
    assert fitted.offset_ == pytest.approx((below + above) / 2, rel=1e-12)
    assert np.array_equal(Mahalanobis().fit_predict(x), fitted.predict(x))
    assert not hasattr(fitted, "score")


def test_parameters_go_round() -> None:
    detector = NearestNeighbours(k=4)
    assert clone(detector) == detector and clone(detector) is not detector
    assert detector.get_params() == {"k": 4, "max_reference": 20_000}
    assert detector.set_params(k=7) is detector and detector.k == 7
    with pytest.raises(ValueError, match="Invalid parameter 'kk' for estimator"):
        detector.set_params(kk=1)


def test_in_a_pipeline(x: np.ndarray) -> None:
    pipeline = make_pipeline(StandardScaler(), Mahalanobis()).fit(x)
    assert pipeline.score_samples(x).shape == (100,)


def test_before_the_fit(x: np.ndarray) -> None:
    with pytest.raises(NotFittedError):
        Mahalanobis().score_samples(x)


class Spy(Mahalanobis):
    """Takes data and reference, and remembers which was which."""

    seen: Any = None

    def _needs_data(self) -> bool:
        return True

    def fit_scorer(self, source: Any, *, key: Any) -> Any:
        type(self).seen = next(iter(source)).sample
        return super().fit_scorer(source, key=key)


def test_y_marks_data_where_the_method_needs_them(x: np.ndarray) -> None:
    y = np.arange(100) % 2
    Spy().fit(x, y)
    assert np.array_equal(Spy.seen, y)
    for wrong in (np.full(100, 2), np.zeros(99)):
        with pytest.raises(InputError, match="y has shape"):
            Spy().fit(x, wrong)
    assert np.array_equal(Mahalanobis().fit(x, y).score_samples(x), Mahalanobis().fit(x).score_samples(x))
