"""Features to [0, 1] by the distribution of training events: quantiles in the middle, exponential tails."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.core.estimators import float_dtype

KNOTS, TAIL = 17, 0.02
_NARROW, _SMALLEST = 1e-3, 1e-30
"""Narrowest distance of knots, against the spread of the feature: equal values get a slope and not a step."""


class UnitScaling(eqx.Module):
    """The distribution function of each feature: linear between quantiles, exponential beyond the last.

    No event is clipped: an outlier comes near 0 or 1 and keeps its order up to rounding (which ends at about
    16 tail lengths in 32 bits), and ``log_slope`` falls linearly with its distance without an end.

    Attributes:
        knots: values (features, knots) of the quantiles, rising.
        levels: their levels (features, knots) in (0, 1).
        lengths: scale (features, 2) of the lower and the upper tail.
    """

    knots: Float[Any, "d knots"]
    levels: Float[Any, "d knots"]
    lengths: Float[Any, "d 2"]

    def __check_init__(self) -> None:
        if isinstance(self.lengths, np.ndarray) and not np.all(self.lengths > 0):
            raise InputError("a tail of a scaling that is not above 0", "Fit it again.")

    def __call__(self, x: Float[Any, "n d"]) -> Float[Any, "n d"]:
        """Features (n, d) in [0, 1]."""
        return _level(jnp, x, self.knots, self.levels, self.lengths)

    def on_host(self, x: NDArray[Any]) -> NDArray[np.floating]:
        """The same in NumPy, where there is nothing to compile."""
        fields = (np.asarray(field, np.float64) for field in (self.knots, self.levels, self.lengths))
        return _level(np, np.asarray(x, np.float64), *fields)

    def log_slope(self, x: Float[Any, "n d"]) -> Float[Any, "n d"]:
        """ln du/dx (n, d): the logarithm of each feature's own density."""
        edges = self.knots
        logs = jnp.log(jnp.diff(self.levels, axis=1) / jnp.diff(edges, axis=1))
        inside = (x[..., None] >= edges[:, :-1]) & (x[..., None] < edges[:, 1:])
        below, above = _beyond(jnp, x, edges, self.lengths)
        lower = jnp.log(self.levels[:, 0] / self.lengths[:, 0]) - below
        upper = jnp.log((1.0 - self.levels[:, -1]) / self.lengths[:, 1]) - above
        log = jnp.sum(jnp.where(inside, logs, 0.0), axis=-1)
        return jnp.where(x < edges[:, 0], lower, jnp.where(x >= edges[:, -1], upper, log))

    @classmethod
    def of(cls, x: NDArray[Any], weight: NDArray[Any] | None = None) -> UnitScaling:
        """Fitted to rows (n, d) with non-negative weights (n,)."""
        weight = np.ones(len(x)) if weight is None else weight
        fitted = [_fitted(np.asarray(column, np.float64), weight) for column in np.asarray(x).T]
        return cls(*(np.asarray(part, float_dtype()) for part in zip(*fitted, strict=True)))


def _level(xp: Any, x: Any, knots: Any, levels: Any, lengths: Any) -> Any:
    """u (n, d) in NumPy or JAX: a sum of ramps between the knots, and what the tails add or take."""
    widths = knots[:, 1:] - knots[:, :-1]
    ramps = xp.clip((x[..., None] - knots[:, :-1]) / widths, 0.0, 1.0)
    inside = levels[:, 0] + xp.sum(ramps * (levels[:, 1:] - levels[:, :-1]), axis=-1)
    below, above = _beyond(xp, x, knots, lengths)
    lower, upper = levels[:, 0] * xp.expm1(-below), (1.0 - levels[:, -1]) * xp.expm1(-above)
    return xp.clip(inside + lower - upper, 0.0, 1.0)


def _beyond(xp: Any, x: Any, knots: Any, lengths: Any) -> tuple[Any, Any]:
    """How many tail lengths x lies below the first knot and above the last."""
    below = xp.maximum(knots[:, 0] - x, 0.0) / lengths[:, 0]
    return below, xp.maximum(x - knots[:, -1], 0.0) / lengths[:, 1]


def _fitted(x: NDArray[np.float64], weight: NDArray[Any]) -> tuple[Any, Any, Any]:
    """Knots, levels and tail lengths of one feature; the tails have the mean excess of the events there."""
    x, weight = x[weight > 0], weight[weight > 0] / np.sum(weight)
    order = np.argsort(x, kind="stable")
    x, weight = x[order], weight[order]
    levels = np.linspace(TAIL, 1.0 - TAIL, KNOTS)
    knots = np.interp(levels, np.cumsum(weight) - 0.5 * weight, x)
    spread = float(x[-1] - x[0])
    # 32-bit knots must differ too, also where the feature is far from zero.
    least = max(_NARROW * spread, 1e-5 * float(np.max(np.abs(x))), _SMALLEST)
    knots = _apart(knots, least if spread > 0 else max(least, 1.0))
    lengths = [_excess(knots[0] - x, weight, least), _excess(x - knots[-1], weight, least)]
    return knots, levels, np.maximum(lengths, (knots[-1] - knots[0]) / KNOTS)


def _apart(knots: NDArray[np.float64], least: float) -> NDArray[np.float64]:
    """Rising knots of at least this distance, spread evenly around those that were closer."""
    steps = np.arange(len(knots)) * least
    rising = np.maximum.accumulate(knots - steps) + steps
    falling = np.minimum.accumulate((knots - steps)[::-1])[::-1] + steps
    return 0.5 * (rising + falling)


def _excess(beyond: NDArray[np.float64], weight: NDArray[Any], least: float) -> float:
    outside = beyond > 0
    return (
        max(float(np.average(beyond[outside], weights=weight[outside])), least) if np.any(outside) else least
    )
