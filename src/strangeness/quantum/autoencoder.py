"""The quantum autoencoder: a circuit that brings the trash qubits of ordinary events to a reference state.

Trained to maximise their fidelity F with the reference, it has compressed an event to the other qubits where
F = 1, and the score is 1 - F (arXiv:2112.04958, sec. III; arXiv:1612.02806). The parameters are angles
without a preferred origin, so they are trained without weight decay: it would pull them to 0, the
pseudo-solution that ``guard`` keeps away.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any, ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.batch import Batch
from strangeness.core.errors import InputError
from strangeness.core.estimators import Scorer, float_dtype
from strangeness.core.train import Training, train
from strangeness.quantum.checks import refuse_events, refuse_shots
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.engines import ENGINES, fidelity
from strangeness.quantum.guard import collapse_of, infidelities, initial_weights, restored
from strangeness.quantum.layout import layout_of
from strangeness.quantum.memory import memory_needed, refuse_too_large
from strangeness.quantum.noise import Noise, noisy_readings, refuse_noise
from strangeness.quantum.recipe import Recipe
from strangeness.quantum.scaling import AngleScaling
from strangeness.quantum.shots import sampled_fidelity


class Autoencoder(eqx.Module):
    """A circuit and its parameters; those of ``frozen`` rotations keep the values that they were drawn with.

    Attributes:
        parameters: (p,), radians.
        recipe: the circuit.
        frozen: which parameters are not trained: "" none, "trash" those that turn trash qubits, "all".
        engine: that simulates or runs the circuit (``engines.ENGINES``, or a device of PennyLane).
    """

    parameters: Float[Any, " p"]
    recipe: Recipe
    frozen: str = eqx.field(static=True, default="")
    engine: str = eqx.field(static=True, default="auto")

    def __call__(self, x: Float[Array, "n d"]) -> Float[Array, " n"]:
        """Fidelities (n,) of angles or amplitudes (n, d)."""
        parameters = jnp.asarray(self.parameters)
        mask = frozen_parameters(self.recipe, self.frozen)
        used = jnp.where(mask, jax.lax.stop_gradient(parameters), parameters)
        return fidelity(self.recipe.circuit, used, x, engine=self.engine)


FROZEN = ("", "trash", "all")


def frozen_parameters(recipe: Recipe, frozen: str) -> NDArray[np.bool_]:
    """Which parameters (p,) are not trained."""
    circuit = recipe.circuit
    mask = np.full(circuit.parameters, frozen == "all")
    if frozen == "trash":
        layout, first = layout_of(circuit), recipe.qubits - recipe.trash
        turning = np.concatenate([np.ravel(part[:, first:]) for part in (layout.weight, layout.bias)])
        mask[turning[turning < circuit.parameters]] = True
    return mask


def infidelity(model: Autoencoder, x: Any, key: Any) -> Any:
    """The loss 1 - F (n,)."""
    return 1.0 - model(x)


def guarded(model: Autoencoder) -> Autoencoder:
    """The model with weights that do not vanish; frozen parameters stay (see ``guard``)."""
    parameters = model.parameters
    mask = frozen_parameters(model.recipe, model.frozen)
    kept = jnp.where(mask, parameters, restored(model.recipe.circuit, parameters))
    return eqx.tree_at(lambda one: one.parameters, model, kept)


class FidelityScorer(Scorer):
    """1 - F of the trash qubits with their reference, exact.

    Attributes:
        scaling: of the features to angles.
        model: the trained circuit.
        shape: of a row.
        collapse: what ``guard.collapse`` found on the training events; near 1 the circuit sees no event.
    """

    scaling: AngleScaling
    model: Autoencoder
    shape: tuple[int, ...] = eqx.field(static=True)
    collapse: Float[Any, ""]

    def __check_init__(self) -> None:
        if len(self.model.parameters) != self.circuit.parameters:
            raise InputError(
                f"{len(self.model.parameters)} parameters for {self.circuit.parameters}", "Fit it again."
            )

    @property
    def circuit(self) -> Circuit:
        """The trained circuit; its parameters are ``model.parameters``."""
        return self.model.recipe.circuit

    @property
    def row_shape(self) -> tuple[int, ...]:
        return tuple(self.shape)

    def __call__(self, batch: Batch, *, key: PRNGKeyArray | None = None) -> NDArray[np.float64]:
        """Scores (n,); features that are angles already are refused outside the range of the embedding."""
        if self.scaling.kind == "none" and np.shape(batch.x)[1:] == self.row_shape:
            refuse_events(self.circuit, np.reshape(batch.x, (len(batch), -1)))
        return super().__call__(batch, key=key)

    def fidelities(self, x: Any) -> Any:
        """F (n,) of rows (n, *row_shape)."""
        return self.model(self.scaling(jnp.reshape(x, (len(x), -1))))

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return 1.0 - self.fidelities(x)


class NoisyFidelityScorer(FidelityScorer):
    """1 - F under noise, exact: from density matrices, whatever the engine of the training.

    Attributes:
        noise: depolarising, damping and read-out probabilities (``noise.Noise``).
    """

    noise: tuple[float, float, float] = eqx.field(static=True, default=(0.0, 0.0, 0.0))

    def fidelities(self, x: Any) -> Any:
        angles = self.scaling(jnp.reshape(x, (len(x), -1)))
        parameters = jnp.asarray(self.model.parameters)
        return noisy_readings(self.circuit, parameters, angles, Noise(*self.noise))[:, 0]


class SampledFidelityScorer(NoisyFidelityScorer):
    """1 - F as so many shots estimate it, by the keys of the events, with or without noise."""

    stochastic: ClassVar[bool] = True

    shots: int = eqx.field(static=True, default=1)

    def fidelities(self, x: Any) -> Any:
        return super().fidelities(x) if any(self.noise) else FidelityScorer.fidelities(self, x)

    def rows(self, x: Any, id: Any, keys: Any) -> Any:
        return 1.0 - sampled_fidelity(self.fidelities(x), self.shots, keys)


STORED = (FidelityScorer, NoisyFidelityScorer, SampledFidelityScorer, Autoencoder, Recipe, AngleScaling)
"""The classes that the artefact of such a detector holds."""


def fitted(
    recipe: Recipe,
    scaling: AngleScaling,
    batch: Batch,
    x: NDArray[Any],
    settings: Training,
    *,
    key: PRNGKeyArray,
    label: str,
    guard: bool = True,
    frozen: str = "",
    engine: str = "auto",
    shots: int | None = None,
    noise: Noise | None = None,
) -> FidelityScorer:
    """The scorer of a trained circuit.

    Args:
        recipe: the circuit.
        scaling: of the features, fitted.
        batch: identities and weights of the training events.
        x: their rows (n, ...).
        settings: of the training loop, whose weight decay is not used.
        key: draws the first parameters and the order of the events.
        label: names the detector in messages.
        guard: whether weights of features are kept from vanishing.
        frozen: a name in ``FROZEN``.
        engine: that simulates or runs the circuit, also when scoring.
        shots: of a measurement of the fidelity when scoring; None for the exact value.
        noise: under which it is measured when scoring; training is free of noise.

    Warns:
        UserWarning: when the trained circuit brings noise to the reference state as well (see ``guard``).

    Raises:
        InputError: for settings that are unknown, events outside the range of the embedding, or more qubits
            than fit the memory.
    """
    if frozen not in FROZEN:
        raise InputError(f"'frozen' of {label} is {frozen!r}", "Give '', 'trash' or 'all'.")
    if shots is not None:
        refuse_shots(shots)
    circuit = recipe.circuit
    noise = noise or Noise()
    refuse_too_large(circuit, memory_needed(circuit, 1, gradient=True))
    if noise != Noise():
        refuse_noise(circuit, noise)
    angles = scaling(x.reshape(len(x), -1).astype(float_dtype()), np)
    refuse_events(circuit, angles)
    start, loop = jax.random.split(key)
    rng = np.random.default_rng(np.asarray(jax.random.key_data(start)))
    # One event first: an engine that is unknown, missing or not able to is refused before any work.
    fidelity(circuit, np.zeros(circuit.parameters), angles[:1], engine=engine)
    parameters = jnp.asarray(initial_weights(circuit, rng), float_dtype())
    model = train(
        Autoencoder(parameters, recipe, frozen, engine),
        infidelity,
        angles,
        batch.id,
        batch.weight,
        replace(settings, weight_decay=0.0),
        key=loop,
        label=label,
        project=guarded if guard else None,
    ).model
    found = _collapse(model, angles, batch.weight, rng, label)
    exact = scaling, model, x.shape[1:], found
    probabilities = noise.depolarising, noise.damping, noise.readout
    if shots is not None:
        return SampledFidelityScorer(*exact, probabilities, shots)
    return NoisyFidelityScorer(*exact, probabilities) if any(probabilities) else FidelityScorer(*exact)


BLIND = 0.01
"""A mean of 1 - F of noise below which a circuit is said not to see the events."""


def _collapse(model: Autoencoder, angles: NDArray[Any], weight: NDArray[Any], rng: Any, label: str) -> Any:
    """``guard.collapse`` on the first training events, always as many: one program, also behind a device."""
    used = angles[weight > 0][:_EVENTS]
    engine = model.engine if model.engine in ENGINES else "auto"
    rows = np.resize(used, (_EVENTS, used.shape[1]))
    own, other = infidelities(model.recipe.circuit, np.asarray(model.parameters), rows, rng, engine=engine)
    if other < BLIND:
        warnings.warn(
            f"{label} does not see the events: noise reaches the reference state as well as they do, with a"
            f" mean infidelity of {other:.2g}. Keep 'guard' on, take more trash qubits, or train anew.",
            stacklevel=4,
        )
    # An array rather than a setting: all scorers of one circuit share one program.
    return np.asarray(collapse_of(own, other), float_dtype())


_EVENTS = 256
