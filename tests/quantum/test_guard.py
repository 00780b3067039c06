"""The all-zero pseudo-solution exists, and the guard keeps a training away from it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.quantum import Trash, embedded, fidelity
from strangeness.quantum.guard import collapse, initial_weights, restored, weight_features
from strangeness.quantum.references import random_product

CIRCUIT = embedded("reupload", 3, 2, 2, Trash((1,)))


def test_zero_parameters_give_every_event_fidelity_one(rng: np.random.Generator) -> None:
    x = rng.uniform(-3, 3, (50, 3))
    none = np.zeros(CIRCUIT.parameters)
    assert np.asarray(fidelity(CIRCUIT, none, x)) == pytest.approx(1.0, abs=1e-6)
    assert collapse(CIRCUIT, none, x, rng) == 1.0
    other = CIRCUIT.with_readout(Trash((1,), random_product(1, rng)))
    # Against another reference zero parameters are no optimum, yet still the same for every event.
    values = np.asarray(fidelity(other, none, x))
    assert np.ptp(values) < 1e-6 and values[0] < 0.99


def test_the_guard_brings_weights_back_and_leaves_biases(rng: np.random.Generator) -> None:
    parameters = rng.normal(size=CIRCUIT.parameters)
    after, features = np.asarray(restored(CIRCUIT, jnp.asarray(parameters, float))), weight_features(CIRCUIT)
    biases = features == 3
    assert biases.sum() == 12  # three in each Rot; the weights are as many as the uploads, 3 * 2
    assert after[biases] == pytest.approx(parameters[biases], rel=1e-6)
    for feature in range(3):
        own = after[features == feature]
        assert np.mean(own**2) == pytest.approx(1.0, rel=1e-5)
        before = parameters[features == feature]
        assert own / own[0] == pytest.approx(before / before[0], rel=1e-5)
    assert np.asarray(restored(CIRCUIT, jnp.zeros(CIRCUIT.parameters)))[~biases] == pytest.approx(1.0)


def test_fixed_uploads_need_no_guard(rng: np.random.Generator) -> None:
    circuit = embedded("alternate", 2, 2, 1, Trash((1,)))
    parameters = jnp.asarray(rng.normal(size=circuit.parameters), float)
    assert restored(circuit, parameters) is parameters


def test_descent_reaches_the_pseudo_solution_without_the_guard_and_not_with_it(
    rng: np.random.Generator,
) -> None:
    """From small weights, plain descent on 1 - F ends where no event matters; projected descent does not."""
    x = rng.uniform(-3, 3, (64, 3))
    found = {guard: _descended(guard, x) for guard in (False, True)}
    spread = {guard: np.ptp(np.asarray(fidelity(CIRCUIT, p, x))) for guard, p in found.items()}
    assert spread[False] < 0.05
    assert spread[True] > 0.3


def _descended(guard: bool, x: np.ndarray) -> np.ndarray:
    events = jnp.asarray(x, float)

    @jax.jit
    def step(parameters: jax.Array) -> jax.Array:
        slope = jax.grad(lambda p: jnp.mean(1.0 - fidelity(CIRCUIT, p, events)))(parameters)
        moved = parameters - 0.3 * slope
        return restored(CIRCUIT, moved) if guard else moved

    parameters = jnp.asarray(0.2 * initial_weights(CIRCUIT, np.random.default_rng(4)), float)
    for _ in range(300):
        parameters = step(parameters)
    return np.asarray(parameters)
