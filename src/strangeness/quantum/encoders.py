"""Encoders: how the features of an event become angles of rotations, alone or beside trained angles."""

from __future__ import annotations

import math
from collections.abc import Sequence

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import TRAINED, Angle, Encoder, Rotation, Trained

SPAN = (-math.pi, math.pi)
"""A rotation about one axis takes angles in here to different states, and repeats itself beyond."""
_REST = Angle(weight=0.0)
_FREE = Angle(weight=0.0, bias=TRAINED)


def angle_encoder(features: Sequence[int], axis: str = "X") -> Encoder:
    """One rotation a qubit by one feature as it is, R(x[feature]); ``features`` names that of each qubit."""
    return tuple((Rotation(axis, (Angle(feature),)),) for feature in features)


def trained_encoder(qubits: int, axis: str = "ZYZ") -> Encoder:
    """One rotation a qubit by trained angles alone."""
    own = Rotation(axis, (_FREE,) * (3 if axis == "ZYZ" else 1))
    return ((own,),) * qubits


def uploading_encoder(groups: Sequence[Sequence[int]]) -> Encoder:
    """All features of a group on its qubit, three in each Rot, every angle b + w x with both trained.

    Features are phi, theta, omega of one Rot after the other; angles that are left over in the last are 0.
    A print of this scheme has U(b + w + x), in which w would be redundant; b + w x is what the re-uploading
    that it cites has (arXiv:1907.02085, eq. 5) and what its count of parameters fits.
    """
    return tuple(_uploads(group, TRAINED, _REST, (0, 1, 2)) for group in groups)


def general_encoder(groups: Sequence[Sequence[int]], *, trained: bool) -> Encoder:
    """The features of a group on its qubit as theta, omega and phi of one Rot after the other.

    For groups of few features: phi alone would turn |0> into itself. With ``trained`` the angles are b + w x
    and those that are left over trained biases; without, they are x and 0.
    """
    given, rest = (TRAINED, _FREE) if trained else (None, _REST)
    return tuple(_uploads(group, given, rest, (2, 0, 1)) for group in groups)


def _uploads(
    group: Sequence[int], given: Trained | None, rest: Angle, order: tuple[int, int, int]
) -> tuple[Rotation, ...]:
    """Rotations whose phi, theta and omega are angles ``order`` of every three."""
    angles = [Angle(feature, given, given) if given else Angle(feature) for feature in group]
    angles += [rest] * (-len(angles) % 3)
    return tuple(
        Rotation("ZYZ", tuple(angles[first + place] for place in order)) for first in range(0, len(angles), 3)
    )


def then(*encoders: Encoder) -> Encoder:
    """Encoders of the same qubits one after the other, without an entangler between them."""
    return tuple(sum(parts, ()) for parts in zip(*encoders, strict=True))


def dealt(features: int, qubits: int) -> tuple[tuple[int, ...], ...]:
    """Features dealt to the qubits like cards; where they do not suffice, they start again from the first."""
    return tuple(tuple(range(q, features, qubits)) or (q % features,) for q in range(qubits))


def patches(shape: tuple[int, int], size: tuple[int, int]) -> tuple[tuple[int, ...], ...]:
    """The pixels of each patch of an image, row by row; pixels count along the rows of the image.

    Args:
        shape: height and width of the image.
        size: height and width of a patch.

    Raises:
        InputError: when the patches do not tile the image.
    """
    (height, width), (tall, wide) = shape, size
    if min(*shape, *size) < 1 or height % tall or width % wide:
        raise InputError(
            f"patches of {tall} x {wide} pixels do not tile an image of {height} x {width}",
            "Give a height and a width that divide those of the image.",
        )
    corners = ((top, left) for top in range(0, height, tall) for left in range(0, width, wide))
    return tuple(
        tuple((top + i) * width + left + j for i in range(tall) for j in range(wide)) for top, left in corners
    )
