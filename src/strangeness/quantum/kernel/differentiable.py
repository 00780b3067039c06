"""The kernel inside JAX: jitted, scanned and differentiated like any other function.

Where XLA's interface is the known one, XLA calls the compiled code itself; elsewhere, and for several
threads, the host does (``jax.pure_callback``). Under ``vmap`` over parameters the calls are made one after
the other.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax.custom_derivatives import SymbolicZero

from strangeness.core.errors import InputError, nearest
from strangeness.quantum.kernel import xla
from strangeness.quantum.kernel.engine import Engine
from strangeness.quantum.kernel.modes import CHAIN, INPUTS, VALUE, VECTOR

Route = Literal["auto", "ffi", "callback"]
ROUTES = ("auto", "ffi", "callback")


def expectations(engine: Engine, weight: Any, bias: Any, x: Any, *, route: Route = "auto") -> jax.Array:
    """Expectations, shape (B,), with derivatives by weight, bias and x.

    The forward pass of a gradient computes the derivatives by the generators of each event; the backward pass
    only applies the chain rule, once it knows the cotangent.

    Args:
        engine: the circuit; the same object should be used for every call, since each is compiled for.
        weight: (L, n, G, 3).
        bias: (L, n, G, 3), radians.
        x: (B, n, G, 3).
        route: "ffi", "callback", or what is possible and fastest.

    Raises:
        InputError: for a route that is unknown or not possible here, and for 64 bits where JAX has 32.
    """
    return _expectations(engine, _checked(engine, route), *_floats(engine, weight, bias, x))


def weighted_sum(
    engine: Engine, weight: Any, bias: Any, x: Any, cotangent: Any, *, route: Route = "auto"
) -> tuple[jax.Array, jax.Array]:
    """sum over b of cotangent_b value_b, and the values (B,), which are not differentiated.

    The quickest training step: with the weights of the events known before, one pass gives the sum and its
    derivatives by weight, bias and x. Arguments as those of ``expectations``, and cotangent: (B,).

    Raises:
        InputError: for a route that is unknown or not possible here, and for 64 bits where JAX has 32.
    """
    arrays = _floats(engine, weight, bias, x, cotangent)
    return _weighted_sum(engine, _checked(engine, route), *arrays)


def _checked(engine: Engine, route: str) -> str:
    if route not in ROUTES:
        raise InputError(f"unknown route {route!r}", nearest(route, ROUTES))
    if engine.bits == 64 and jax.dtypes.canonicalize_dtype(np.float64) != np.float64:
        raise InputError("a circuit of 64 bits where JAX has 32", "Set jax_enable_x64, or bits=32.")
    possible = xla.supported() and engine.bits == 32
    if route == "auto":
        return "ffi" if possible and engine.threads == 1 else "callback"
    if route == "ffi" and not possible:
        raise InputError("the route 'ffi'", "It needs single precision, the CPU and a known version of XLA.")
    return route


def _floats(engine: Engine, *arrays: Any) -> list[jax.Array]:
    return [jnp.asarray(array, jnp.float32 if engine.bits == 32 else jnp.float64) for array in arrays]


def _call(
    engine: Engine, route: str, mode: int, weight: Any, bias: Any, x: Any, *more: Any
) -> list[jax.Array]:
    shapes = engine.result_shapes(len(x), mode)
    results = [jax.ShapeDtypeStruct(shape, weight.dtype) for shape in shapes]
    given = [weight, bias, x, *more, *[jnp.zeros(1, weight.dtype)] * (2 - len(more))]
    if route == "callback":
        host = partial(_on_host, engine, mode)
        return list(jax.pure_callback(host, results, *given, vmap_method="sequential"))
    name = xla.registered(engine.lanes)
    fixed = [jnp.asarray(table) for table in (engine.sizes(len(x), mode), *engine.tables)]
    return list(jax.ffi.ffi_call(name, results, vmap_method="sequential")(*fixed, *given))


def _on_host(engine: Engine, mode: int, *given: Any) -> list[Any]:
    return engine.run(mode, *(np.ascontiguousarray(array) for array in given))


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _expectations(engine: Engine, route: str, weight: Any, bias: Any, x: Any) -> jax.Array:
    return _call(engine, route, VALUE, weight, bias, x)[0]


def _expectations_forward(engine: Engine, route: str, *primals: Any) -> tuple[jax.Array, Any]:
    arrays = [primal.value for primal in primals]
    values, vector, *_ = _call(engine, route, VALUE | VECTOR, *arrays)
    # An empty tuple or a full one: the structure says whether the derivative by x is wanted.
    return values, (arrays, vector, ((),) if primals[2].perturbed else ())


def _expectations_backward(engine: Engine, route: str, kept: Any, cotangent: Any) -> tuple[Any, ...]:
    arrays, vector, wanted = kept
    if isinstance(cotangent, SymbolicZero):
        cotangent = jnp.zeros_like(kept[0][2][:, 0, 0, 0])
    mode = CHAIN | (INPUTS if wanted else 0)
    _, _, weight, bias, x = _call(engine, route, mode, *arrays, cotangent, vector)
    return weight, bias, x if wanted else jnp.zeros_like(arrays[2])


_expectations.defvjp(_expectations_forward, _expectations_backward, symbolic_zeros=True)


@partial(jax.custom_vjp, nondiff_argnums=(0, 1))
def _weighted_sum(
    engine: Engine, route: str, weight: Any, bias: Any, x: Any, cotangent: Any
) -> tuple[jax.Array, jax.Array]:
    values = _call(engine, route, VALUE, weight, bias, x)[0]
    return values @ cotangent, values


def _weighted_sum_forward(engine: Engine, route: str, *primals: Any) -> tuple[Any, Any]:
    *arrays, cotangent = [primal.value for primal in primals]
    mode = VALUE | VECTOR | CHAIN | (INPUTS if primals[2].perturbed else 0)
    values, _, weight, bias, x = _call(engine, route, mode, *arrays, cotangent)
    x = x if mode & INPUTS else jnp.zeros_like(arrays[2])
    return (values @ cotangent, values), (weight, bias, x, values)


def _weighted_sum_backward(engine: Engine, route: str, kept: Any, cotangents: Any) -> tuple[Any, ...]:
    outer = cotangents[0]
    if isinstance(outer, SymbolicZero):
        outer = jnp.zeros((), kept[0].dtype)
    return tuple(outer * array for array in kept)


_weighted_sum.defvjp(_weighted_sum_forward, _weighted_sum_backward, symbolic_zeros=True)
