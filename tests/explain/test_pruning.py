"""Pruning keeps the features of a planted correlation and says what it costs."""

import jax
import numpy as np
import pytest

from strangeness.core.batch import Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.born_machine import BornMachineDetector
from strangeness.explain.pruning import prune_by_entropy


def _events(n: int, seed: int, rho: float) -> Batch:
    """Six features, of which the second and the fifth are correlated."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    x[:, 4] = rho * x[:, 1] + np.sqrt(1 - rho**2) * x[:, 4]
    return make_batch(x, name=f"events {seed}")


def test_it_keeps_what_is_correlated() -> None:
    """-ln of the true density reaches 0.78, with these two features as with all six."""
    detector = BornMachineDetector(
        bond=4, training=Training(epochs=10, learning_rate=3e-2, batch_size=128, chunk=4)
    )
    found = prune_by_entropy(
        detector,
        _events(2000, 1, 0.9),
        _events(500, 2, 0.9),
        _events(500, 3, -0.9),
        keep=1 / 3,
        key=jax.random.key(0),
    )
    assert found.kept == (1, 4)
    # Five standard deviations of an area with 500 events a class are 0.09.
    assert found.auc_kept > found.auc_all - 0.09 and found.auc_kept > 0.65
    assert abs(found.auc_rest - 0.5) < 0.1
    assert found.auc_random < found.auc_kept  # one pair of fifteen holds the correlation
    assert found.scorer.row_shape == (2,)


@pytest.mark.parametrize("keep", [0.0, 1.5])
def test_a_share_outside_is_refused(keep: float) -> None:
    batch = _events(20, 1, 0.0)
    with pytest.raises(InputError, match="of the features"):
        prune_by_entropy(BornMachineDetector(), batch, batch, batch, keep=keep, key=jax.random.key(0))
