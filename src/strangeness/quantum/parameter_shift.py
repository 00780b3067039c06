"""Gradients by the parameter-shift rule, from values of the circuit alone as on a device (arXiv:1811.11184).

Every angle enters by exp(-i t P / 2), so a derivative is half the difference of two values a quarter turn
apart. The angle of CRX has the generator of a projector times X and needs four (arXiv:2104.05695, eq. 4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpy.typing import NDArray

from strangeness.quantum.checks import refuse_events, refuse_parameters
from strangeness.quantum.circuit import Circuit
from strangeness.quantum.layout import Angles, layout_of
from strangeness.quantum.statevector import angles_of, reading_of

Read = Callable[[Circuit, Angles, Any], Any]
"""(circuit, angles of one event, event) -> what is read (k,)."""
_reading = jax.jit(reading_of, static_argnums=0)
_TWO = ((math.pi / 2, 0.5),)
_ROOT = math.sqrt(2.0)
_FOUR = ((math.pi / 2, (_ROOT + 1) / (4 * _ROOT)), (3 * math.pi / 2, -(_ROOT - 1) / (4 * _ROOT)))
"""(shift, factor of the difference of the values at plus and minus the shift)."""


def shift_gradient(
    circuit: Circuit, parameters: Any, x: Any, read: Read = _reading
) -> Float[NDArray[np.floating[Any]], "n k p"]:
    """The derivative (B, k, p) of what is read of events (B, d) by each parameter.

    Args:
        circuit: any circuit.
        parameters: (p,).
        x: events (B, d).
        read: how a value is found from angles; exact by default.

    Raises:
        InputError: for what ``checks`` refuses.
    """
    refuse_parameters(circuit, parameters)
    refuse_events(circuit, x)
    x = jnp.asarray(x, float)
    return np.stack([_of_event(circuit, jnp.asarray(parameters, float), event, read) for event in x])


def _of_event(circuit: Circuit, parameters: Array, event: Array, read: Read) -> NDArray[Any]:
    angles, pull = jax.vjp(lambda p: angles_of(circuit, p, event), parameters)
    slopes = _slopes(circuit, angles, event, read)
    # The angles are affine in the parameters: their transpose takes slopes by angles to slopes by parameters.
    return np.stack(
        [np.asarray(pull(jax.tree.map(lambda leaf, k=k: leaf[k], slopes))[0]) for k in range(circuit.outputs)]
    )


def _slopes(circuit: Circuit, angles: Angles, event: Array, read: Read) -> Angles:
    """The derivative (k, ...) by every angle that depends on a parameter; 0 for the others."""
    found = [np.zeros((circuit.outputs, *leaf.shape)) for leaf in angles]
    for part, place, rule in _trained(circuit):
        for shift, factor in rule:
            up, down = (read(circuit, _moved(angles, part, place, sign * shift), event) for sign in (1, -1))
            found[part][(slice(None), *place)] += factor * (np.asarray(up) - np.asarray(down))
    return Angles(*(jnp.asarray(leaf, angles.rotations.dtype) for leaf in found))


def _trained(circuit: Circuit) -> Any:
    """(part of the angles, place in it, rule) of each angle that depends on a parameter."""
    layout = layout_of(circuit)
    moving = np.minimum(layout.weight, layout.bias) < layout.parameters
    yield from ((0, tuple(place), _TWO) for place in np.argwhere(moving))
    for index, layer in enumerate(circuit.layers):
        rule = _FOUR if layer.entangler.gate == "CRX" else _TWO
        yield from ((1, (index, number), rule) for number in range(layer.entangler.parameters))
    yield from ((2, tuple(place), _TWO) for place in np.argwhere(layout.reference >= 0))


def _moved(angles: Angles, part: int, place: tuple[Any, ...], shift: float) -> Angles:
    leaves = list(angles)
    leaves[part] = leaves[part].at[place].add(shift)
    return Angles(*leaves)
