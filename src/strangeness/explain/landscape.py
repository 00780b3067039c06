"""Flat landscapes: how gradients at random starts vanish with the size (arXiv:1803.11173)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError

Value = Callable[[Any, Any], Array]
"""(model, x (n, ...)) -> one number an event (n,), such as a probability or a loss."""


def gradient_variance(value: Value, draws: Sequence[Any], x: Any) -> NDArray[np.float64]:
    """Variance (parameters,) over random starts of each derivative of ``value``, averaged over the events.

    Args:
        value: one object for all calls (a module-level function), or every call compiles again.
        draws: two models or more that differ in their parameters alone.
        x: events (n, ...).

    Raises:
        InputError: for fewer than two draws, or a gradient that is not finite.
    """
    if len(draws) < 2:
        raise InputError(f"a variance over {len(draws)} draws", "Give at least 2.")
    params, (static, *_) = zip(*(eqx.partition(model, eqx.is_inexact_array) for model in draws), strict=True)
    stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *params)
    gradients = np.asarray(_gradients(stacked, static, value, jnp.asarray(x)))
    if not np.all(np.isfinite(gradients)):
        raise InputError("a gradient at a random start is not finite", "Give values that stay finite.")
    return np.mean(np.var(np.asarray(gradients, np.float64), axis=0, ddof=1), axis=0)


@eqx.filter_jit
def _gradients(stacked: Any, static: Any, value: Value, x: Any) -> Array:
    """Derivatives (draws, n, parameters), one draw after the other."""

    def of_event(params: Any, one: Any) -> Array:
        return value(eqx.combine(params, static), one[None])[0]

    def of_draw(params: Any) -> Array:
        gradients = jax.vmap(jax.grad(of_event), in_axes=(None, 0))(params, x)
        return jax.vmap(lambda gradient: ravel_pytree(gradient)[0])(gradients)

    return jax.lax.map(of_draw, stacked)


@dataclass(frozen=True)
class Decay:
    """How a variance falls with the size.

    Attributes:
        rate: of ln(variance) a site, of the best exponential.
        power: of the best power law.
        exponential: root mean square of what the exponential leaves of ln(variance).
        polynomial: the same of the power law; where it is the smaller of both, the landscape is not barren.
    """

    rate: float
    power: float
    exponential: float
    polynomial: float


def decay(sizes: ArrayLike, variance: ArrayLike) -> Decay:
    """Both laws fitted to variances (k,) at sizes (k,) by least squares in the logarithm.

    Raises:
        InputError: for fewer than three sizes, or numbers that are not above 0.
    """
    size, seen = np.asarray(sizes, np.float64), np.asarray(variance, np.float64)
    if size.ndim != 1 or size.shape != seen.shape or len(size) < 3 or min(size.min(), seen.min()) <= 0:
        raise InputError(
            f"variances {seen.tolist()} at sizes {size.tolist()}", "Give three or more, all above 0."
        )
    rate, left = _line(size, np.log(seen))
    power, rest = _line(np.log(size), np.log(seen))
    return Decay(rate, power, left, rest)


def _line(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float]:
    """Slope, and the root mean square of the residuals."""
    slope, level = np.polyfit(x, y, 1)
    return float(slope), float(np.sqrt(np.mean((y - slope * x - level) ** 2)))
