"""Every detector that is installed passes every check: one test a detector and check."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import jax
import pytest

from strangeness.catalogue import all_detectors
from strangeness.conformance import CHECKS, Subject
from strangeness.core.train import Training
from strangeness.detectors.mahalanobis import Mahalanobis
from strangeness.tensor_networks.sweeps import Sweeps

# Short trainings: conformance asks for behaviour, and the tests of each detector for its quality.
SHORT: dict[str, dict[str, Any]] = {
    "born-machine": {"bond": 2, "components": 2, "training": Training(epochs=3, learning_rate=2e-2, chunk=1)},
    "conv-autoencoder": {
        "channels": (2, 1),
        "hidden": 6,
        "latent": 2,
        "training": Training(epochs=4, batch_size=64, learning_rate=1e-2, chunk=1),
    },
    "cwola": {"hidden": (), "training": Training(epochs=6, learning_rate=3e-2)},
    "cwola-trees": {"trees": 10},
    "dense-autoencoder": {"hidden": 8, "training": Training(epochs=3)},
    "ensemble": {"members": 2, "detector": Mahalanobis()},
    "isolation-forest": {"trees": 15},
    "mera-autoencoder": {"bond": 2, "training": Training(epochs=3, weight_decay=0.0, chunk=1)},
    "mps-classifier": {"bond": 2, "training": Training(epochs=6, learning_rate=3e-2, chunk=1)},
    "mps-projection": {"bond": 2, "components": 2, "training": Training(12, learning_rate=3e-2, chunk=1)},
    "quantum-autoencoder": {
        "qubits": 2,
        "layers": 1,
        "training": Training(epochs=3, learning_rate=0.1, chunk=1),
    },
    "quantum-image-autoencoder": {
        "patch": (6, 6),
        "layers": 1,
        "training": Training(epochs=3, batch_size=128, learning_rate=5e-2, chunk=1),
    },
    "quantum-kernel": {"qubits": 2, "max_reference": 300},
    "supervised-trees": {"trees": 5},
    "tree-network-classifier": {"training": Training(epochs=20, batch_size=64, learning_rate=3e-2, chunk=2)},
    "variational-autoencoder": {"hidden": 4, "training": Training(epochs=2, chunk=1)},
}

# scikit-learn's contract is of shapes, types and signs, and each of its six widths compiles anew: there stand
# sweeps on the host, which compile nothing, or a start without training. All other checks train as above.
SMALL: dict[str, dict[str, Any]] = {
    "born-machine": {"scheme": "dmrg", "sweeps": Sweeps(sweeps=1, steps=2)},
    "mera-autoencoder": {"training": Training(epochs=0)},
    "mps-classifier": {"scheme": "dmrg", "sweeps": Sweeps(sweeps=1, steps=2)},
    "mps-projection": {"training": Training(epochs=0)},
}


@cache
def _subject(name: str, small: bool = False) -> Subject:
    settings = SHORT.get(name, {}) | (SMALL.get(name, {}) if small else {})
    return Subject.of(all_detectors()[name](**settings))


@pytest.fixture(autouse=True)
def quick_compilation(request: pytest.FixtureRequest) -> Iterator[None]:
    """scikit-learn fits at five widths in 64 bits: there XLA would spend most of the time on optimising."""
    quick = "scikit_learn" in request.node.name
    jax.config.update("jax_disable_most_optimizations", quick)
    yield
    jax.config.update("jax_disable_most_optimizations", False)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("name", sorted(all_detectors()))
def test_conforms(name: str, check: Any) -> None:
    check(_subject(name, small=check.__name__ == "scikit_learn_accepts_it"))
