"""Patches on qubits: the published count of parameters, the score by hand, and images that do not fit."""

from typing import Any

import jax
import numpy as np
import pytest

from strangeness.core.batch import ArraySource, Batch, make_batch
from strangeness.core.errors import InputError
from strangeness.core.train import Training
from strangeness.detectors.quantum_image_autoencoder import QuantumImageAutoencoder
from strangeness.quantum import fidelity

NEVER = Training(epochs=0)


def _fit(batch: Batch, **settings: Any) -> Any:
    detector = QuantumImageAutoencoder(**{"patch": (2, 2), "layers": 1, "training": NEVER, **settings})
    return detector.fit_scorer(ArraySource(batch), key=jax.random.key(0))


def test_the_defaults_have_1440_parameters_on_nine_qubits() -> None:
    circuit = QuantumImageAutoencoder().recipe((12, 12)).circuit
    assert (circuit.qubits, circuit.parameters) == (9, 1440)
    wider = QuantumImageAutoencoder().recipe((40, 12)).circuit
    assert (wider.qubits, wider.parameters) == (6, 480 * 2 * 5)


def test_the_score_is_the_infidelity_of_the_scaled_pixels(rng: np.random.Generator) -> None:
    images = rng.exponential(3.0, (40, 4, 4, 1))
    scorer = _fit(make_batch(images))
    angles = np.pi * images.reshape(40, 16) / images.max()
    exact = 1 - fidelity(scorer.circuit, np.asarray(scorer.model.parameters), angles, engine="numpy")
    assert scorer(make_batch(images)) == pytest.approx(exact, abs=1e-5)  # 32 bits
    assert np.all(np.isfinite(scorer(make_batch(images * 50))))


def test_images_that_do_not_fit_are_refused(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="3 channels"):
        _fit(make_batch(rng.random((4, 4, 4, 3))))
    with pytest.raises(InputError, match="patches of 3 x 2 pixels do not tile an image of 4 x 4"):
        _fit(make_batch(rng.random((4, 4, 4, 1))), patch=(3, 2))
