"""Energy mover's distances with entropy, for padded jets: differentiable, so fit to be a training loss."""

from __future__ import annotations

import math
from functools import partial

import jax
import jax.numpy as jnp
from jax.scipy.special import logsumexp
from jaxtyping import Array, ArrayLike, Float

from strangeness.core.errors import InputError

_DECAY = 0.9
_TINY = 1e-30


def sinkhorn_distance(
    x: Float[ArrayLike, "n m 3"],
    y: Float[ArrayLike, "n k 3"],
    *,
    radius: float = 1.0,
    epsilon: float = 0.01,
    iterations: int = 1000,
    threshold: float = 1e-3,
    normalised: bool = True,
    debiased: bool = True,
) -> Float[Array, " n"]:
    """The entropic distance of jet i of ``x`` to jet i of ``y``, shape (n,).

    It is min over f of sum_ij f_ij dR_ij / radius + epsilon KL(f | a b), with the shares a and b of the jets'
    pt (arXiv:1306.0895), in the log domain. It lies above the energy mover's distance by at most epsilon
    times the smaller entropy of the two. Debiased, half the distances of x and of y to themselves are taken
    away (arXiv:1810.08278, eq. 3), which makes it 0 for equal jets. Value and gradient are as exact as
    ``threshold``. An empty jet is treated as one whose pt lies at the distance 1 from all particles.

    It can be jitted, mapped and differentiated in both jets; coinciding particles get no gradient from each
    other.

    Args:
        x: pt [GeV], eta and phi of particles; those without pt are no particles, wherever they are.
        y: the same for as many jets.
        radius: the distance at which moving costs as much as creating.
        epsilon: weight of the entropy, in units of ``radius``.
        iterations: the most of them; epsilon falls from 1 by a tenth in each.
        threshold: largest sum of violated constraints, as a share of the pt, at which the iterations end.
        normalised: compare shares of pt; else in GeV, with the difference of the jets' pt added.
        debiased: as above.

    Raises:
        InputError: for other shapes or options out of range.
    """
    jets = jnp.asarray(x), jnp.asarray(y)
    shapes = [jet.shape for jet in jets]
    if any(len(shape) != 3 or shape[2] != 3 for shape in shapes) or shapes[0][0] != shapes[1][0]:
        raise InputError(f"jets of shapes {shapes[0]} and {shapes[1]}", "Give (n, m, 3) and (n, k, 3).")
    if not all(0.0 < value < math.inf for value in (radius, epsilon, threshold)) or iterations < 1:
        raise InputError(
            f"radius {radius}, epsilon {epsilon}, threshold {threshold}, {iterations} iterations",
            "All must be positive.",
        )
    options = float(radius), float(epsilon), int(iterations), float(threshold)
    return _distances(*jets, options, bool(normalised), bool(debiased))


@partial(jax.jit, static_argnames=("options", "normalised", "debiased"))
def _distances(x: Array, y: Array, options: tuple[float, ...], normalised: bool, debiased: bool) -> Array:
    most = max(x.shape[1], y.shape[1])
    x, y = (jnp.pad(jets, ((0, 0), (0, most - jets.shape[1]), (0, 0))) for jets in (x, y))
    total, a, b = jax.vmap(partial(_shares, normalised=normalised))(x[..., 0], y[..., 0])
    transport = jax.vmap(partial(_transport, options=options))
    if not debiased:
        return transport(x, y, a, b) * total
    # one call for the three, which compiles faster
    jets, shares = (jnp.concatenate([one, one, other]) for one, other in ((x, y), (a, b)))
    others, to = (jnp.concatenate([other, one, other]) for one, other in ((x, y), (a, b)))
    apart, first, second = transport(jets, others, shares, to).reshape(3, -1)
    return (apart - 0.5 * (first + second)) * total


def _shares(pt1: Array, pt2: Array, normalised: bool) -> tuple[Array, Array, Array]:
    """The heavier total and the shares of it; a last place holds what a jet lacks."""
    if normalised:
        pt1, pt2 = (pt / jnp.where(pt.sum() > 0, pt.sum(), 1.0) for pt in (pt1, pt2))
    sums = pt1.sum(), pt2.sum()
    total = jnp.maximum(*sums)
    # two empty jets have all of nothing in the last place
    safe, nothing = jnp.where(total > 0, total, 1.0), (total == 0).astype(total.dtype)
    shares = [
        jnp.append(pt, jnp.maximum(total - mine, 0.0) + nothing) / safe
        for pt, mine in zip((pt1, pt2), sums, strict=True)
    ]
    # the logarithm of nothing has no derivative
    a, b = (jnp.maximum(share, _TINY) for share in shares)
    return total, a, b


def _transport(x: Array, y: Array, a: Array, b: Array, options: tuple[float, ...]) -> Array:
    """The cost with entropy between two sets of shares; its gradient is that at the found optimum."""
    radius, epsilon = options[:2]
    costs = _costs(x, y, radius)
    f, g = jax.lax.stop_gradient(_potentials(*jax.lax.stop_gradient((costs, a, b)), options))
    # 1 at the optimum, but its derivative by the costs is the transport (Danskin's theorem)
    moved = jnp.sum(a[:, None] * b * jnp.exp((f[:, None] + g - costs) / epsilon))
    return a @ f + b @ g - epsilon * (moved - 1.0)


def _potentials(costs: Array, a: Array, b: Array, options: tuple[float, ...]) -> tuple[Array, Array]:
    """Iterations in turns (arXiv:1306.0895) on the logarithms, with epsilon falling from 1."""
    _, epsilon, iterations, threshold = options
    log_a, log_b = jnp.log(a), jnp.log(b)

    def going_on(state: tuple[Array, ...]) -> Array:
        step, _, _, error = state
        return (step < iterations) & (error > threshold)

    def turn(state: tuple[Array, ...]) -> tuple[Array, ...]:
        step, f, g, _ = state
        now = jnp.maximum(epsilon, _DECAY**step).astype(costs.dtype)
        log_sum = logsumexp((g - costs) / now + log_b, axis=1)
        # what leaves each place under the old f, against what it has
        error = jnp.sum(a * jnp.abs(jnp.exp(f / now + log_sum) - 1.0))
        f = -now * log_sum
        g = -now * logsumexp((f[:, None] - costs) / now + log_a[:, None], axis=0)
        return step + 1, f, g, jnp.where(now > epsilon, jnp.inf, error)

    start = jnp.zeros((), jnp.int32), jnp.zeros_like(a), jnp.zeros_like(b), jnp.asarray(jnp.inf, a.dtype)
    _, f, g, _ = jax.lax.while_loop(going_on, turn, start)
    return f, g


def _costs(x: Array, y: Array, radius: float) -> Array:
    """dR / radius; the last places are at the distance 1 from all particles and 0 from each other."""
    turn = x[:, None, 2] - y[None, :, 2]
    turn = turn - 2 * jnp.pi * jnp.round(turn / (2 * jnp.pi))
    squared = (x[:, None, 1] - y[None, :, 1]) ** 2 + turn**2
    apart = squared > 0
    # the root has no derivative at 0, and one of infinity times 0 is NaN
    costs = jnp.where(apart, jnp.sqrt(jnp.where(apart, squared, 1.0)), 0.0) / radius
    return jnp.pad(costs, ((0, 1), (0, 1)), constant_values=1.0).at[-1, -1].set(0.0)
