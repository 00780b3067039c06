"""Guards against a circuit that no longer sees the event.

With re-uploading by b + w x and the reference |0...0>, zero weights and biases leave |0...0> alone: every
event has fidelity 1, the best loss there is, and a useless score. With any other pure reference the same
happens at other biases. So the guard acts on the weights: after every step of the training, the trained
weights of each feature are brought back to the root mean square 1 over all of its uploads, which zero weights
do not have (``restored``). What can still happen, that uploads undo one another, is found afterwards by
``collapse``.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from strangeness.quantum.circuit import Circuit
from strangeness.quantum.engines import fidelity
from strangeness.quantum.layout import layout_of

_TINY = 1e-12


@lru_cache(maxsize=64)
def weight_features(circuit: Circuit) -> NDArray[np.int32]:
    """The feature (p,) that each parameter is the weight of, or d for parameters that are no weights."""
    layout = layout_of(circuit)
    features = np.full(circuit.parameters, circuit.features, np.int32)
    trained = (layout.weight < layout.parameters) & (layout.feature < circuit.features)
    features[layout.weight[trained]] = layout.feature[trained]
    return features


def restored(circuit: Circuit, parameters: Any, xp: Any = jnp) -> Any:
    """Parameters (p,) whose weights have the root mean square 1 for each feature; zero weights become 1.

    ``xp`` is JAX or NumPy.
    """
    features = weight_features(circuit)
    if np.all(features == circuit.features):
        return parameters
    member = _membership(circuit)
    size = xp.sqrt(member @ parameters**2)[np.minimum(features, circuit.features - 1)]
    kept = xp.where(size > _TINY, parameters / xp.maximum(size, _TINY), 1.0)
    return xp.where(features < circuit.features, kept, parameters)


@lru_cache(maxsize=64)
def _membership(circuit: Circuit) -> NDArray[np.float32]:
    """(d, p): one over the number of weights of a feature, at its weights."""
    own = weight_features(circuit) == np.arange(circuit.features)[:, None]
    return (own / np.maximum(np.sum(own, axis=1, keepdims=True), 1)).astype(np.float32)


def collapse(
    circuit: Circuit, parameters: Any, x: Any, rng: np.random.Generator, *, engine: str = "auto"
) -> float:
    """How much of what the circuit learnt does not depend on the event, between 0 and 1.

    It is (1 - F of the events) / (1 - F of events that are drawn evenly from the span of the features of
    ``x``), both as means: 1, or more, where the events are no better than noise; 1 also where both vanish.

    Args:
        circuit: with trash qubits.
        parameters: (p,).
        x: events that it was trained on (B, d).
        rng: draws the noise.
        engine: that simulates the circuit.
    """
    return collapse_of(*infidelities(circuit, parameters, x, rng, engine=engine))


def collapse_of(own: float, other: float) -> float:
    """The same from both mean infidelities; 1 where noise has none either."""
    return own / other if other > 1e-6 else 1.0


def infidelities(
    circuit: Circuit, parameters: Any, x: Any, rng: np.random.Generator, *, engine: str = "auto"
) -> tuple[float, float]:
    """The mean of 1 - F of events, and of events that are noise; arguments as those of ``collapse``."""
    x = np.asarray(x)
    noise = rng.uniform(np.min(x, axis=0), np.max(x, axis=0), x.shape)
    found = (1.0 - np.asarray(fidelity(circuit, parameters, rows, engine=engine)) for rows in (x, noise))
    own, other = (float(np.mean(values, dtype=np.float64)) for values in found)
    return own, other


def initial_weights(circuit: Circuit, rng: np.random.Generator) -> NDArray[np.float64]:
    """Parameters (p,) to train from: biases even in [-pi, pi), weights normal and then ``restored``."""
    start = rng.uniform(-np.pi, np.pi, circuit.parameters)
    weights = weight_features(circuit) < circuit.features
    start[weights] = rng.normal(size=int(np.sum(weights)))
    return restored(circuit, start, np)
