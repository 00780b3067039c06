"""Networks and trees order events like the likelihood ratio, and are a coin where nothing differs."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from strangeness.core.batch import DATA, ArraySource, Batch, concatenate, make_batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Detector
from strangeness.core.train import Training
from strangeness.detectors.cwola import CWoLa
from strangeness.detectors.cwola_trees import CWoLaTrees

SHARE, PLACE, WIDTH = 0.2, 1.5, 0.3
METHODS = [CWoLa(training=Training(epochs=40, learning_rate=3e-3)), CWoLaTrees(leaves=6, smallest_leaf=200)]


def _toy(n: int, name: str, share: float, sample: int) -> Batch:
    """One feature: a standard Gaussian, of which a share is a narrow bump at 1.5."""
    rng = np.random.default_rng([7, *name.encode()])
    bump = rng.uniform(size=n) < share
    x = np.where(bump, rng.normal(PLACE, WIDTH, n), rng.normal(size=n))
    return make_batch(x[:, None], name=name, sample=sample)


def _fit(method: Detector, share: float, n: int = 4000) -> Any:
    source = concatenate([_toy(n, "reference", 0.0, 0), _toy(n, "data", share, DATA)])
    return method.fit_scorer(ArraySource(source), key=jax.random.key(1))


def _logarithm_of_the_ratio(x: NDArray[np.float64]) -> NDArray[np.float64]:
    common, bump = stats.norm.pdf(x), stats.norm.pdf(x, PLACE, WIDTH)
    return np.log((1.0 - SHARE) + SHARE * bump / common)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.card.name)
def test_orders_like_the_likelihood_ratio(method: Detector) -> None:
    scorer = _fit(method, SHARE)
    x = np.linspace(0.6, 1.5, 60)  # up the flank of the bump, where the ratio rises from 0.8 to 3.1
    score = scorer(make_batch(x[:, None], name="grid"))
    ratio = _logarithm_of_the_ratio(x)
    assert stats.spearmanr(score, ratio).statistic > 0.9
    # A logit of balanced samples estimates the log ratio itself; 8,000 events give it to about 0.2.
    assert np.abs(np.mean(score - ratio)) < 0.2


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.card.name)
def test_without_a_difference_it_is_a_coin_on_fresh_events(method: Detector) -> None:
    n = 1000
    scorer = _fit(method, 0.0, n=1500)
    first, second = (scorer(_toy(n, name, 0.0, 0)) for name in ("fresh reference", "fresh data"))
    area = stats.mannwhitneyu(first, second).statistic / n**2
    # Four standard deviations of the area under the null, sqrt((2 n + 1) / (12 n^2)).
    assert abs(area - 0.5) < 4.0 * np.sqrt((2 * n + 1) / 12.0) / n


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.card.name)
def test_the_total_weight_of_data_does_not_shift_the_score(method: Detector) -> None:
    grid = make_batch(np.linspace(-1, 1, 9)[:, None], name="grid")
    small = concatenate([_toy(600, "reference", 0.0, 0), _toy(600, "data", 0.0, DATA)])
    heavy = make_batch(small.x, id=small.id, sample=small.sample, weight=np.where(small.sample, 10.0, 1.0))
    first, second = (method.fit_scorer(ArraySource(b), key=jax.random.key(0))(grid) for b in (small, heavy))
    np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.card.name)
@pytest.mark.parametrize(("sample", "missing"), [(0, "data"), (DATA, "reference")])
def test_both_samples_are_demanded(method: Detector, sample: int, missing: str) -> None:
    lone = _toy(50, "lone", 0.0, sample)
    with pytest.raises(InputError, match=f"{method.card.name} was given 0 events of {missing}"):
        method.fit_scorer(ArraySource(lone), key=jax.random.key(0))


def test_trees_score_as_scikit_learn_does_where_no_bin_holds_two_values() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(3)
    x = rng.normal(size=(240, 3)).astype(np.float32)  # fewer than the 255 bins of a feature
    sample = (rng.uniform(size=240) < 0.5).astype(np.uint8)
    weight = np.where(sample, 120 / sample.sum(), 120 / (240 - sample.sum()))
    ours = CWoLaTrees(trees=20, leaves=8, depth=5, smallest_leaf=10, l2=1.0, feature_share=1.0)
    batch = make_batch(x, sample=sample)
    scorer = ours.fit_scorer(ArraySource(batch), key=jax.random.key(2))
    rival = HistGradientBoostingClassifier(
        max_iter=20,
        learning_rate=ours.learning_rate,
        max_leaf_nodes=8,
        max_depth=5,
        min_samples_leaf=10,
        l2_regularization=1.0,
        early_stopping=False,
    ).fit(x, sample, sample_weight=weight)
    # The same boosting on the same bins; sums of 20 leaves in 32 bits.
    np.testing.assert_allclose(scorer(batch), rival.decision_function(x), atol=1e-5)
