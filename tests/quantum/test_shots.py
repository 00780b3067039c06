"""Sampled values have the binomial mean and variance; an event's draw depends on its own key alone."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.core.estimators import event_keys
from strangeness.core.identity import identities
from strangeness.quantum.shots import sampled_expectation, sampled_fidelity

EVENTS, SHOTS = 20_000, 20
KEYS = event_keys(jax.random.key(3), jnp.asarray(identities("shots", EVENTS)))


def _sampled(fidelity: Any, keys: Any, measurement: str) -> Any:
    return sampled_fidelity(fidelity, SHOTS, keys, measurement)


SAMPLED = jax.jit(_sampled, static_argnums=2)


@pytest.mark.parametrize(("measurement", "fidelity"), [("projector", 0.3), ("swap", 0.3)])
def test_mean_and_variance_are_binomial(measurement: str, fidelity: float) -> None:
    drawn = np.asarray(SAMPLED(jnp.full(EVENTS, fidelity), KEYS, measurement), np.float64)
    p = 0.5 * (1 + fidelity) if measurement == "swap" else fidelity
    variance = (4 if measurement == "swap" else 1) * p * (1 - p) / SHOTS
    # Five standard errors, of the mean and (kurtosis below 3) of the variance.
    assert drawn.mean() == pytest.approx(fidelity, abs=5 * np.sqrt(variance / EVENTS) + 1e-6)
    assert drawn.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / EVENTS), abs=1e-9)


def test_an_event_keeps_its_draw_in_any_company() -> None:
    fidelity = jnp.linspace(0, 1, EVENTS)
    order = np.random.default_rng(0).permutation(EVENTS)
    whole = np.asarray(SAMPLED(fidelity, KEYS, "projector"))
    assert np.array_equal(SAMPLED(fidelity[order], KEYS[order], "projector"), whole[order])


def test_expectations_of_strings_are_drawn_apart() -> None:
    some = 2000
    exact = jnp.broadcast_to(jnp.array([0.0, 0.5]), (some, 2))
    drawn = np.asarray(sampled_expectation(exact, SHOTS, KEYS[:some]), np.float64)
    assert drawn.mean(axis=0) == pytest.approx([0.0, 0.5], abs=5 / np.sqrt(SHOTS * some))
    assert abs(np.corrcoef(drawn.T)[0, 1]) < 5 / np.sqrt(some)


def test_the_gradient_is_that_of_the_exact_value() -> None:
    slope = jax.grad(lambda f: jnp.sum(SAMPLED(f, KEYS, "projector")))(jnp.linspace(0, 1, EVENTS))
    assert np.asarray(slope) == pytest.approx(1.0)


def test_no_shot_and_unknown_measurements_are_refused() -> None:
    with pytest.raises(InputError, match="0 shots"):
        sampled_fidelity(jnp.ones(1), 0, KEYS[:1])
    with pytest.raises(InputError, match="0 shots"):
        sampled_expectation(jnp.ones((1, 1)), 0, KEYS[:1])
    with pytest.raises(InputError, match="swap"):
        sampled_fidelity(jnp.ones(1), 10, KEYS[:1], "swapp")
