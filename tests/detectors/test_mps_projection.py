"""The projection finds what lies off the normal events, in either direction, and refuses bad settings."""

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.mps_projection import MPSProjection
from strangeness.stats.metrics import auc


def _events(n: int, seed: int, rho: float) -> Batch:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[:, 2] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 2]
    return make_batch(x, name=f"events {seed}")


def test_it_finds_events_off_a_correlation() -> None:
    """The features alone are the same; -ln of the true density reaches 0.78, chance 0.5 + 5 x 0.018."""
    detector = MPSProjection(
        bond=4, training=Training(epochs=15, learning_rate=1e-2, batch_size=128, chunk=4)
    )
    scorer = detector.fit_scorer(ArraySource(_events(2000, 1, 0.9)), key=jax.random.key(0))
    assert auc(scorer(_events(500, 2, 0.9)), scorer(_events(500, 3, -0.9))) > 0.6


def test_settings_that_it_refuses() -> None:
    with pytest.raises(InputError, match="legs of 2 every 0"):
        MPSProjection(spacing=0).fit_scorer(ArraySource(_events(20, 1, 0.0)), key=jax.random.key(0))
