"""Feature maps: their functions against closed forms, their overlaps against integrals, their range."""

import jax
import numpy as np
import pytest
from scipy.special import eval_legendre

from strangeness.core.errors import InputError
from strangeness.tensor_networks.feature_maps import (
    FourierMap,
    PolynomialMap,
    SpinMap,
    feature_map,
    learned_map,
)

pytestmark = pytest.mark.usefixtures("x64")
GRID = np.linspace(0.0, 1.0, 21).reshape(7, 3)


def test_a_spin_points_along_half_the_circle() -> None:
    vectors = SpinMap()(GRID)
    assert vectors.shape == (7, 3, 2)
    np.testing.assert_allclose(vectors[..., 1], np.sin(0.5 * np.pi * GRID), atol=1e-15)


@pytest.mark.parametrize("size", [2, 3, 5])
def test_a_spin_of_any_size_has_length_one(size: int) -> None:
    np.testing.assert_allclose(np.linalg.norm(SpinMap(size)(GRID), axis=-1), 1.0, rtol=1e-14)


def test_polynomials_are_those_of_legendre() -> None:
    expected = [np.sqrt(2 * k + 1) * eval_legendre(k, 2 * GRID - 1) for k in range(6)]
    np.testing.assert_allclose(PolynomialMap(6)(GRID), np.stack(expected, -1), atol=1e-13)


@pytest.mark.parametrize("name", ["fourier", "polynomial", "learned"])
def test_these_maps_are_orthonormal(name: str) -> None:
    gram = feature_map(name, 4, sites=3, key=jax.random.key(0)).gram(3)
    np.testing.assert_allclose(gram, np.broadcast_to(np.eye(4), (3, 4, 4)), atol=1e-12)


def test_the_overlap_of_the_spin_is_the_integral() -> None:
    """cos^2 and sin^2 integrate to 1/2, their product to 1/pi."""
    np.testing.assert_allclose(SpinMap().gram()[0], [[0.5, 1 / np.pi], [1 / np.pi, 0.5]], rtol=1e-13)


@pytest.mark.parametrize("size", [2, 3, 6])
def test_a_spin_can_be_made_orthonormal(size: int) -> None:
    np.testing.assert_allclose(SpinMap(size, orthonormal=True).gram()[0], np.eye(size), atol=1e-11)


def test_one_polynomial_is_a_constant() -> None:
    np.testing.assert_array_equal(PolynomialMap(1)(GRID), np.ones((7, 3, 1)))


def test_a_learned_map_has_gradients() -> None:
    learned = learned_map(3, 2, 5, key=jax.random.key(1))
    grads = jax.jit(jax.grad(lambda m: (m(GRID) ** 3).sum()))(learned)
    assert np.all(np.isfinite(grads.weight)) and np.any(grads.weight != 0)


@pytest.mark.parametrize("value", [-0.2, 1.5, np.nan, np.inf])
def test_a_feature_outside_the_range_is_named(value: float) -> None:
    x = GRID.copy()
    x[2, 1] = value
    with pytest.raises(InputError, match=rf"feature 1 is {value:g}.*\[0, 1\]"):
        FourierMap()(x)


def test_inside_a_compiled_function_nothing_is_checked() -> None:
    assert jax.jit(SpinMap())(GRID + 2.0).shape == (7, 3, 2)


@pytest.mark.parametrize(
    ("name", "size", "message"),
    [
        ("spni", 2, "unknown feature map 'spni'.*spin"),
        ("spin", 1, "of 1 components"),
        ("polynomial", 0, "of 0 components"),
        ("learned", 0, "of 0 components"),
    ],
)
def test_maps_that_cannot_be(name: str, size: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        feature_map(name, size, sites=2, key=jax.random.key(0))


def test_a_learned_map_needs_a_key_and_its_sites() -> None:
    with pytest.raises(InputError, match="no key"):
        feature_map("learned", 2, sites=2)
    with pytest.raises(InputError, match="of 2 sites was given 3"):
        learned_map(2, 2, 4, key=jax.random.key(0))(GRID)
