"""The arrays of a circuit: every rotation as Rot, every angle as bias + weight * x; all engines share them.

A circuit of L layers on n qubits with at most G rotations on a qubit has weights and biases (L, n, G, 3), the
three angles those of Rot(phi, theta, omega) = RZ(omega) RY(theta) RZ(phi); a qubit with fewer rotations is
filled up with Rot(0, 0, 0). RX(t) = Rot(pi/2, t, -pi/2), RY(t) = Rot(0, t, 0), RZ(t) = Rot(0, 0, t).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import TRAINED, Angle, Circuit, Rotation, Trained
from strangeness.quantum.entanglers import GATES
from strangeness.quantum.readout import Trash

_QUARTER = math.pi / 2
_FIXED = {"X": (_QUARTER, None, -_QUARTER), "Y": (0.0, None, 0.0), "Z": (0.0, 0.0, None)}
"""Axis -> the angles of Rot, None where the angle of the rotation goes."""


class Angles(NamedTuple):
    """All angles of a circuit for one event, or with leading axes for many, in radians.

    Attributes:
        rotations: (..., L, n, G, 3).
        entanglers: (L, P), filled up with 0 where a layer has fewer than P.
        reference: (t, 2), alpha and beta of a learned reference; t = 0 without one.
    """

    rotations: Any
    entanglers: Any
    reference: Any


@dataclass(frozen=True)
class Layout:
    """Where each angle finds its numbers.

    Attributes:
        weight: (L, n, G, 3), indices into the parameters followed by ``constants``.
        bias: the same.
        feature: (L, n, G, 3), indices into the features followed by one 0.
        entangler: (L, P), indices like those of ``weight``.
        reference: (t, 2), the same.
        constants: (c,), numbers that are not trained; the first is 0.
        parameters: number of trained parameters.
    """

    weight: NDArray[np.int32]
    bias: NDArray[np.int32]
    feature: NDArray[np.int32]
    entangler: NDArray[np.int32]
    reference: NDArray[np.int32]
    constants: NDArray[np.float64]
    parameters: int

    def weights_and_biases(self, parameters: Any, xp: Any = np) -> tuple[Any, Any]:
        """Weights and biases (L, n, G, 3) of the rotations for parameters (p,); ``xp`` is NumPy or JAX."""
        values = self._values(parameters, xp)
        return values[self.weight], values[self.bias]

    def angles(self, parameters: Any, x: Any, xp: Any = np) -> Angles:
        """The angles for parameters (p,) and events x (..., d): affine in both."""
        weight, bias = self.weights_and_biases(parameters, xp)
        values = self._values(parameters, xp)
        none = xp.zeros((*x.shape[:-1], 1), x.dtype)
        uploaded = xp.concatenate([x, none], axis=-1)[..., self.feature]
        return Angles(bias + weight * uploaded, values[self.entangler], values[self.reference])

    def _values(self, parameters: Any, xp: Any) -> Any:
        return xp.concatenate([parameters, xp.asarray(self.constants, parameters.dtype)])


@lru_cache(maxsize=256)
def layout_of(circuit: Circuit) -> Layout:
    """The layout of a circuit, made once."""
    shape = (len(circuit.layers), circuit.qubits, circuit.rotations, 3)
    book = _Book(circuit.parameters)
    weight, bias = (np.full(shape, book.constant(0.0), np.int32) for _ in range(2))
    feature = np.full(shape, circuit.features, np.int32)
    widest = max((layer.entangler.parameters for layer in circuit.layers), default=0)
    pairs = np.full((len(circuit.layers), widest), book.constant(0.0), np.int32)
    for index, layer in enumerate(circuit.layers):
        for qubit, own in enumerate(layer.encoder):
            for g, rotation in enumerate(own):
                for k, angle in enumerate(_as_rot(rotation)):
                    place = (index, qubit, g, k)
                    if angle.feature is not None:
                        feature[place], weight[place] = angle.feature, book.number(angle.weight)
                    bias[place] = book.number(angle.bias)
        pairs[index, : layer.entangler.parameters] = book.trained(layer.entangler.parameters)
    reference = np.reshape(book.trained(circuit.readout.parameters), (-1, 2)).astype(np.int32)
    return Layout(weight, bias, feature, pairs, reference, np.array(book.constants), circuit.parameters)


def _as_rot(rotation: Rotation) -> Iterator[Angle]:
    """The three angles of the equal Rot."""
    if rotation.axis == "ZYZ":
        yield from rotation.angles
        return
    for fixed in _FIXED[rotation.axis]:
        yield rotation.angles[0] if fixed is None else Angle(weight=0.0, bias=fixed)


class _Book:
    """Hands out the indices of parameters in the order in which they are asked for, and of constants."""

    def __init__(self, parameters: int) -> None:
        self.parameters, self.given = parameters, 0
        self.constants: list[float] = [0.0]

    def number(self, value: float | Trained) -> int:
        return self.trained(1)[0] if value == TRAINED else self.constant(float(value))

    def constant(self, value: float) -> int:
        if value not in self.constants:
            self.constants.append(value)
        return self.parameters + self.constants.index(value)

    def trained(self, count: int) -> list[int]:
        self.given += count
        return list(range(self.given - count, self.given))


class DenseForm(NamedTuple):
    """What a kernel for Rot circuits with fixed entanglers takes.

    Attributes:
        weight: (L, n, G, 3).
        bias: (L, n, G, 3).
        x: (B, n, G, 3), the same upload in every layer.
    """

    weight: Any
    bias: Any
    x: Any


def why_not_dense(circuit: Circuit) -> str | None:
    """Why a circuit has no ``DenseForm``; None when it has one."""
    if circuit.amplitudes:
        return "its first state depends on the event"
    trained = [layer.entangler.gate for layer in circuit.layers if GATES[layer.entangler.gate]]
    if trained:
        return f"its entangler {trained[0]} has trained angles"
    if isinstance(circuit.readout, Trash) and circuit.readout.parameters:
        return "its reference is learned"
    feature = layout_of(circuit).feature
    read = feature < circuit.features
    largest = np.max(np.where(read, feature, -1), axis=0)
    return (
        "a rotation reads another feature in another layer" if np.any(read & (feature != largest)) else None
    )


def dense_form(circuit: Circuit, parameters: Any, x: Any, xp: Any = np) -> DenseForm:
    """Weights, biases and events in the layout that fast kernels share.

    Args:
        circuit: with fixed entanglers (CNOT, CZ or none).
        parameters: (p,).
        x: events (B, d).
        xp: NumPy or ``jax.numpy``; with the latter, gradients pass.

    Raises:
        InputError: when the circuit has no such form, with the reason.
    """
    reason = why_not_dense(circuit)
    if reason:
        raise InputError(f"the circuit has no dense form: {reason}", "Take engine='jax'.")
    layout = layout_of(circuit)
    weight, bias = layout.weights_and_biases(parameters, xp)
    feature = np.min(layout.feature, axis=0, initial=circuit.features)
    none = xp.zeros((*x.shape[:-1], 1), x.dtype)
    return DenseForm(weight, bias, xp.concatenate([x, none], axis=-1)[..., feature])
