"""Which pairs of qubits a layer entangles, and by which gate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

from strangeness.core.errors import InputError, nearest

Pairs = tuple[tuple[int, int], ...]
GATES = {"CNOT": 0, "CZ": 0, "RZZ": 1, "CRX": 1}
"""Gate -> trained angles a pair; RZZ(t) = exp(-i t Z Z / 2), CRX(t) is RX(t) where the first qubit is 1."""


def linear(qubits: int) -> Pairs:
    """(0, 1), (1, 2), ..."""
    return tuple((q, q + 1) for q in range(qubits - 1))


def ring(qubits: int) -> Pairs:
    """``linear`` closed by (n - 1, 0) where there are more than two qubits."""
    return linear(qubits) + (((qubits - 1, 0),) if qubits > 2 else ())


def all_to_all(qubits: int) -> Pairs:
    """(i, j) for all i < j, ordered by i, then j."""
    return tuple(combinations(range(qubits), 2))


def star(qubits: int) -> Pairs:
    """(0, 1), (0, 2), ..."""
    return tuple((0, q) for q in range(1, qubits))


def brick_wall(qubits: int) -> Pairs:
    """(0, 1), (2, 3), ..., then (1, 2), (3, 4), ..."""
    return tuple((q, q + 1) for start in (0, 1) for q in range(start, qubits - 1, 2))


TOPOLOGIES: dict[str, Callable[[int], Pairs]] = {
    "ring": ring,
    "linear": linear,
    "all-to-all": all_to_all,
    "star": star,
    "brick-wall": brick_wall,
    "none": lambda qubits: (),
}


@dataclass(frozen=True)
class Entangler:
    """Gates on pairs of qubits, in the order in which they act; the first qubit of a pair is the control.

    Attributes:
        gate: CNOT, CZ, RZZ or CRX; the last two have one trained angle for each pair.
        pairs: (control, target).
    """

    gate: str = "CNOT"
    pairs: Pairs = ()

    def __post_init__(self) -> None:
        if self.gate not in GATES:
            raise InputError(f"unknown entangling gate {self.gate!r}", nearest(self.gate, GATES))

    @property
    def parameters(self) -> int:
        """Number of trained angles."""
        return GATES[self.gate] * len(self.pairs)

    def refuse_misfit(self, qubits: int) -> None:
        """Raise ``InputError`` for a pair that is not two of so many qubits."""
        for pair in self.pairs:
            if pair[0] == pair[1] or not all(0 <= q < qubits for q in pair):
                raise InputError(f"an entangler acts on {pair} of {qubits} qubits", "Give two qubits from 0.")


def entangler(topology: str, qubits: int, gate: str = "CNOT") -> Entangler:
    """The entangler of a topology.

    Raises:
        InputError: for an unknown topology or gate.
    """
    if topology not in TOPOLOGIES:
        raise InputError(f"unknown entangling topology {topology!r}", nearest(topology, TOPOLOGIES))
    return Entangler(gate, TOPOLOGIES[topology](qubits))
