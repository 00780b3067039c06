"""Fisher information of linear models and effective dimensions, against their closed forms."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.explain.fisher import effective_dimension, fisher_information, normalised, spectrum
from strangeness.tensor_networks.isometries import Stack
from strangeness.tensor_networks.tree import random_tree
from strangeness.tensor_networks.twins import Twin, free_parameters, twin

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype(np.float32)


class Linear(eqx.Module):
    weight: Any


def _logistic(model: Linear, x: Any) -> Any:
    logit = x @ model.weight
    return jnp.stack([jax.nn.log_sigmoid(-logit), jax.nn.log_sigmoid(logit)], axis=1)


def _softmax(model: Linear, x: Any) -> Any:
    return jax.nn.log_softmax(x @ model.weight.T)


def test_logistic_regression() -> None:
    """mean of p (1 - p) x x^T."""
    weight = np.array([0.5, -1.0, 2.0])
    p = 1.0 / (1.0 + np.exp(-X @ weight))
    expected = np.einsum("n,ni,nj->ij", p * (1 - p), X, X) / len(X)
    found = fisher_information(_logistic, Linear(jnp.asarray(weight, jnp.float32)), X)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)  # 32 bits


def test_softmax_model_of_three_classes() -> None:
    """mean of (diag p - p p^T) x x^T, a Kronecker product; adding one vector to all rows changes nothing."""
    weight = RNG.normal(size=(3, 3)).astype(np.float32)
    p = np.exp(np.asarray(_softmax(Linear(weight), X), np.float64))
    curved = np.einsum("na,ab->nab", p, np.eye(3)) - np.einsum("na,nb->nab", p, p)
    expected = np.einsum("nab,ni,nj->aibj", curved, X, X).reshape(9, 9) / len(X)
    found = fisher_information(_softmax, Linear(jnp.asarray(weight)), X)
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)
    values = spectrum(found)
    assert np.all(values[6:] < 1e-6 * values[0]) and np.all(np.diff(values) <= 0)


def _twin(model: Twin, u: Any) -> Any:
    return model.log_probabilities(u)


def test_isometries_have_no_more_directions_than_are_free() -> None:
    """48 entries, of which 18 are free; less, since turning a qubit between two gates changes nothing."""
    model = twin("tree", 4, 2, key=jax.random.key(0))
    values = spectrum(fisher_information(_twin, model, RNG.random((200, 4)).astype(np.float32)))
    assert len(values) == 48 and free_parameters(model) == 18
    assert values[5] > 1e-4 * values[0] > 100 * values[18]


@pytest.mark.parametrize("n", [100, 10_000])
def test_one_parameter(n: int) -> None:
    """ln(1 + k) / ln k, whatever its information."""
    k = n / (2 * np.pi * np.log(n))
    assert effective_dimension(np.full((7, 1, 1), 3.0), n) == pytest.approx(np.log1p(k) / np.log(k))


def test_two_parameters_of_which_one_does_nothing() -> None:
    """The normalised matrix is diag(2, 0): ln(1 + 2k) / ln k; if one alone is free, as for one parameter."""
    fishers, k = np.diag([5.0, 0.0])[None], 0.5 * 1000 / (2 * np.pi * np.log(1000))
    assert effective_dimension(fishers, 1000, gamma=0.5) == pytest.approx(np.log1p(2 * k) / np.log(k))
    found = effective_dimension(fishers, 1000, gamma=0.5, free=1)
    assert found == pytest.approx(np.log1p(k) / np.log(k))


def test_draws_are_averaged_before_the_logarithm() -> None:
    fishers, k = np.array([[[0.5]], [[1.5]]]), 1000 / (2 * np.pi * np.log(1000))
    mean = 0.5 * (np.sqrt(1 + 0.5 * k) + np.sqrt(1 + 1.5 * k))
    assert effective_dimension(fishers, 1000) == pytest.approx(2 * np.log(mean) / np.log(k))


def test_it_tends_to_the_rank() -> None:
    """Of 20 parameters 6 react: 2 % above 6 at n = 10^100, where ln(20/6) / ln k is 0.5 %."""
    fisher = np.diag([1.0] * 6 + [0.0] * 14)[None]
    assert effective_dimension(fisher, 10**100) == pytest.approx(6, rel=0.02)


def test_the_normalised_trace_is_the_number_of_parameters() -> None:
    fishers = np.array([np.eye(4), 3 * np.eye(4)])
    assert np.trace(normalised(fishers).mean(axis=0)) == pytest.approx(4)
    assert np.trace(normalised(fishers, free=3).mean(axis=0)) == pytest.approx(3)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: effective_dimension(np.eye(2)[None], 10), "10 events"),
        (lambda: effective_dimension(np.eye(2)[None], 1000, gamma=0.0), "gamma of 0"),
        (lambda: normalised(np.eye(2)), "shape"),
        (lambda: normalised(np.zeros((3, 2, 2))), "mean trace"),
        (lambda: fisher_information(_logistic, Linear(jnp.ones(3)), X[:0]), "no event"),
        (lambda: fisher_information(_logistic, Linear(jnp.full(3, np.nan)), X), "not finite"),
    ],
)
def test_bad_input_is_refused(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()


def test_a_free_stack_counts_in_full() -> None:
    free = random_tree(4, 2, 2, key=jax.random.key(0), isometric=False)
    assert all(isinstance(level, Stack) for level in free.levels)
    assert free_parameters(free) == 2 * 8 + 4
