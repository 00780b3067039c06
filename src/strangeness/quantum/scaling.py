"""Features to angles: a scaling fitted on the training events that never leaves the range of an embedding."""

from __future__ import annotations

import math
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from numpy.typing import NDArray

from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import float_dtype

SCALINGS = ("logistic", "range", "none")


class AngleScaling(eqx.Module):
    """Features (n, d) to angles in [0, width], or as they are.

    * logistic: width / (1 + exp(-(x - mean) / deviation)), with the mean and the standard deviation of the
      training events: keeps the order of all events, however far out, and never wraps around;
    * range: width (x - min) / (max - min), cut off at 0 and width: events beyond the training events look
      like the outermost of them;
    * none: features are angles in radians already.
    """

    centre: Float[Any, " d"]
    scale: Float[Any, " d"]
    kind: str = eqx.field(static=True)
    width: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        _refuse_unknown(self.kind)
        if isinstance(self.scale, np.ndarray) and not np.all(self.scale > 0):
            raise InputError("a scale of features that is not above 0", "Fit it again.")

    def __call__(self, x: Any, xp: Any = jnp) -> Any:
        """Angles (n, d); ``xp`` is JAX or NumPy."""
        if self.kind == "none":
            return xp.asarray(x)
        z = (x - self.centre) / self.scale
        share = 0.5 * (1.0 + xp.tanh(0.5 * z)) if self.kind == "logistic" else xp.clip(z, 0.0, 1.0)
        return self.width * share

    @classmethod
    def of(
        cls,
        x: NDArray[Any],
        weight: NDArray[Any],
        kind: str = "logistic",
        *,
        width: float = math.pi,
        common: bool = False,
    ) -> AngleScaling:
        """Fitted to rows (n, d) with non-negative weights (n,).

        Args:
            x: features.
            weight: events of weight 0 have no influence.
            kind: a name in ``SCALINGS``.
            width: largest angle, radians.
            common: one scale for all features, from 0: for the pixels of an image.

        Raises:
            InputError: for an unknown kind.
        """
        _refuse_unknown(kind)
        used = x[weight > 0]
        if kind == "logistic":
            centre = np.average(x, axis=0, weights=weight)
            scale = np.sqrt(np.average((x - centre) ** 2, axis=0, weights=weight))
        else:
            centre = np.min(used, axis=0)
            scale = np.max(used, axis=0) - centre
        if common:
            centre, scale = np.zeros_like(centre), np.full_like(scale, np.max(used))
        scale = np.where(scale > 1e-12 * np.maximum(np.abs(centre), 1.0), scale, 1.0)
        return cls(centre.astype(float_dtype()), scale.astype(float_dtype()), kind, float(width))


def _refuse_unknown(kind: str) -> None:
    if kind not in SCALINGS:
        raise InputError(f"unknown scaling {kind!r}", nearest(kind, SCALINGS))
