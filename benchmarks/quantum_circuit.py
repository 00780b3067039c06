"""The timed circuit of the quantum benchmarks, and its loss and gradient in complex128."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strangeness.quantum.entanglers import entangler
from strangeness.quantum.kernel import Engine, trash_projector

LAYERS = 5
Array = NDArray[np.floating]


class Size(NamedTuple):
    """Qubits, rotations a qubit and layer, events."""

    qubits: int
    rotations: int
    events: int

    @property
    def name(self) -> str:
        """As in the rows of the targets."""
        return f"{self.qubits} qubits {'heavy' if self.rotations == 6 else 'light'}, batch {self.events}"

    @property
    def trash(self) -> int:
        """How many of the first qubits are compared with 0."""
        return self.qubits // 2


SIZES = (Size(4, 6, 64), Size(9, 6, 256), Size(12, 1, 64), Size(16, 1, 64))


def arrays(size: Size, seed: int) -> dict[str, Array]:
    """Weights, biases and features in single precision; 16 pixels a qubit fill 18 places when there are 6."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(0.0, 1.0, (size.events, size.qubits, size.rotations, 3))
    if size.rotations == 6:
        x[:, :, 5, 1:] = 0.0
    angles = (LAYERS, size.qubits, size.rotations, 3)
    found = {"weight": rng.normal(0.0, 0.5, angles), "bias": rng.normal(0.0, 0.5, angles), "x": x}
    return {name: array.astype(np.float32) for name, array in found.items()}


def engine(size: Size, **options: int) -> Engine:
    """The circuit of a size."""
    ring = entangler("ring", size.qubits)
    observable = trash_projector(range(size.trash), size.qubits)
    return Engine(size.qubits, LAYERS, size.rotations, (ring,), observable, **options)


_PAULI = np.array([[[0, 1], [1, 0]], [[0, -1j], [1j, 0]], [[1, 0], [0, -1]]])


def _gates(angles: Array) -> NDArray[np.complex128]:
    """RZ, RY, RZ of each Rot in the order in which they act; (..., G, 3) -> (..., 3 G, 2, 2)."""
    half = angles.reshape(*angles.shape[:-2], -1, 1, 1) / 2.0
    axes = np.tile(_PAULI[[2, 1, 2]], (angles.shape[-2], 1, 1))
    return np.cos(half) * np.eye(2) - 1j * np.sin(half) * axes


def _turned(state: NDArray, qubit: int, one: NDArray) -> NDArray:
    parts = state.reshape(len(state), 1 << qubit, 2, -1)
    return np.einsum("bij,bpjr->bpir", one, parts).reshape(state.shape)


def complex128(weight: Array, bias: Array, x: Array, trash: int) -> tuple[float, Array, Array]:
    """Loss 1 - F, averaged over events, and its derivatives by weight and bias: adjoint differentiation."""
    layers, qubits, rotations, _ = weight.shape
    index, moved = np.arange(1 << qubits), np.arange(1 << qubits)
    for q in range(qubits):
        flipped = 1 << (qubits - 1 - (q + 1) % qubits)
        moved = np.where(moved >> (qubits - 1 - q) & 1, moved ^ flipped, moved)
    gates = _gates(bias.astype(np.float64) + weight.astype(np.float64) * x[:, None])
    fused = gates[..., 0, :, :]
    for g in range(1, 3 * rotations):
        fused = gates[..., g, :, :] @ fused
    state, states = np.zeros((len(x), 1 << qubits), complex), []
    state[:, 0] = 1.0
    for layer in range(layers):
        for q in range(qubits):
            state = _turned(state, q, fused[:, layer, q])
        states.append(state)
        state = np.empty_like(state)
        state[:, moved] = states[-1]
    adjoint = np.where(index < 1 << (qubits - trash), state, 0.0)
    loss = 1.0 - float(np.mean(np.sum(np.abs(adjoint) ** 2, axis=1)))
    by_angle = np.empty((len(x), layers, qubits, 3 * rotations))
    for layer in range(layers - 1, -1, -1):
        adjoint = adjoint[:, moved]
        for q in range(qubits):
            vector = [
                np.einsum("bi,bi->b", adjoint.conj(), _turned(states[layer], q, p[None])).imag for p in _PAULI
            ]
            by_angle[:, layer, q] = _shares(np.array(vector), gates[:, layer, q])
        for q in range(qubits):
            adjoint = _turned(adjoint, q, fused[:, layer, q].conj().swapaxes(1, 2))
    by_angle = -by_angle.reshape(len(x), *weight.shape) / len(x)
    return loss, np.einsum("blqga,bqga->lqga", by_angle, x), by_angle.sum(axis=0)


def _shares(vector: Array, gates: NDArray) -> Array:
    """The derivative by each gate's angle: its axis, carried behind the gates that follow, dot (X, Y, Z)."""
    shares, behind = np.empty(gates.shape[:2]), np.broadcast_to(np.eye(2), gates[:, 0].shape)
    for g in range(gates.shape[1] - 1, -1, -1):
        axis = behind @ _PAULI[[2, 1, 2][g % 3]] @ behind.conj().swapaxes(1, 2)
        shares[:, g] = 0.5 * np.einsum("kij,bji,kb->b", _PAULI, axis, vector).real
        behind = behind @ gates[:, g]
    return shares
