"""Entropic distances between the bounds of the exact ones; gradients against differences; a tiny training."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import entropy

from strangeness.core.errors import InputError
from strangeness.jets.ragged import padded
from strangeness.jets.sinkhorn import sinkhorn_distance
from strangeness.jets.transport import energy_movers_distance

EPSILON = 0.02
# few settings, for each is compiled
precise = partial(sinkhorn_distance, epsilon=EPSILON, iterations=5_000, threshold=1e-8)


def toy(n: int, most: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    jets = np.zeros((n, most, 3))
    for jet in jets:
        k = rng.integers(2, most + 1)
        jet[:k, 0] = rng.exponential(20.0, k) + 0.1
        jet[:k, 1:] = rng.normal(0, 0.3, (k, 2))
    return jets


def exact(x: NDArray[np.float64], y: NDArray[np.float64], normalised: bool) -> NDArray[np.float64]:
    pytest.importorskip("ot")
    return energy_movers_distance(padded(x), padded(y), normalised=normalised)


def entropies(jets: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([entropy(jet[:, 0]) for jet in jets])


@pytest.mark.parametrize("epsilon", [0.1, 0.001])
def test_it_tends_to_the_exact_distance(x64: None, epsilon: float) -> None:
    """0 <= entropic - exact <= epsilon min(H(a), H(b)), for KL(f | a b) is a mutual information."""
    x, y = toy(6, 6, 1), toy(6, 6, 2)
    options = {"epsilon": epsilon, "iterations": 20_000, "threshold": 1e-6, "debiased": False}
    excess = np.asarray(sinkhorn_distance(x, y, **options)) - exact(x, y, True)
    most = epsilon * np.minimum(entropies(x), entropies(y))
    # a violation of 1e-6 of the constraints is worth as much times the largest distance
    assert np.all(excess > -1e-5) and np.all(excess < most + 1e-5)


def test_the_debiased_distance_is_within_its_bounds_and_0_for_equal_jets(x64: None) -> None:
    x, y = toy(6, 6, 1), toy(6, 5, 2)
    found = np.asarray(precise(x, y))
    bound = EPSILON * np.maximum(entropies(x), entropies(y))
    assert np.all(np.abs(found - exact(x, y, True)) <= bound)
    same = np.asarray(precise(x, np.concatenate([np.zeros((6, 1, 3)), x[:, ::-1]], axis=1)))
    np.testing.assert_allclose(same, 0, atol=1e-8)


def test_gradients_equal_differences_and_padding_has_none(x64: None) -> None:
    x, y = toy(6, 6, 1), toy(6, 5, 2)
    x[0, 5] = 0
    found = np.asarray(jax.grad(lambda jets: precise(jets, y).sum())(jnp.asarray(x)))
    assert np.all(np.isfinite(found))
    step = 1e-5
    for place in [(0, 0, 0), (0, 0, 1), (3, 1, 2), (5, 0, 0)]:
        up, down = x.copy(), x.copy()
        up[place] += step
        down[place] -= step
        difference = (precise(up, y) - precise(down, y))[place[0]] / (2 * step)
        # the value is quadratic in the error of 1e-8, and the difference exact to step^2 and 1e-10
        assert found[place] == pytest.approx(float(difference), rel=1e-3, abs=1e-5)
    np.testing.assert_allclose(found[0, 5, 1:], 0, atol=1e-20)


def test_in_gev_the_difference_of_the_jets_counts(x64: None) -> None:
    x, y = toy(6, 6, 1), toy(6, 6, 2)
    x[0] = 0
    x[1] = y[1] = 0
    found = np.asarray(precise(x, y, normalised=False, debiased=False))
    expected = exact(x, y, False)
    heavier = np.maximum(x[..., 0].sum(axis=1), y[..., 0].sum(axis=1))
    # one more place than particles; its share adds at most ln 2 to the smaller entropy
    assert np.all(found - expected >= -1e-6 * heavier)
    assert np.all(found - expected <= EPSILON * (np.log(7) + np.log(2)) * heavier + 1e-9)
    np.testing.assert_allclose(found[:2], [y[0, :, 0].sum(), 0.0], atol=1e-6 * heavier.max())


def test_a_jet_learns_to_be_another() -> None:
    """Particles with free positions move to where another jet's are; the loss falls to nearly 0."""
    target = jnp.array([[[3.0, 0.3, 0.1], [2.0, -0.2, 0.2], [1.0, 0.0, -0.3]]])
    pt = target[..., 0]
    places = 0.5 * target[..., 1:] + jnp.array([0.2, -0.3])

    @jax.jit
    def step(places: jax.Array, rate: float) -> tuple[jax.Array, jax.Array]:
        def loss(places: jax.Array) -> jax.Array:
            return sinkhorn_distance(jnp.concatenate([pt[..., None], places], axis=2), target)[0]

        value, slope = jax.value_and_grad(loss)(places)
        return places - rate * slope, value

    values = []
    for i in range(200):
        places, value = step(places, 0.1 * 0.98**i)
        values.append(float(value))
    assert values[0] > 0.2 and values[-1] < 0.02 * values[0]
    np.testing.assert_allclose(places[0], target[0, :, 1:], atol=0.02)
    assert np.isfinite(values).all()


def test_shapes_and_options_are_checked() -> None:
    x = toy(2, 3, 0)
    with pytest.raises(InputError, match=r"Give \(n, m, 3\)"):
        sinkhorn_distance(x, x[:1])
    with pytest.raises(InputError, match="epsilon 0"):
        sinkhorn_distance(x, x, epsilon=0.0)
    with pytest.raises(InputError, match="0 iterations"):
        sinkhorn_distance(x, x, iterations=0)
