"""Ensembles: members fitted one by one, scales by hand, settings inside settings, and what the card says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from sklearn.base import clone

from strangeness import catalogue
from strangeness.core import artefact
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.conv_autoencoder import ConvAutoencoder
from strangeness.detectors.cwola_trees import CWoLaTrees
from strangeness.detectors.ensemble import Ensemble, EnsembleScorer
from strangeness.detectors.isolation_forest import IsolationForest
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.detectors.nearest_neighbours import NearestNeighbours

ROWS = np.random.default_rng(3).normal(size=(301, 3)) * [1.0, 5.0, 0.2]
FOREST = IsolationForest(trees=5)


def _fit(**settings: Any) -> Any:
    return Ensemble(**settings).fit_scorer(ArraySource(make_batch(ROWS)), key=jax.random.key(4))


@pytest.mark.parametrize("combine", ["mean", "median"])
def test_the_score_is_that_of_members_fitted_one_by_one(combine: str) -> None:
    keys = [jax.random.split(one)[0] for one in jax.random.split(jax.random.key(4), 3)]
    batch, fresh = make_batch(ROWS), make_batch(2.0 * ROWS[:50])
    standard = []
    for key in keys:
        scorer = FOREST.fit_scorer(ArraySource(batch), key=key)
        # 301 rows: the 16 %, 50 % and 84 % quantiles of the empirical distribution are rows 49, 151 and 253.
        seen = np.sort(scorer(batch))
        standard.append((scorer(fresh) - seen[150]) / (0.5 * (seen[252] - seen[48])))
    ours = _fit(detector=FOREST, members=3, combine=combine)(fresh)
    np.testing.assert_allclose(ours, getattr(np, combine)(standard, axis=0), rtol=1e-4, atol=1e-5)


def test_members_that_agree_are_one_member_rescaled() -> None:
    batch = make_batch(ROWS)
    one = Mahalanobis().fit_scorer(ArraySource(batch), key=jax.random.key(0))(batch)
    many = _fit(detector=Mahalanobis(), members=4)(batch)
    assert np.corrcoef(one, many)[0, 1] == pytest.approx(1.0, abs=1e-6)
    assert np.median(many) == pytest.approx(0.0, abs=1e-5)


def test_members_that_run_on_the_host_can_be_held() -> None:
    scorer = _fit(detector=NearestNeighbours(k=3), members=2)
    assert not scorer.traceable and not scorer.stochastic and scorer.row_shape == (3,)
    assert np.all(np.isfinite(scorer(make_batch(ROWS))))


def test_the_card_speaks_for_the_detector_inside() -> None:
    assert Ensemble.card.name == "ensemble" and Ensemble.stores == (EnsembleScorer,)
    trees = Ensemble(CWoLaTrees())
    assert trees.card.needs == ("reference", "data") and trees.card.name == "ensemble"
    assert trees.stores == (EnsembleScorer, *CWoLaTrees.stores)
    assert Ensemble(ConvAutoencoder()).card.input_kind == "image"
    assert Ensemble().card.weights == "positive" and Ensemble(FOREST).card.weights == "none"


def test_labels_reach_a_member_that_needs_them() -> None:
    labels = np.arange(len(ROWS)) % 2
    ensemble = Ensemble(CWoLaTrees(trees=3, smallest_leaf=20), members=2)
    assert np.all(np.isfinite(ensemble.fit(ROWS, labels).score_samples(ROWS)))
    with pytest.raises(InputError, match="data"):
        ensemble.fit(ROWS)


def test_settings_inside_are_cloned_and_set() -> None:
    ensemble = Ensemble(IsolationForest(trees=7), members=2)
    assert ensemble.get_params()["detector__trees"] == 7
    assert set(ensemble.get_params(deep=False)) == {"detector", "members", "combine"}
    copy = clone(ensemble)
    assert copy == ensemble and copy.detector is not ensemble.detector
    copy.set_params(detector__trees=9, members=3)
    assert (copy.detector.trees, copy.members, ensemble.detector.trees) == (9, 3, 7)
    with pytest.raises(ValueError, match="nothing"):
        copy.set_params(detector__nothing=1)


def test_an_artefact_holds_the_members(tmp_path: Path) -> None:
    scorer, batch = _fit(detector=FOREST, members=2), make_batch(ROWS)
    artefact.save(tmp_path / "e.strange", scorer)
    loaded, _ = catalogue.load(tmp_path / "e.strange")
    np.testing.assert_array_equal(loaded(batch), scorer(batch))


def test_images_are_scored_by_an_ensemble() -> None:
    x = np.random.default_rng(1).random((60, 4, 4, 1)).astype(np.float32)
    small = ConvAutoencoder((2, 1), hidden=3, latent=1, training=Training(epochs=0, chunk=1))
    scorer = Ensemble(small, members=2).fit_scorer(ArraySource(make_batch(x)), key=jax.random.key(0))
    assert scorer.row_shape == (4, 4, 1) and scorer(make_batch(x)).shape == (60,)


@pytest.mark.parametrize(
    ("settings", "named"), [({"members": 0}, "'members'"), ({"combine": "mode"}, "'mode'")]
)
def test_settings_out_of_range_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        _fit(**settings)
