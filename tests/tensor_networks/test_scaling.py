"""Features to [0, 1]: uniform on their own events, monotone, tails without end, densities of integral 1."""

import equinox as eqx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import trapezoid

from strangeness.core.errors import InputError
from strangeness.tensor_networks.scaling import TAIL, UnitScaling

slope = eqx.filter_jit(lambda scaling, x: scaling.log_slope(x))


def test_training_events_are_uniform(rng: np.random.Generator) -> None:
    """4,000 events in 17 knots: 5 standard deviations of a quantile's level are 0.04."""
    x = np.stack([rng.normal(size=4000), rng.exponential(size=4000), 300 + rng.random(4000)], axis=1)
    u = np.sort(UnitScaling.of(x).on_host(x), axis=0)
    assert np.max(np.abs(u - (np.arange(4000)[:, None] + 0.5) / 4000)) < 0.04


@pytest.mark.usefixtures("x64")
def test_jax_and_numpy_agree(rng: np.random.Generator) -> None:
    x = 3 * rng.standard_t(2, size=(200, 3))
    scaling = UnitScaling.of(x)
    np.testing.assert_allclose(scaling(4 * x), scaling.on_host(4 * x), atol=1e-14)


@pytest.mark.usefixtures("x64")
def test_the_slope_is_the_derivative_and_a_density(rng: np.random.Generator) -> None:
    scaling = UnitScaling.of(rng.normal(size=(2000, 1)))
    grid = np.linspace(-30, 30, 600_001)[:, None]
    density = np.exp(np.asarray(scaling.log_slope(grid)))[:, 0]
    # The trapezium rule errs by the height of a step times the distance of points, 17 knots.
    assert trapezoid(density, grid[:, 0]) == pytest.approx(1.0, abs=17 * 0.4 * 1e-4)
    step = np.diff(scaling.on_host(grid)[:, 0]) / 1e-4
    assert np.mean(np.abs(step - density[1:]) < 1e-3) > 0.9999


def test_outliers_keep_their_order_and_lose_density(rng: np.random.Generator) -> None:
    scaling = UnitScaling.of(rng.normal(size=(2000, 1)))
    far = np.array([[3.0], [4.0], [6.0], [50.0]])
    assert np.all(np.diff(np.asarray(scaling.log_slope(far))[:, 0]) < 0)
    u = scaling.on_host(np.concatenate([far[:3], -far[:3]]))[:, 0]
    assert np.all(np.diff(u[:3]) > 0) and np.all(np.diff(u[3:]) < 0)
    assert 1 - TAIL < u[0] < 1 and 0 < u[3] < TAIL


@given(st.lists(st.sampled_from([0.0, 1.0, 1.0, 7.5, 1e6, -3.0]), min_size=2, max_size=30))
def test_equal_values_and_constants_are_finite_and_monotone(values: list[float]) -> None:
    scaling = UnitScaling.of(np.array(values)[:, None])
    x = np.sort(np.array([*values, -1e7, 1e7]))[:, None]
    u = scaling.on_host(x)[:, 0]
    assert np.all(np.isfinite(u)) and np.all(np.diff(u) >= 0) and u[0] >= 0 and u[-1] <= 1
    assert np.all(np.isfinite(slope(scaling, np.resize(x, (32, 1)).astype(np.float32))))


def test_weights_count_like_copies(rng: np.random.Generator) -> None:
    """To the width of a level: an event of weight 3 is one step of three."""
    x, weight = rng.normal(size=(1000, 1)), rng.integers(0, 4, 1000)
    copies = UnitScaling.of(np.repeat(x, weight, axis=0))
    weighted = UnitScaling.of(x, weight.astype(float))
    np.testing.assert_allclose(weighted.knots, copies.knots, atol=0.05)


def test_a_forged_tail_is_refused() -> None:
    with pytest.raises(InputError, match="tail of a scaling"):
        UnitScaling(np.zeros((1, 2)), np.zeros((1, 2)), np.zeros((1, 2)))
