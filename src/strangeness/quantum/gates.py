"""A circuit written out gate by gate for one event: what a reference simulation, a device and a tape read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.quantum.circuit import TRAINED, Angle, Circuit, Trained


@dataclass(frozen=True)
class Gate:
    """A gate on some qubits.

    Attributes:
        name: RX, RY, RZ, Rot, CNOT, CZ, RZZ, CRX, H, CSWAP, or State, which sets qubits that were 0.
        qubits: on which it acts, controls first.
        angles: radians; for State the amplitudes.
    """

    name: str
    qubits: tuple[int, ...]
    angles: tuple[Any, ...] = ()


def amplitudes_of(x: NDArray[Any], qubits: int) -> NDArray[np.float64]:
    """Features (d,) filled up with zeros to 2^n and normalised."""
    padded = np.concatenate([x, np.zeros(2**qubits - len(x))])
    return padded / np.linalg.norm(padded)


def gates_of(circuit: Circuit, parameters: Any, x: Any) -> Iterator[Gate]:
    """The gates of a circuit for parameters (p,) and one event x (d,), in the order in which they act."""
    if circuit.amplitudes:
        state = amplitudes_of(np.asarray(x), circuit.qubits)
        yield Gate("State", tuple(range(circuit.qubits)), tuple(state))
    numbers = iter(parameters)
    for layer in circuit.layers:
        for qubit, own in enumerate(layer.encoder):
            for rotation in own:
                name = "Rot" if rotation.axis == "ZYZ" else f"R{rotation.axis}"
                yield Gate(name, (qubit,), tuple(_bound(angle, x, numbers) for angle in rotation.angles))
        for pair in layer.entangler.pairs:
            angles = (next(numbers),) if layer.entangler.parameters else ()
            yield Gate(layer.entangler.gate, pair, angles)


def _bound(angle: Angle, x: Any, numbers: Iterator[Any]) -> Any:
    """The value of an angle, taking what it needs from the parameters."""
    value = 0.0
    if angle.feature is not None:
        value = _number(angle.weight, numbers) * x[angle.feature]
    return value + _number(angle.bias, numbers)


def _number(value: float | Trained, numbers: Iterator[Any]) -> Any:
    return next(numbers) if value == TRAINED else value
