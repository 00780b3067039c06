"""The classifier finds a correlation that only data have, in all three ways of training."""

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.train import Training
from strangeness.detectors.mps_classifier import MPSClassifier
from strangeness.stats.metrics import auc
from strangeness.tensor_networks.sweeps import Sweeps


def _events(n: int, seed: int) -> Batch:
    """Reference without and data with a correlation of 0.9; the best AUC is 0.83."""
    rng = np.random.default_rng(seed)
    x, sample = rng.normal(size=(n, 4)), np.arange(n) % 2
    x[:, 3] = np.where(sample == 1, 0.9 * x[:, 1] + np.sqrt(1 - 0.81) * x[:, 3], x[:, 3])
    return make_batch(x, sample=sample, name=f"events {seed}")


@pytest.mark.parametrize("scheme", ["sgd", "dmrg", "joint"])
def test_it_finds_a_correlation(scheme: str) -> None:
    detector = MPSClassifier(
        bond=4,
        components=3,
        scheme=scheme,
        training=Training(epochs=12, learning_rate=1e-2, batch_size=128, chunk=4),
        sweeps=Sweeps(sweeps=2),
    )
    scorer = detector.fit_scorer(ArraySource(_events(2000, 1)), key=jax.random.key(0))
    test = _events(1000, 2)
    score = scorer(test)
    assert auc(score[test.sample == 0], score[test.sample == 1]) > 0.7
