"""The Born machine: a density of the features themselves, in all three ways of training."""

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.born_machine import BornMachineDetector
from strangeness.stats.metrics import auc
from strangeness.tensor_networks.sweeps import Sweeps

RHO = 0.9
SHORT = Training(epochs=10, learning_rate=2e-2, batch_size=128, chunk=4)


def _events(n: int, seed: int, rho: float = RHO) -> Batch:
    """Two correlated features in different units and one on its own."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 3))
    x[:, 1] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 1]
    return make_batch(x * [1.0, 50.0, 0.1] + [0.0, 300.0, 5.0], name=f"events {seed}")


@pytest.mark.parametrize("scheme", ["sgd", "dmrg", "joint"])
def test_it_scores_by_the_density(scheme: str) -> None:
    """Against -ln of the true Gaussian; without the correlation every feature looks the same."""
    detector = BornMachineDetector(bond=4, scheme=scheme, training=SHORT, sweeps=Sweeps(sweeps=2))
    scorer = detector.fit_scorer(ArraySource(_events(2000, 1)), key=jax.random.key(0))
    normal, strange = _events(500, 2), _events(500, 3, rho=-RHO)
    # -ln of the true density reaches 0.78.
    assert auc(scorer(normal), scorer(strange)) > 0.7
    truth = np.log(2 * np.pi) * 1.5 + np.log(50.0 * 0.1) + 0.5 * np.log(1 - RHO**2) + 1.5
    # The mean score is a cross-entropy: the entropy (its mean has a deviation of 0.055) and what is missed.
    assert truth - 5 * 0.055 < np.mean(scorer(normal)) < truth + 0.4


def test_outliers_in_the_tails_are_stranger() -> None:
    detector = BornMachineDetector(bond=2, components=2, training=Training(epochs=0))
    scorer = detector.fit_scorer(ArraySource(_events(500, 1)), key=jax.random.key(0))
    x = np.array([[0.0, 300.0, 5.0 + 0.1 * z] for z in (0.0, 3.0, 5.0, 10.0, 100.0)])
    assert np.all(np.diff(scorer(make_batch(x))) > 0)


def test_settings_that_it_refuses() -> None:
    source = ArraySource(_events(50, 1))
    for settings, message in (
        ({"scheme": "dmgr"}, "unknown training 'dmgr'"),
        ({"feature_map": "spinn"}, "unknown feature map 'spinn'"),
        ({"bond": 0}, "bond 0"),
        ({"components": 1}, "of 1 components"),
    ):
        with pytest.raises(InputError, match=message):
            BornMachineDetector(**settings).fit_scorer(source, key=jax.random.key(0))
