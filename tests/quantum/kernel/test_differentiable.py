"""The kernel inside JAX: both routes, every transformation."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.quantum.entanglers import entangler
from strangeness.quantum.kernel import trash_projector, xla
from strangeness.quantum.kernel.differentiable import expectations, weighted_sum
from strangeness.quantum.kernel.modes import XLA_VERSION
from tests.quantum.kernel.simulator import problem

CASE = problem(4, 3, 2, 21, (entangler("ring", 4),), trash_projector([0, 1], 4))
ENGINE = CASE.engine()
ARRAYS = tuple(map(jnp.asarray, (CASE.weight, CASE.bias, CASE.x)))
ROUTES = ["ffi", "callback"] if xla.supported() else ["callback"]


def expected():
    return ENGINE.step(CASE.weight, CASE.bias, CASE.x, CASE.cotangent, with_x=True)


def close(found, wanted) -> None:
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=2e-6)


def test_this_jax_has_the_known_interface_or_falls_back() -> None:
    version = xla.installed_version()
    assert version is not None and xla.supported() == (version == XLA_VERSION)


@pytest.mark.parametrize("route", ROUTES)
def test_values_and_gradients_under_jit(route) -> None:
    def loss(weight, bias, x):
        return expectations(ENGINE, weight, bias, x, route=route) @ CASE.cotangent

    step = expected()
    np.testing.assert_array_equal(
        jax.jit(lambda *a: expectations(ENGINE, *a, route=route))(*ARRAYS), step.values
    )
    close(jax.jit(jax.grad(loss, (0, 1, 2)))(*ARRAYS), (step.weight, step.bias, step.x))
    close(jax.grad(loss, (0, 1))(*ARRAYS), (step.weight, step.bias))


@pytest.mark.parametrize("route", ROUTES)
def test_the_weighted_sum_gives_the_same(route) -> None:
    def loss(weight, bias, x, cotangent):
        total, values = weighted_sum(ENGINE, weight, bias, x, cotangent, route=route)
        return 3.0 * total, values

    step = expected()
    (_, values), gradients = jax.jit(jax.value_and_grad(loss, (0, 1, 2, 3), has_aux=True))(
        *ARRAYS, CASE.cotangent
    )
    np.testing.assert_array_equal(values, step.values)
    close(gradients, (3 * step.weight, 3 * step.bias, 3 * step.x, 3 * step.values))


@pytest.mark.parametrize("route", ROUTES)
def test_training_in_a_scan_lowers_the_loss_alike_on_each_route(route) -> None:
    def step(parameters, _):
        def loss(weight, bias):
            return 1.0 - expectations(ENGINE, weight, bias, ARRAYS[2], route=route).mean()

        value, gradients = jax.value_and_grad(loss, (0, 1))(*parameters)
        return tuple(p - 0.3 * g for p, g in zip(parameters, gradients, strict=True)), value

    losses = np.asarray(jax.jit(lambda p: jax.lax.scan(step, p, None, length=5)[1])(ARRAYS[:2]))
    assert (np.diff(losses) < 0).all()
    weight, bias = (np.asarray(a) for a in ARRAYS[:2])
    for wanted in losses:
        found = ENGINE.step(weight, bias, CASE.x, np.full(21, -1 / 21))
        assert wanted == pytest.approx(1.0 - found.values.mean(), abs=3e-6)
        weight, bias = weight - 0.3 * found.weight, bias - 0.3 * found.bias


@pytest.mark.parametrize("route", ROUTES)
def test_vmap_over_parameters(route) -> None:
    scales = jnp.array([0.5, 1.0])
    found = jax.vmap(lambda s: expectations(ENGINE, s * ARRAYS[0], *ARRAYS[1:], route=route))(scales)
    for scale, values in zip(scales, found, strict=True):
        wanted = ENGINE.values(np.asarray(scale) * CASE.weight, CASE.bias, CASE.x)
        np.testing.assert_allclose(values, wanted, atol=2e-6)


def test_both_routes_are_equal_to_the_bit() -> None:
    if len(ROUTES) == 2:
        one, other = (expectations(ENGINE, *ARRAYS, route=route) for route in ROUTES)
        np.testing.assert_array_equal(one, other)


def test_a_circuit_is_a_layer_of_a_network() -> None:
    mixing = jnp.asarray(np.random.default_rng(2).normal(size=(24, 24)) / 5.0, jnp.float32)

    def loss(mixing):
        x = (ARRAYS[2].reshape(21, 24) @ mixing).reshape(21, 4, 2, 3)
        return expectations(ENGINE, ARRAYS[0], ARRAYS[1], x).mean()

    gradient = np.asarray(jax.grad(loss)(mixing), np.float64)

    def reference(k: float) -> float:
        x = (
            CASE.x.reshape(21, 24).astype(np.float64) @ (np.asarray(mixing, np.float64) + k * gradient)
        ).reshape(21, 4, 2, 3)
        return float(CASE.reference(x=x).mean())

    step = 1e-3 / np.linalg.norm(gradient)
    slope = (reference(step) - reference(-step)) / (2 * step)
    assert slope == pytest.approx(np.sum(gradient**2), rel=1e-4)


def test_several_threads_go_through_the_host() -> None:
    engine = CASE.engine(threads=2)
    np.testing.assert_array_equal(jax.jit(lambda *a: expectations(engine, *a))(*ARRAYS), expected().values)


def test_an_unknown_interface_falls_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xla, "supported", lambda: False)
    np.testing.assert_array_equal(expectations(ENGINE, *ARRAYS), expected().values)
    with pytest.raises(InputError, match="route 'ffi'"):
        expectations(ENGINE, *ARRAYS, route="ffi")
    with pytest.raises(InputError, match="unknown route"):
        expectations(ENGINE, *ARRAYS, route="fii")


def test_double_precision_needs_a_jax_that_has_it() -> None:
    with pytest.raises(InputError, match="64 bits"):
        expectations(CASE.engine(bits=64, lanes=4), *ARRAYS)
