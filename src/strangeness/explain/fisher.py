"""Fisher information of a classifier, its spectrum, and the effective dimension (arXiv:2011.00027)."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array
from numpy.typing import NDArray
from scipy.special import logsumexp

from strangeness.core.errors import InputError

LogProbabilities = Callable[[Any, Any], Array]
"""(model, x (n, ...)) -> ln p(label | x), (n, labels)."""


def fisher_information(log_probabilities: LogProbabilities, model: Any, x: Any) -> NDArray[np.float64]:
    """F = mean over x of sum over y of p(y|x) grad ln p(y|x) grad ln p(y|x)^T, (parameters, parameters).

    Labels are summed over and not drawn, so that the only sample is that of the events. The parameters are
    the floating arrays of the model, in the order of its leaves. Gradients through an isometric ``Stack`` are
    those along the isometries: the other directions have eigenvalue 0.

    Args:
        log_probabilities: one object for all calls (a module-level function), or every call compiles again.
        model: an Equinox module.
        x: events (n, ...).

    Raises:
        InputError: for no event, or a gradient that is not finite.
    """
    if len(x) == 0:
        raise InputError("a Fisher information of no event", "Give at least one.")
    params, static = eqx.partition(model, eqx.is_inexact_array)
    scaled = np.asarray(_gradients(params, static, log_probabilities, jnp.asarray(x)), np.float64)
    if not np.all(np.isfinite(scaled)):
        raise InputError(
            "a gradient of the probabilities is not finite", "Give probabilities that stay above 0."
        )
    return scaled.T @ scaled / len(x)


@eqx.filter_jit
def _gradients(params: Any, static: Any, log_probabilities: LogProbabilities, x: Any) -> Array:
    """sqrt(p) grad ln p of all events and labels (n * labels, parameters)."""
    flat, unravel = ravel_pytree(params)

    def logs(flat: Array, one: Any) -> Array:
        return log_probabilities(eqx.combine(unravel(flat), static), one[None])[0]

    def of_event(one: Any) -> Array:
        return jnp.exp(0.5 * logs(flat, one))[:, None] * jax.jacrev(logs)(flat, one)

    return jax.vmap(of_event)(x).reshape(-1, flat.size)


def spectrum(fisher: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Eigenvalues (..., p) of Fisher matrices (..., p, p), falling, none below 0."""
    return np.maximum(np.linalg.eigvalsh(np.asarray(fisher, np.float64)), 0.0)[..., ::-1]


def normalised(fishers: NDArray[np.floating[Any]], free: int | None = None) -> NDArray[np.float64]:
    """Fisher matrices (draws, p, p) scaled to a mean trace of ``free``, the parameters that can be chosen.

    Args:
        fishers: at random parameters.
        free: p if left out; fewer where constraints tie the parameters.

    Raises:
        InputError: for another shape, and for matrices that all vanish.
    """
    stack = np.asarray(fishers, np.float64)
    if stack.ndim != 3 or stack.shape[1] != stack.shape[2] or len(stack) == 0:
        raise InputError(f"Fisher matrices of shape {stack.shape}", "Give (draws, parameters, parameters).")
    trace = float(np.mean(np.trace(stack, axis1=1, axis2=2)))
    if not trace > 0:
        raise InputError(f"Fisher matrices with a mean trace of {trace:g}", "The model does not react.")
    return stack * ((stack.shape[1] if free is None else free) / trace)


def effective_dimension(
    fishers: NDArray[np.floating[Any]], n: int, *, gamma: float = 1.0, free: int | None = None
) -> float:
    """The effective dimension of a model for ``n`` events (arXiv:2011.00027, its definition of d_{gamma, n}).

    2 ln(mean of sqrt det(1 + k F)) / ln k with k = gamma n / (2 pi ln n) and the normalised F. It
    tends to the rank of F as n grows.

    Args:
        fishers: (draws, p, p) at parameters drawn uniformly, such as ``fisher_information`` gives.
        n: number of events that the model is to be trained on.
        gamma: in (0, 1].
        free: as for ``normalised``.

    Raises:
        InputError: for a gamma outside (0, 1], so few events that k is not above 1, and what ``normalised``
            refuses.
    """
    if not 0 < gamma <= 1:
        raise InputError(f"a gamma of {gamma:g}", "Give more than 0 and at most 1.")
    k = gamma * n / (2.0 * np.pi * math.log(n)) if n > 1 else 0.0
    if not k > 1:
        raise InputError(f"an effective dimension for {n} events", "Give so many that gamma n > 2 pi ln n.")
    values = spectrum(normalised(fishers, free))
    halves = 0.5 * np.sum(np.log1p(k * values), axis=1)
    return float(2.0 * (logsumexp(halves) - np.log(len(halves))) / np.log(k))
