"""A tree and a MERA learn what no single feature shows, stay isometric, and refuse what they cannot hold."""

from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core import artefact
from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.tree_network_classifier import TreeNetworkClassifier
from strangeness.nn import STORABLE
from strangeness.stats.metrics import auc
from strangeness.tensor_networks.isometries import defect

NEVER = Training(epochs=0)


def _fit(x: NDArray[Any], sample: NDArray[Any], **settings: Any) -> Any:
    batch = make_batch(x, sample=sample)
    return TreeNetworkClassifier(**settings).fit_scorer(ArraySource(batch), key=jax.random.key(0))


def _crossed(rng: np.random.Generator, n: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Data have the sign of the product of features 1 and 2, the reference the other one."""
    x, sample = rng.normal(size=(n, 4)), np.arange(n) % 2
    wrong = (x[:, 1] * x[:, 2] > 0) != (sample == 1)
    x[wrong, 1] *= -1
    return x, sample


@pytest.mark.parametrize("structure", ["tree", "mera"])
def test_it_learns_what_no_single_feature_shows(structure: str, rng: np.random.Generator) -> None:
    training = Training(60, 64, 3e-2, 0.0, patience=60, chunk=8)
    scorer = _fit(*_crossed(rng, 1600), structure=structure, bond=4, training=training)
    x, truth = _crossed(rng, 1000)
    score = scorer(make_batch(x))
    # Each feature alone has an area of 1/2; the best is 1. Half way is passed with room.
    assert auc(score[truth == 0], score[truth == 1]) > 0.9
    assert defect(scorer) < 1e-6


def test_a_mera_begins_as_its_tree(rng: np.random.Generator) -> None:
    x, sample = _crossed(rng, 60)
    scorer = _fit(x, sample, structure="mera", training=NEVER)
    limit = type(scorer)(scorer.scaling, scorer.network.tree())
    np.testing.assert_allclose(scorer(make_batch(x)), limit(make_batch(x)), rtol=1e-3, atol=1e-4)


def test_a_mera_is_kept_in_an_artefact(tmp_path: Path, rng: np.random.Generator) -> None:
    x, sample = _crossed(rng, 60)
    scorer = _fit(x, sample, structure="mera", training=NEVER)
    artefact.save(tmp_path / "mera", scorer)
    classes = {cls.__name__: cls for cls in (*STORABLE, *TreeNetworkClassifier.stores)}
    loaded, _ = artefact.load(tmp_path / "mera", classes)
    assert loaded(make_batch(x)).tobytes() == scorer(make_batch(x)).tobytes()


@pytest.mark.parametrize(
    ("columns", "settings", "said"),
    [
        (4, {"structure": "tre"}, "tree"),
        (4, {"bond": 0}, "bond 0"),
        (4, {"local": 1}, "spins of 1"),
        (1, {}, r"1 feature\(s\)"),
        (17, {"structure": "mera"}, "numbers an event"),
    ],
)
def test_what_makes_no_network_is_refused(columns: int, settings: dict[str, Any], said: str) -> None:
    x = np.random.default_rng(0).normal(size=(20, columns))
    with pytest.raises(InputError, match=said):
        _fit(x, np.arange(20) % 2, **settings)
