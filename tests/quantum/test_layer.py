"""A circuit inside a network: trained with dense layers by the one training loop, on rows and on images."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from strangeness.core.identity import identities
from strangeness.core.train import Training, train
from strangeness.nn import Dense, dense_network
from strangeness.quantum import PauliStrings, embedded, patch_circuit, readings
from strangeness.quantum.layer import CircuitLayer
from strangeness.quantum.readout import each_z


class Hybrid(eqx.Module):
    """Dense, squashed to angles, a circuit, dense."""

    first: Dense
    circuit: CircuitLayer
    last: Dense

    def __call__(self, x: Any) -> Any:
        return self.last(self.circuit(jnp.pi * jnp.tanh(self.first(x))))


def _loss(model: Hybrid, x: Any, key: Any) -> Any:
    return (model(x)[:, 0] - x[:, 0] * x[:, 1]) ** 2


def test_a_hybrid_network_learns_a_product(rng: np.random.Generator) -> None:
    circuit = embedded("alternate", 2, 2, 2, each_z(2))
    first, last = (dense_network(sizes, key=jax.random.key(1)).layers[0] for sizes in ((2, 2), (2, 1)))
    model = Hybrid(first, CircuitLayer.new(circuit, rng), last)
    x = rng.uniform(-1, 1, (512, 2))
    settings = Training(epochs=20, batch_size=64, learning_rate=3e-2, weight_decay=0.0, chunk=4)
    fitted = train(model, _loss, x, identities("hybrid", 512), np.ones(512), settings, key=jax.random.key(0))
    # The best constant leaves the variance of the product, 1/9; any linear network does no better.
    assert fitted.history[fitted.best_epoch, 1] < 0.3 / 9
    moved = fitted.model.circuit.parameters - model.circuit.parameters
    assert float(jnp.max(jnp.abs(moved))) > 0.1


def test_images_are_read_row_by_row(rng: np.random.Generator) -> None:
    circuit = patch_circuit((2, 4), (2, 2), 1, PauliStrings(("ZI", "XY")))
    layer, images = CircuitLayer.new(circuit, rng), rng.uniform(0, 1, (3, 2, 4, 1))
    flat = readings(circuit, layer.parameters, images.reshape(3, 8))
    assert np.array_equal(layer(jnp.asarray(images)), flat)
    assert flat.shape == (3, 2)
