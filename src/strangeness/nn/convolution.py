"""Convolutions of small images with few channels, laid out with the events last so that CPUs are kept busy.

Inside, images have the axes (channels, height, width, events). A 3x3 convolution is then one matrix product:
the three column shifts of the input are stacked, three rows of the kernel are multiplied at once, and the
products are added with a shift in the rows. All else runs along the events. The gradient keeps the stack.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from strangeness.core.estimators import float_dtype

_SLOPE = 0.25  # of a new PReLU (arXiv:1502.01852, sec. 2.1)


@jax.custom_vjp
def convolve(x: Float[Array, "c h w n"], kernel: Float[Array, "3 3 c o"]) -> Float[Array, "o h w n"]:
    """3x3 cross-correlation with zeros around the image, so that its size stays."""
    return _product(_column_shifts(x), kernel, x.shape)


def _column_shifts(x: Array) -> Array:
    """(3 c, (h + 2) w n): each channel moved by -1, 0 and 1 columns, with an empty row above and below."""
    c, _, w, _ = x.shape
    around = jnp.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
    return jnp.concatenate([around[:, :, j : j + w] for j in range(3)]).reshape(3 * c, -1)


def _product(shifts: Array, kernel: Array, shape: tuple[int, ...]) -> Array:
    c, h, w, n = shape
    o = kernel.shape[3]
    rows = (kernel.transpose(0, 3, 1, 2).reshape(3 * o, 3 * c) @ shifts).reshape(3, o, h + 2, w, n)
    return rows[0, :, :h] + rows[1, :, 1 : h + 1] + rows[2, :, 2:]


def _forward(x: Array, kernel: Array) -> tuple[Array, tuple[Array, Array]]:
    shifts = _column_shifts(x)
    return _product(shifts, kernel, x.shape), (shifts, kernel)


def _backward(kept: tuple[Array, Array], slope: Array) -> tuple[Array, Array]:
    """The gradient of the input is the convolution of the slope with the turned kernel."""
    shifts, kernel = kept
    c, o = kernel.shape[2:]
    below = [jnp.pad(slope, ((0, 0), (i, 2 - i), (0, 0), (0, 0))) for i in range(3)]
    of_kernel = jnp.concatenate(below).reshape(3 * o, -1) @ shifts.T
    turned = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
    return convolve(slope, turned), of_kernel.reshape(3, o, 3, c).transpose(0, 2, 3, 1)


convolve.defvjp(_forward, _backward)


def _along(values: Array, x: Array) -> Array:
    """One value a channel, for the axes of ``x``."""
    return jnp.reshape(values, (-1,) + (1,) * (x.ndim - 1))


def _sums(x: Array) -> Array:
    """The sum of each channel, as a product: a plain sum adds one number after the other."""
    rows = x.reshape(len(x), -1)
    return rows @ jnp.ones(rows.shape[1], x.dtype)


@jax.custom_vjp
def _add(bias: Array, x: Array) -> Array:
    return x + _along(bias, x)


_add.defvjp(lambda bias, x: (_add(bias, x), None), lambda _, slope: (_sums(slope), slope))


@jax.custom_vjp
def _prelu(slope: Array, x: Array) -> Array:
    return jnp.where(x >= 0, x, _along(slope, x) * x)


def _prelu_backward(kept: tuple[Array, Array], change: Array) -> tuple[Array, Array]:
    slope, x = kept
    of_slope = _sums(jnp.where(x >= 0, 0.0, x * change))
    return of_slope, jnp.where(x >= 0, change, _along(slope, x) * change)


_prelu.defvjp(lambda slope, x: (_prelu(slope, x), (slope, x)), _prelu_backward)


class PReLU(eqx.Module):
    """x where x >= 0, else slope * x; one learnt slope for each channel (arXiv:1502.01852, eq. 1)."""

    slope: Float[Any, " c"]

    def __call__(self, x: Array) -> Array:
        return _prelu(jnp.asarray(self.slope), x)

    @classmethod
    def new(cls, channels: int) -> PReLU:
        """With the slopes that the paper starts from."""
        return cls(jnp.full(channels, _SLOPE, float_dtype()))


class Convolution(eqx.Module):
    """3x3 convolution with a bias; (c, h, w, n) to (o, h, w, n)."""

    kernel: Float[Any, "3 3 c o"]
    bias: Float[Any, " o"]

    def __call__(self, x: Float[Array, "c h w n"]) -> Float[Array, "o h w n"]:
        return _add(jnp.asarray(self.bias), convolve(x, jnp.asarray(self.kernel)))

    @classmethod
    def new(cls, rng: np.random.Generator, inputs: int, outputs: int) -> Convolution:
        """With the weights of He et al. (arXiv:1502.01852, eq. 10) and no bias."""
        kernel = rng.normal(scale=np.sqrt(2.0 / (9 * inputs)), size=(3, 3, inputs, outputs))
        return cls(jnp.asarray(kernel, float_dtype()), jnp.zeros(outputs, float_dtype()))


class DenseLast(eqx.Module):
    """W x + b with the events last; (inputs, n) to (outputs, n)."""

    weight: Float[Any, "outputs inputs"]
    bias: Float[Any, " outputs"]

    def __call__(self, x: Float[Array, "inputs n"]) -> Float[Array, "outputs n"]:
        return self.weight @ x + self.bias[:, None]

    @classmethod
    def new(cls, rng: np.random.Generator, inputs: int, outputs: int) -> DenseLast:
        """With the weights of He et al. (arXiv:1502.01852, eq. 10) and no bias."""
        weight = rng.normal(scale=np.sqrt(2.0 / inputs), size=(outputs, inputs))
        return cls(jnp.asarray(weight, float_dtype()), jnp.zeros(outputs, float_dtype()))


def average_pool(x: Float[Array, "c h w n"]) -> Float[Array, "c h/2 w/2 n"]:
    """Means of 2x2 pixels."""
    c, h, w, n = x.shape
    y = x.reshape(c, h // 2, 2, w // 2, 2, n)
    return 0.25 * (y[:, :, 0, :, 0] + y[:, :, 1, :, 0] + y[:, :, 0, :, 1] + y[:, :, 1, :, 1])


def upsample(x: Float[Array, "c h w n"]) -> Float[Array, "c 2h 2w n"]:
    """Every pixel four times."""
    c, h, w, n = x.shape
    return jnp.broadcast_to(x[:, :, None, :, None], (c, h, 2, w, 2, n)).reshape(c, 2 * h, 2 * w, n)


def in_slices(call: Callable[[Array], Array], x: Array, size: int) -> Array:
    """``call`` on ``size`` events of ``x`` (n, ...) at a time, so that what lies between stays in the cache.

    ``call`` gives an array (size, ...). The gradient calls it anew on each slice. A batch that is no multiple
    of ``size`` is taken whole.
    """
    if len(x) % size or len(x) == size:
        return call(x)
    parts = x.reshape(-1, size, *x.shape[1:])
    found = jax.lax.map(jax.checkpoint(call, prevent_cse=False), parts)
    return found.reshape(len(x), *found.shape[2:])
