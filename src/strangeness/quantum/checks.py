"""What is refused before any simulation: parameters and events that a circuit cannot take."""

from __future__ import annotations

from typing import Any

import numpy as np
from jax.core import Tracer

from strangeness.core.errors import InputError
from strangeness.quantum.circuit import Circuit

_EDGE = 1e-6
"""How far, in radians, a feature may lie beyond the span of its embedding: rounding in 32 bits."""


def refuse_parameters(circuit: Circuit, parameters: Any) -> None:
    """Raise ``InputError`` unless there are as many finite parameters as the circuit has.

    Parameters that JAX is tracing are taken as they are; so are events in ``refuse_events``.
    """
    if isinstance(parameters, Tracer):
        return
    values = np.asarray(parameters)
    if values.shape != (circuit.parameters,):
        raise InputError(
            f"parameters of shape {values.shape} for a circuit of {circuit.parameters}",
            f"Give one vector of {circuit.parameters} numbers.",
        )
    if not np.all(np.isfinite(values)):
        raise InputError(f"parameter {np.flatnonzero(~np.isfinite(values))[0]} is not finite", "Train again.")


def refuse_events(circuit: Circuit, x: Any) -> None:
    """Raise ``InputError`` unless ``x`` is (B, d), finite and inside the span of the embedding.

    Features that are amplitudes must not all be 0, since such an event has no state.
    """
    if isinstance(x, Tracer):
        return
    values = np.asarray(x)
    if values.ndim != 2 or values.shape[1] != circuit.features or len(values) == 0:
        raise InputError(
            f"events of shape {values.shape} for a circuit of {circuit.features} features",
            f"Give rows (events, {circuit.features}), one or more.",
        )
    _refuse_first(~np.isfinite(values), values, "finite", "Remove or repair NaN and infinite values first.")
    if circuit.amplitudes and not np.all(np.any(values != 0, axis=1)):
        event = int(np.flatnonzero(np.all(values == 0, axis=1))[0])
        raise InputError(f"all amplitudes of event {event} are 0", "Remove the event.")
    if circuit.span is not None:
        low, high = circuit.span
        outside = (values < low - _EDGE) | (values > high + _EDGE)
        where = f"within [{low:.4g}, {high:.4g}], the range of the embedding"
        _refuse_first(outside, values, where, "Scale the features first.")


def _refuse_first(wrong: Any, values: Any, demanded: str, remedy: str) -> None:
    if np.any(wrong):
        event, feature = map(int, np.argwhere(wrong)[0])
        value = values[event, feature]
        raise InputError(f"feature {feature} of event {event} is {value:.6g}, not {demanded}", remedy)


def refuse_shots(shots: int) -> None:
    """Raise ``InputError`` for fewer than one shot."""
    if shots < 1:
        raise InputError(f"{shots} shots", "Give 1 or more, or None for exact values.")
