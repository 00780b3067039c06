"""The hot path against a loop over the definition."""

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from strangeness.calibration.kernel import conformal_p_values
from strangeness.core.errors import InputError

few_values = st.integers(-3, 3).map(float)


def by_definition(cal: np.ndarray, scores: np.ndarray, uniforms: np.ndarray | None = None) -> np.ndarray:
    if uniforms is None:
        return np.array([((cal >= s).sum() + 1) / (cal.size + 1) for s in scores])
    return np.array(
        [
            ((cal > s).sum() + (1 - u) * ((cal == s).sum() + 1)) / (cal.size + 1)
            for s, u in zip(scores, uniforms, strict=True)
        ]
    )


@given(
    arrays(np.float64, st.integers(2, 30), elements=few_values),
    arrays(np.float64, st.integers(0, 30), elements=few_values),
    st.integers(0, 1000),
)
def test_ties_are_counted_as_defined(cal: np.ndarray, scores: np.ndarray, seed: int) -> None:
    uniforms = np.random.default_rng(seed).random(scores.size)
    np.testing.assert_allclose(conformal_p_values(cal, scores), by_definition(cal, scores), rtol=1e-14)
    np.testing.assert_allclose(
        conformal_p_values(cal, scores, uniforms=uniforms), by_definition(cal, scores, uniforms), rtol=1e-14
    )


def test_many_chunks_equal_one_search() -> None:
    rng = np.random.default_rng(0)
    cal, scores = rng.normal(size=5000), rng.normal(size=200_000)
    plain = (5000 - np.searchsorted(np.sort(cal), scores) + 1) / 5001
    assert np.array_equal(conformal_p_values(cal, scores), plain)
    out = np.empty(200_000)
    assert conformal_p_values(cal, scores, out=out) is out


def test_inputs_are_left_as_they_were() -> None:
    rng = np.random.default_rng(1)
    cal, scores, u = (
        rng.integers(0, 5, 50).astype(float),
        rng.integers(0, 5, 60).astype(float),
        rng.random(60),
    )
    copies = cal.copy(), scores.copy(), u.copy()
    conformal_p_values(cal, scores, uniforms=u)
    for before, after in zip(copies, (cal, scores, u), strict=True):
        assert np.array_equal(before, after)


def test_memory_stays_within_three_outputs() -> None:
    rng = np.random.default_rng(2)
    cal, scores, u = rng.normal(size=400_000), rng.normal(size=400_000), rng.random(400_000)
    tracemalloc.start()
    p = conformal_p_values(cal, scores, uniforms=u)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak <= 3 * p.nbytes + 4_000_000  # the chunks take a fixed few megabytes


@pytest.mark.parametrize(
    ("cal", "scores"),
    [
        ([], [1.0]),
        ([1.0], [1.0]),
        ([1.0, np.nan], [1.0]),
        ([1.0, np.inf], [1.0]),
        ([-np.inf, 1.0], [1.0]),
        ([1.0, 2.0], [np.nan]),
        ([1.0, 2.0], [np.inf]),
        ([1.0, 2.0], [[1.0]]),
    ],
)
def test_unusable_scores_are_refused(cal: list[float], scores: list[float]) -> None:
    with pytest.raises(InputError):
        conformal_p_values(cal, scores)


def test_shapes_must_match() -> None:
    with pytest.raises(InputError, match="uniforms"):
        conformal_p_values([1.0, 2.0], [1.0], uniforms=[0.1, 0.2])
    with pytest.raises(InputError, match="output"):
        conformal_p_values([1.0, 2.0], [1.0], out=np.empty(3))
