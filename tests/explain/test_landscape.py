"""The variance of gradients of circuits whose expectation is a product of cosines."""

from typing import Any

import equinox as eqx
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.explain.landscape import decay, gradient_variance
from strangeness.quantum import Circuit, Layer, PauliStrings
from strangeness.quantum.circuit import TRAINED, Angle, Rotation
from strangeness.quantum.statevector import readings


class Angles(eqx.Module):
    theta: Any


def _circuit(qubits: int) -> Circuit:
    """RY(theta) on each qubit; the product of all Z has the expectation of the product of cos(theta)."""
    turn = Rotation("Y", (Angle(None, 1.0, TRAINED),))
    return Circuit(qubits, 1, (Layer(((turn,),) * qubits),), PauliStrings(("Z" * qubits,)))


def _expectation(model: Angles, x: Any) -> Any:
    return readings(_circuit(model.theta.shape[0]), model.theta, x)[:, 0]


@pytest.mark.parametrize("qubits", [1, 3])
def test_a_global_product_is_flat_exponentially(qubits: int) -> None:
    """Var(sin) Var(cos)^(n-1) = 2^-n at angles drawn evenly."""
    rng, draws = np.random.default_rng(0), 1500
    models = [Angles(np.asarray(rng.uniform(-np.pi, np.pi, qubits), np.float32)) for _ in range(draws)]
    found = gradient_variance(_expectation, models, np.zeros((1, 1), np.float32))
    assert found.shape == (qubits,)
    # A product of n squares of cosines has a kurtosis of (3/2)^n: five standard errors of its mean.
    tolerance = 5 * np.sqrt((1.5**qubits - 1) / draws)
    np.testing.assert_allclose(found, 0.5**qubits, rtol=tolerance)


def test_both_laws_are_told_apart() -> None:
    sizes = np.array([2, 4, 8, 16])
    barren, gentle = decay(sizes, 3 * 0.25**sizes), decay(sizes, 5.0 * sizes**-2.0)
    assert barren.rate == pytest.approx(np.log(0.25)) and barren.exponential < 1e-9 < barren.polynomial
    assert gentle.power == pytest.approx(-2.0) and gentle.polynomial < 1e-9 < gentle.exponential


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: gradient_variance(_expectation, [Angles(jnp.ones(1))], np.zeros((1, 1))), "1 draws"),
        (
            lambda: gradient_variance(_expectation, [Angles(jnp.full(1, np.nan))] * 2, np.zeros((1, 1))),
            "finite",
        ),
        (lambda: decay([2, 4], [1.0, 0.5]), "three or more"),
        (lambda: decay([2, 4, 8], [1.0, 0.5, 0.0]), "above 0"),
    ],
)
def test_bad_input_is_refused(call: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        call()
