"""Isometries: orthonormal columns to 1e-6 in 32 bits, the nearest ones, and training that keeps them."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.core.train import Training, train
from strangeness.tensor_networks.isometries import (
    Stack,
    defect,
    identity_stack,
    polar_retraction,
    project,
    qr_retraction,
    random_stack,
    tangent,
)

KEY = jax.random.key(3)


class Both(eqx.Module):
    """A model with a constrained and a free stack, and an array of its own."""

    kept: Stack
    free: Stack
    bias: Any


def _both() -> Both:
    free = random_stack(2, 4, 4, key=KEY, isometric=False)
    return Both(random_stack(3, 8, 3, key=KEY), free, jnp.ones(3))


@pytest.mark.parametrize("shape", [(1, 1, 1), (5, 6, 6), (3, 32, 16)])
def test_random_isometries_have_orthonormal_columns(shape: tuple[int, int, int]) -> None:
    stack = random_stack(*shape, key=KEY)
    assert stack.matrix.shape == shape
    assert defect(stack) < 1e-6


def test_random_isometries_have_no_preferred_direction() -> None:
    entries = np.asarray(random_stack(4000, 3, 2, key=KEY).matrix)
    # Haar: each entry has mean 0 and mean square 1/3; four standard errors are 4 * 0.58 / sqrt(4000) = 0.037.
    np.testing.assert_allclose(entries.mean(axis=0), 0.0, atol=0.037)
    np.testing.assert_allclose((entries**2).mean(axis=0), 1 / 3, atol=0.025)


@pytest.mark.usefixtures("x64")
def test_the_polar_factor_is_that_of_scipy(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(7, 4))
    expected, _ = scipy.linalg.polar(matrix)
    np.testing.assert_allclose(polar_retraction(jnp.asarray(matrix)), expected, atol=1e-13)


@pytest.mark.usefixtures("x64")
def test_the_qr_retraction_leaves_isometries_alone() -> None:
    matrix = random_stack(3, 8, 4, key=KEY).matrix
    np.testing.assert_allclose(qr_retraction(matrix), matrix, atol=1e-13)
    assert defect(Stack(qr_retraction(matrix + 0.3), True)) < 1e-13


@pytest.mark.usefixtures("x64")
def test_a_tangent_step_is_isometric_to_second_order(rng: np.random.Generator) -> None:
    w = random_stack(1, 6, 3, key=KEY).matrix
    along = tangent(w, jnp.asarray(rng.normal(size=w.shape)))
    first, second = (defect(Stack(w + step * along, True)) for step in (1e-3, 1e-4))
    assert first / second == pytest.approx(100.0, rel=1e-3)
    np.testing.assert_allclose(tangent(w, along), along, atol=1e-13)


def test_project_mends_what_is_isometric_and_nothing_else() -> None:
    model = _both()
    pushed = jax.tree.map(lambda leaf: leaf + 0.2, model)
    assert defect(pushed) > 0.1
    mended = project(pushed)
    assert defect(mended) < 1e-6
    np.testing.assert_array_equal(mended.free.matrix, pushed.free.matrix)
    np.testing.assert_array_equal(mended.bias, pushed.bias)


def distance(model: Stack, rows: Any, key: Any) -> Any:
    """Squared distance of rows from the columns' span."""
    inside = rows @ model.along[0]
    return jnp.sum(rows**2, axis=1) - jnp.sum(inside**2, axis=1)


def test_training_keeps_the_constraint_and_finds_the_leading_axes(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(512, 6)) * np.array([3.0, 2.0, 0.5, 0.4, 0.3, 0.2])
    settings = Training(epochs=30, batch_size=64, learning_rate=3e-2, weight_decay=0.0)
    start = random_stack(1, 6, 2, key=KEY)
    fitted = train(
        start, distance, rows, identities("pca", 512), np.ones(512), settings, key=KEY, project=project
    )
    assert defect(fitted.model) < 1e-6
    best = np.linalg.eigh(np.cov(rows.T))[1][:, -2:]
    overlap = np.linalg.svd(best.T @ np.asarray(fitted.model.matrix[0]))[1]
    # Adam hovers around the minimum; a step of 0.03 turns the plane by at most a few hundredths.
    assert np.all(overlap > 0.99)


@pytest.mark.usefixtures("x64")
def test_gradients_are_those_along_the_isometries(rng: np.random.Generator) -> None:
    stack, free = random_stack(2, 5, 3, key=KEY), random_stack(2, 5, 3, key=KEY, isometric=False)
    slope = jnp.asarray(rng.normal(size=(2, 5, 3)))
    given = eqx.filter_grad(lambda one: jnp.sum(one.along * slope))
    np.testing.assert_allclose(given(stack).matrix, tangent(stack.matrix, slope), atol=1e-14)
    np.testing.assert_array_equal(given(free).matrix, slope)


def test_identities_are_isometries() -> None:
    assert defect(identity_stack(4, 3)) == 0.0
    assert defect(jnp.ones(3)) == 0.0


@pytest.mark.parametrize("shape", [(2, 3, 4), (1, 3, 0)])
def test_wide_isometries_are_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=f"shape {shape[1]} x {shape[2]}"):
        random_stack(*shape, key=KEY)
