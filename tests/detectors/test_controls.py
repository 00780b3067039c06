"""Against NumPy."""

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.controls import OneFeature, SumOfFeatures


def test_the_sum_equals_numpy(rng: np.random.Generator, x64: None) -> None:
    x, weight = rng.normal(size=(80, 3)) * [1.0, 5.0, 0.1] + 3.0, rng.uniform(size=80)
    mean = np.average(x, axis=0, weights=weight)
    scale = np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight))
    batch = make_batch(x, weight=weight)
    scorer = SumOfFeatures().fit_scorer(ArraySource(batch), key=jax.random.key(0))
    np.testing.assert_allclose(scorer(batch), ((x - mean) / scale).sum(axis=1), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("index", [0, 2])
def test_one_feature_keeps_its_order(rng: np.random.Generator, index: int) -> None:
    batch = make_batch(rng.normal(size=(80, 3)))
    scorer = OneFeature(index).fit_scorer(ArraySource(batch), key=jax.random.key(0))
    assert np.array_equal(np.argsort(scorer(batch)), np.argsort(batch.x[:, index]))


@pytest.mark.parametrize("index", [-1, 3])
def test_a_feature_that_is_not_there_is_refused(index: int) -> None:
    with pytest.raises(InputError, match=f"'index' of one-feature is {index} for 3 features"):
        OneFeature(index).fit_scorer(ArraySource(make_batch(np.eye(3))), key=jax.random.key(0))
