"""A layered circuit as plain data: rotations and their angles, then an entangler; at the end what is read.

Qubit 0 is the most significant bit of the index of a basis state. Nothing here computes a state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from strangeness.core.errors import InputError, nearest
from strangeness.quantum.entanglers import Entangler
from strangeness.quantum.readout import PauliStrings, Trash

Trained = Literal["trained"]
TRAINED: Trained = "trained"
AXES = {"X": 1, "Y": 1, "Z": 1, "ZYZ": 3}
"""Axis of a rotation -> its number of angles; ZYZ is Rot(phi, theta, omega) = RZ(omega) RY(theta) RZ(phi)."""


@dataclass(frozen=True)
class Angle:
    """bias + weight * x[feature], in radians; each of weight and bias is a number or ``"trained"``.

    Attributes:
        feature: which feature is uploaded; None for an angle that does not see the event.
        weight: of the feature, radians for one unit of it.
        bias: radians.
    """

    feature: int | None = None
    weight: float | Trained = 1.0
    bias: float | Trained = 0.0

    def __post_init__(self) -> None:
        for name in ("weight", "bias"):
            value = getattr(self, name)
            if value != TRAINED and not (isinstance(value, int | float) and math.isfinite(value)):
                raise InputError(f"the {name} of an angle is {value!r}", "Give a finite number or 'trained'.")

    @property
    def parameters(self) -> int:
        """How many numbers are trained; a weight without a feature is none."""
        return (self.feature is not None and self.weight == TRAINED) + (self.bias == TRAINED)


@dataclass(frozen=True)
class Rotation:
    """A rotation of one qubit about ``axis`` X, Y or Z by one angle, or ZYZ by three (phi, theta, omega)."""

    axis: str
    angles: tuple[Angle, ...]

    def __post_init__(self) -> None:
        if self.axis not in AXES:
            raise InputError(f"a rotation about {self.axis!r}", nearest(self.axis, AXES))
        if len(self.angles) != AXES[self.axis]:
            raise InputError(
                f"a rotation about {self.axis} has {len(self.angles)} angles", f"Give {AXES[self.axis]}."
            )


Encoder = tuple[tuple[Rotation, ...], ...]
"""For each qubit, its rotations in the order in which they act."""


@dataclass(frozen=True)
class Layer:
    """Rotations of each qubit, which fuse to one SU(2), then an entangler."""

    encoder: Encoder
    entangler: Entangler = field(default_factory=Entangler)


@dataclass(frozen=True)
class Circuit:
    """Layers of rotations and entanglers on a starting state, and what is read at the end.

    The parameters are one vector: layer by layer, qubit by qubit, rotation by rotation, angle by angle first
    the trained weight and then the trained bias; behind the rotations of a layer the angles of its entangler;
    at the very end those of a learned reference.

    Attributes:
        qubits: number of qubits.
        features: number of features of an event.
        layers: in the order in which they act.
        readout: trash qubits compared with a reference state, or Pauli strings.
        amplitudes: whether the features are the amplitudes of the starting state (filled with zeros and
            normalised) rather than |0...0>.
        span: smallest and largest value of a feature that the embedding can tell apart; None for any.
    """

    qubits: int
    features: int
    layers: tuple[Layer, ...]
    readout: Trash | PauliStrings
    amplitudes: bool = False
    span: tuple[float, float] | None = None
    _hash: int = field(init=False, repr=False, compare=False, default=0)

    def __post_init__(self) -> None:
        if self.qubits < 1:
            raise InputError(f"a circuit of {self.qubits} qubits", "Give 1 or more.")
        if self.features < 1:
            raise InputError(f"a circuit for {self.features} features", "Give 1 or more.")
        if self.amplitudes and self.features > 2**self.qubits:
            raise InputError(
                f"{self.features} features are too many amplitudes for {self.qubits} qubits",
                f"Give {(self.features - 1).bit_length()} qubits.",
            )
        for layer in self.layers:
            self._refuse_misfit(layer)
        self.readout.refuse_misfit(self.qubits)
        fields = (self.qubits, self.features, self.layers, self.readout, self.amplitudes, self.span)
        object.__setattr__(self, "_hash", hash(fields))

    def __hash__(self) -> int:
        """Taken once: circuits are static arguments of compiled functions and have thousands of angles."""
        return self._hash

    def _refuse_misfit(self, layer: Layer) -> None:
        if len(layer.encoder) != self.qubits:
            raise InputError(
                f"an encoder of {len(layer.encoder)} qubits in a circuit of {self.qubits}",
                "Give one sequence of rotations for each qubit, () for none.",
            )
        layer.entangler.refuse_misfit(self.qubits)
        for angle in _angles(layer):
            if angle.feature is not None and not 0 <= angle.feature < self.features:
                raise InputError(
                    f"an angle reads feature {angle.feature} of {self.features}", "Features count from 0."
                )

    @cached_property
    def parameters(self) -> int:
        """Number of trained parameters."""
        rotations = sum(angle.parameters for layer in self.layers for angle in _angles(layer))
        entanglers = sum(layer.entangler.parameters for layer in self.layers)
        return rotations + entanglers + self.readout.parameters

    @cached_property
    def rotations(self) -> int:
        """G: the most rotations that a qubit has in a layer."""
        return max((len(own) for layer in self.layers for own in layer.encoder), default=0)

    @property
    def outputs(self) -> int:
        """Numbers read for an event: 1 for trash qubits, else one for each Pauli string."""
        return self.readout.outputs

    def with_readout(self, readout: Trash | PauliStrings) -> Circuit:
        """The same circuit read in another way."""
        return replace(self, readout=readout)


def _angles(layer: Layer) -> list[Angle]:
    return [angle for own in layer.encoder for rotation in own for angle in rotation.angles]
