"""Against scikit-learn's discriminant, the closed form for Gaussian samples, and flat directions."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from strangeness.core.batch import ArraySource, make_batch
from strangeness.detectors.cwola_linear import CWoLaLinear, fisher_direction

MIXING = np.array([[1.0, 0.8, 0.0], [0.0, 2.0, -30.0], [0.0, 0.0, 10.0]])


def _score(
    x: NDArray[Any], label: NDArray[Any], at: NDArray[Any], weight: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    source = ArraySource(make_batch(x, sample=label, weight=weight))
    return CWoLaLinear().fit_scorer(source, key=jax.random.key(0))(make_batch(at, name="at"))


def test_equals_scikit_learn_up_to_scale(rng: np.random.Generator, x64: None) -> None:
    label = np.repeat([0, 1], 300)
    x = rng.normal(size=(600, 3)) @ MIXING + np.outer(label, [0.3, -1.0, 2.0])
    expected = LinearDiscriminantAnalysis(solver="lsqr").fit(x, label).decision_function(x)
    score = _score(x, label, x)
    slope, offset = np.polyfit(score, expected, 1)
    np.testing.assert_allclose(slope * score + offset, expected, rtol=1e-8, atol=1e-8)


def test_finds_the_closed_form_direction(rng: np.random.Generator) -> None:
    label, shift = np.repeat([False, True], 50_000), np.array([0.5, 0.0, -0.2])
    x = rng.normal(size=(label.size, 3)) @ MIXING + np.outer(label, shift)
    closed = np.linalg.solve(MIXING.T @ MIXING, shift)
    found = fisher_direction(x, label, np.ones(label.size))
    cosine = found @ closed / np.linalg.norm(found) / np.linalg.norm(closed)
    # the direction is off by about sqrt(2 d / n) / |shift in sigmas| = 0.02, the cosine by its square
    assert cosine > 0.998


def test_whole_weights_are_repeated_events(rng: np.random.Generator, x64: None) -> None:
    x, label, times = rng.normal(size=(80, 3)), np.tile([0, 1], 40), rng.integers(1, 4, 80)
    repeated = _score(np.repeat(x, times, axis=0), np.repeat(label, times), x[:9])
    weighted = _score(x, label, x[:9], times.astype(float))
    np.testing.assert_allclose(np.diff(weighted) / np.diff(repeated), 1.0, rtol=1e-8)


@pytest.mark.parametrize("extra", ["copy", "constant"])
def test_a_singular_covariance_gives_finite_scores(rng: np.random.Generator, extra: str) -> None:
    x, label = rng.normal(size=(200, 2)), np.tile([0, 1], 100)
    third = x[:, :1] * 2.0 if extra == "copy" else np.full((200, 1), 4.0)
    assert np.all(np.isfinite(_score(np.concatenate([x, third], axis=1), label, np.zeros((3, 3)))))
