"""The isolation forest against scikit-learn's own scores and cases that are known by hand."""

from __future__ import annotations

from typing import Any

import jax
import numpy as np
import pytest
from sklearn.ensemble import IsolationForest as Reference

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors import isolation_forest
from strangeness.detectors.isolation_forest import IsolationForest, average_path

ROWS = np.random.default_rng(8).normal(size=(700, 4)) * [1.0, 100.0, 0.01, 3.0]
SEED = int(jax.random.bits(jax.random.key(3))) % 2**31


def _scorer(**changes: int) -> Any:
    return IsolationForest(**changes).fit_scorer(ArraySource(make_batch(ROWS)), key=jax.random.key(3))


@pytest.mark.parametrize("max_samples", [2, 64, 256, 5000])
def test_scores_are_those_of_scikit_learn(max_samples: int) -> None:
    theirs = Reference(n_estimators=50, max_samples=min(max_samples, 700), random_state=SEED)
    theirs.fit(ROWS.astype(np.float32))
    far = np.concatenate([ROWS, 4 * ROWS]).astype(np.float32)
    ours = _scorer(trees=50, max_samples=max_samples)(make_batch(far))
    # a mean path of about 10 in single precision moves a number below 1 by less than 1e-6
    np.testing.assert_allclose(ours, -theirs.score_samples(far), atol=1e-6)


def test_a_value_on_a_cut_goes_where_scikit_learn_sends_it() -> None:
    rows = np.random.default_rng(1).integers(0, 4, (300, 2)).astype(np.float32)
    scorer = IsolationForest(trees=30).fit_scorer(ArraySource(make_batch(rows)), key=jax.random.key(3))
    theirs = Reference(n_estimators=30, max_samples=256, random_state=SEED).fit(rows)
    cuts = np.stack([np.asarray(scorer.threshold).ravel()[:200]] * 2, axis=1)
    np.testing.assert_allclose(scorer(make_batch(cuts)), -theirs.score_samples(cuts), atol=1e-6)


def test_scores_are_the_same_with_64_bits(x64: None) -> None:
    narrow = ROWS.astype(np.float32)
    seed = int(jax.random.bits(jax.random.key(3))) % 2**31  # 64 bits draw another
    theirs = Reference(max_samples=256, random_state=seed).fit(narrow)
    np.testing.assert_allclose(_scorer()(make_batch(narrow)), -theirs.score_samples(narrow), atol=1e-10)


def test_path_lengths_by_hand() -> None:
    """c(n) = 2 H(n - 1) - 2 (n - 1) / n with H(i) = ln i + 0.5772; c(1) = 0, c(2) = 1 by convention."""
    np.testing.assert_allclose(average_path(np.array([1, 2])), [0.0, 1.0])
    assert average_path(np.array(256)) == pytest.approx(2 * (np.log(255) + 0.5772156649) - 2 * 255 / 256)


def test_two_events_and_one_tree() -> None:
    """One cut between two events: both lie at depth 1, so every score is 2^(-1 / c(2)) = 1/2."""
    batch = make_batch(np.array([[0.0], [1.0]]))
    scorer = IsolationForest(trees=1, max_samples=2).fit_scorer(ArraySource(batch), key=jax.random.key(0))
    np.testing.assert_allclose(scorer(make_batch(np.array([[-5.0], [0.5], [9.0]]))), 0.5)


@pytest.mark.parametrize(("name", "value"), [("trees", 0), ("max_samples", 1)])
def test_settings_out_of_range_are_refused(name: str, value: int) -> None:
    with pytest.raises(InputError, match=f"'{name}' of isolation-forest is {value}"):
        _scorer(**{name: value})


def test_trees_that_are_read_wrongly_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolation_forest, "_paths", lambda tree: np.zeros(tree.node_count))
    with pytest.raises(InputError, match="the trees of this scikit-learn version cannot be read"):
        _scorer()
