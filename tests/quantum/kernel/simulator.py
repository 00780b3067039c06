"""A readable simulator in double precision, and circuits for the tests of the kernel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strangeness.quantum.entanglers import Entangler
from strangeness.quantum.kernel import Engine


def rot(phi: NDArray, theta: NDArray, omega: NDArray) -> NDArray:
    """RZ(omega) RY(theta) RZ(phi), shape (..., 2, 2)."""
    c, s = np.cos(theta / 2), np.sin(theta / 2)
    plus, minus = np.exp(0.5j * (phi + omega)), np.exp(0.5j * (phi - omega))
    return np.stack([np.stack([c / plus, -s * minus], -1), np.stack([s / minus, c * plus], -1)], -2)


def entangled(state: NDArray, entangler: Entangler, qubits: int) -> NDArray:
    """The gates of an entangler from their definition, one by one, on states (..., 2^n)."""
    index = np.arange(1 << qubits)
    for one, other in entangler.pairs:
        control, target = (index >> (qubits - 1 - one)) & 1, 1 << (qubits - 1 - other)
        if entangler.gate == "CNOT":
            state = state[..., index ^ (control * target)]
        else:
            state = state * (1.0 - 2.0 * (control & ((index & target) > 0)))
    return state


def values(
    weight: NDArray, bias: NDArray, x: NDArray, entanglers: tuple[Entangler, ...], observable: NDArray
) -> NDArray:
    """Expectations, shape (B,), in complex128."""
    layers, qubits, rotations, _ = weight.shape
    state = np.zeros((len(x), 1 << qubits), np.complex128)
    state[:, 0] = 1.0
    for layer in range(layers):
        angles = np.asarray(bias[layer] + weight[layer] * x.astype(np.float64), np.float64)
        for qubit in range(qubits):
            for g in range(rotations):
                one = rot(*np.moveaxis(angles[:, qubit, g], -1, 0))
                state = np.einsum("bij,bpjr->bpir", one, state.reshape(len(x), 1 << qubit, 2, -1))
        state = entangled(state.reshape(len(x), -1), entanglers[layer % len(entanglers)], qubits)
    return (np.abs(state) ** 2) @ observable


@dataclass(frozen=True)
class Problem:
    """A circuit with its numbers, rounded to single precision, for the kernel and the simulator alike."""

    entanglers: tuple[Entangler, ...]
    observable: NDArray
    weight: NDArray
    bias: NDArray
    x: NDArray
    cotangent: NDArray

    def engine(self, **options) -> Engine:
        layers, qubits, rotations, _ = self.weight.shape
        return Engine(qubits, layers, rotations, self.entanglers, self.observable, **options)

    def reference(self, **changed: NDArray) -> NDArray:
        arrays = {"weight": self.weight, "bias": self.bias, "x": self.x} | changed
        wide = {name: np.asarray(array, np.float64) for name, array in arrays.items()}
        return values(**wide, entanglers=self.entanglers, observable=self.observable)

    def slope(self, name: str, direction: NDArray, step: float = 1e-4) -> float:
        """The directional derivative of cotangent . values by a five-point difference (error step^4)."""
        array = np.asarray(getattr(self, name), np.float64)

        def at(k: float) -> float:
            return float(self.reference(**{name: array + k * step * direction}) @ self.cotangent)

        return (8.0 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12.0 * step)


def problem(
    qubits: int,
    layers: int,
    rotations: int,
    events: int,
    entanglers: tuple[Entangler, ...],
    observable: NDArray,
    seed: int = 0,
) -> Problem:
    """Random weights, biases and features; angles of a few radians."""
    rng = np.random.default_rng(seed)
    angles = (layers, qubits, rotations, 3)
    arrays = (
        rng.normal(0.0, 1.5, angles),
        rng.normal(0.0, 1.5, angles),
        rng.uniform(-1.0, 1.0, (events, qubits, rotations, 3)),
        rng.normal(size=events),
    )
    return Problem(entanglers, observable, *(array.astype(np.float32) for array in arrays))
