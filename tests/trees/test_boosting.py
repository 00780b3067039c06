"""Boosted trees as arrays: scikit-learn's own decision, its codes, ties on edges, and weights."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.trees import boosting
from strangeness.trees.boosting import _codes, _quantile_edges, _thresholds


def _source(n: int = 1200, seed: int = 1, decimals: int | None = None) -> Batch:
    """Three features; data sit half a standard deviation to the right in the first."""
    rng = np.random.default_rng(seed)
    x, sample = rng.normal(size=(n, 3)), (np.arange(n) % 2).astype(np.uint8)
    x[:, 0] += 0.5 * sample
    return make_batch(x if decimals is None else np.round(x, decimals), sample=sample)


def _fit(batch: Batch, **options: Any) -> Any:
    method = CWoLaTrees(**{"trees": 20, "leaves": 8, "depth": 5, "smallest_leaf": 20, **options})
    return method.fit_scorer(ArraySource(batch), key=jax.random.key(3))


@pytest.mark.parametrize("decimals", [None, 1])  # without and with values that sit on edges
def test_it_scores_as_scikit_learn_does_on_the_codes(
    monkeypatch: pytest.MonkeyPatch, decimals: int | None
) -> None:
    kept: dict[str, Any] = {}
    original = boosting._as_arrays

    def keep(model: Any, edges: Any) -> Any:
        kept.update(model=model, edges=edges)
        return original(model, edges)

    monkeypatch.setattr(boosting, "_as_arrays", keep)
    scorer = _fit(_source(decimals=decimals))
    fresh = _source(3000, seed=2, decimals=decimals)
    codes = _codes(fresh.x.astype(np.float32), kept["edges"])
    # sums of 20 leaves in 32 bits
    np.testing.assert_allclose(scorer(fresh), kept["model"].decision_function(codes), atol=1e-5)
    # a value on an edge belongs to the bin below it
    edge = make_batch(np.stack([cuts[[5, 10, 20]] for cuts in kept["edges"]], axis=1))
    on_edge = kept["model"].decision_function(np.full((3, 3), [[5.0], [10.0], [20.0]]))
    np.testing.assert_allclose(scorer(edge), on_edge, atol=1e-5)


@given(st.lists(st.integers(-5, 5), min_size=2, max_size=60), st.integers(0, 10))
def test_codes_and_thresholds_cut_alike(values: list[int], pick: int) -> None:
    x = np.asarray(values, np.float32)
    (cuts,) = _quantile_edges(x[:, None])
    assert np.all(np.diff(cuts) > 0) and np.all(np.isin(cuts, x))
    j = pick % len(cuts)
    feature = np.zeros((1, 1), np.int32)
    threshold = _thresholds(feature, np.array([[j + 0.5]]), [cuts])[0, 0]
    np.testing.assert_array_equal(_codes(x[:, None], [cuts])[:, 0] <= j + 0.5, x <= threshold)


@given(st.integers(2, 3000), st.integers(0, 2**32 - 1))
def test_edges_are_the_lower_quantiles_of_numpy(n: int, seed: int) -> None:
    x = np.random.default_rng(seed).normal(size=(n, 2)).astype(np.float32)
    expected = np.quantile(x, np.linspace(0, 1, 256)[1:-1], axis=0, method="lower")
    for cuts, column in zip(_quantile_edges(x), expected.T, strict=True):
        np.testing.assert_array_equal(cuts, np.unique(column))


def test_edges_are_few_and_of_equal_content() -> None:
    x = np.random.default_rng(4).exponential(size=25_500).astype(np.float32)
    (edges,) = _quantile_edges(x[:, None])
    assert len(edges) == 254
    # 255 bins of 100 events, up to one at each edge
    assert np.all(np.abs(np.bincount(_codes(x[:, None], [edges])[:, 0].astype(int)) - 100) <= 1)


def test_it_orders_like_the_likelihood_ratio() -> None:
    """Data N(1, 1) against N(0, 1): the log ratio is x - 1/2."""
    rng = np.random.default_rng(5)
    sample = (np.arange(8000) % 2).astype(np.uint8)
    batch = make_batch((rng.normal(size=8000) + sample)[:, None], sample=sample)
    scorer = _fit(batch, trees=60, learning_rate=0.1, smallest_leaf=200)
    x = np.linspace(-1.5, 2.5, 200)
    score = scorer(make_batch(x[:, None]))
    assert np.asarray(stats.spearmanr(score, x - 0.5))[0] > 0.97
    # 8,000 events over about 20 effective leaves give the logit to 2 / sqrt(400) = 0.1 each
    assert np.sqrt(np.mean((score - (x - 0.5)) ** 2)) < 0.25


def test_events_of_weight_zero_are_not_there() -> None:
    batch = _source()
    rng = np.random.default_rng(6)
    weight = np.where(rng.uniform(size=len(batch)) < 0.3, 0.0, rng.uniform(0.5, 2.0, len(batch)))
    x = np.where(weight[:, None] > 0, batch.x, 50.0)  # anything
    whole = make_batch(x, sample=batch.sample, weight=weight)
    with_them, without = _fit(whole), _fit(whole.take(weight > 0))
    grid = _source(500, seed=7)
    np.testing.assert_array_equal(with_them(grid), without(grid))


def test_all_fits_have_the_same_shapes() -> None:
    one, two = _fit(_source()), _fit(_source(300, seed=8))
    for name in ("feature", "threshold", "left", "right", "value"):
        assert np.shape(getattr(one, name)) == np.shape(getattr(two, name)) == (20, 15)
    assert one.row_shape == (3,)


def test_the_key_alone_picks_the_features_of_the_splits() -> None:
    batch, method = _source(), CWoLaTrees(trees=10, feature_share=0.4)
    keys = (1, 1, 2)
    same, again, other = (
        method.fit_scorer(ArraySource(batch), key=jax.random.key(key))(batch) for key in keys
    )
    np.testing.assert_array_equal(same, again)
    assert np.any(same != other)


def test_trees_that_are_read_wrongly_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(boosting, "_thresholds", lambda feature, code, edges: np.zeros_like(code))
    with pytest.raises(InputError, match="the trees of this scikit-learn version cannot be read"):
        _fit(_source())
