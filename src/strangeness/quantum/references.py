"""States that the trash qubits are compared with: |0...0>, random product, entangled, mixed, learned.

With a re-uploading encoder that trains its weights, the reference |0...0> has a solution that sees no event:
zero weights and biases give every event fidelity 1 (see ``guard``). Another reference moves this solution to
other biases, but as long as weights may vanish it exists for every pure reference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

_NORM = 1e-6
"""How far the norm of a state, or a sum of probabilities, may lie from 1 before it is refused."""


@dataclass(frozen=True)
class Reference:
    """A mixture of pure states: sigma = sum_r probabilities[r] |states[r]><states[r]|.

    Attributes:
        states: amplitudes of each, 2^t complex numbers of norm 1.
        probabilities: one for each state, with sum 1.
    """

    states: tuple[tuple[complex, ...], ...]
    probabilities: tuple[float, ...] = (1.0,)
    parameters: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        sizes = {len(state) for state in self.states}
        if len(sizes) != 1 or min(sizes) < 2 or min(sizes) & (min(sizes) - 1):
            raise InputError(f"reference states of {sorted(sizes)} amplitudes", "Give 2^t, the same for all.")
        for state in self.states:
            norm = math.sqrt(sum(abs(amplitude) ** 2 for amplitude in state))
            if not abs(norm - 1.0) <= _NORM:
                raise InputError(
                    f"a reference state has the norm {norm:.6g}", "Divide its amplitudes by this."
                )
        total = math.fsum(self.probabilities)
        if len(self.probabilities) != len(self.states) or not min(self.probabilities) >= 0:
            raise InputError(
                f"the probabilities {self.probabilities} of {len(self.states)} reference states",
                "Give one for each state, 0 or more.",
            )
        if not abs(total - 1.0) <= _NORM:
            raise InputError(f"the probabilities of the reference sum to {total:.6g}", "Divide them by this.")

    @property
    def qubits(self) -> int:
        """Number of qubits."""
        return len(self.states[0]).bit_length() - 1

    def arrays(self) -> tuple[NDArray[np.float64], NDArray[np.complex128]]:
        """Probabilities (r,) and amplitudes (r, 2^t)."""
        return np.array(self.probabilities), np.array(self.states, np.complex128)


@dataclass(frozen=True)
class LearnedProduct:
    """A product state whose two angles a qubit are trained with the circuit: RZ(beta) RY(alpha) |0>."""

    qubits: int

    @property
    def parameters(self) -> int:
        """Two angles a qubit: alpha, beta."""
        return 2 * self.qubits


def pure(amplitudes: ArrayLike) -> Reference:
    """A pure reference of any amplitudes (2^t,)."""
    return Reference((_numbers(amplitudes),))


def zero(qubits: int) -> Reference:
    """|0...0>."""
    return pure(np.eye(1, 2**qubits)[0])


def random_product(qubits: int, rng: np.random.Generator) -> Reference:
    """A product of single-qubit states drawn evenly from the Bloch sphere."""
    theta, phi = np.arccos(rng.uniform(-1, 1, qubits)), rng.uniform(0, 2 * np.pi, qubits)
    each = np.stack([np.cos(theta / 2) + 0j, np.exp(1j * phi) * np.sin(theta / 2)], axis=1)
    return pure(reduce(np.kron, each))


def entangled(qubits: int) -> Reference:
    """(|0...0> + |1...1>) / sqrt(2), a Bell pair for two qubits."""
    amplitudes = np.zeros(2**qubits)
    amplitudes[[0, -1]] = np.sqrt(0.5)
    return pure(amplitudes)


def mixed(states: Sequence[ArrayLike], probabilities: ArrayLike) -> Reference:
    """A mixture of states, each (2^t,), with probabilities (r,)."""
    shares = tuple(float(share) for share in np.asarray(probabilities))
    return Reference(tuple(_numbers(state) for state in states), shares)


def maximally_mixed(qubits: int) -> Reference:
    """I / 2^t, with which every state has the fidelity 2^-t."""
    return mixed(list(np.eye(2**qubits)), np.full(2**qubits, 0.5**qubits))


def _numbers(amplitudes: Any) -> tuple[complex, ...]:
    return tuple(complex(amplitude) for amplitude in np.ravel(np.asarray(amplitudes)))
