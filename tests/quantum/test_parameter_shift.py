"""The parameter-shift rule gives the gradient of reverse-mode differentiation, for every kind of angle."""

from typing import Any

import jax
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.quantum import LearnedProduct, PauliStrings, Trash, embedded, readings
from strangeness.quantum.noise import Noise, density_of, read_density
from strangeness.quantum.parameter_shift import shift_gradient
from tests.quantum.circuits import drawn

CIRCUITS = {
    "learned reference": ("reupload", 2, Trash((1,), LearnedProduct(1)), "RZZ"),
    "controlled": ("alternate", 2, PauliStrings(("ZX", "YI")), "CRX"),
}


@pytest.mark.usefixtures("x64")
@pytest.mark.parametrize("name", CIRCUITS)
def test_it_is_the_gradient(name: str) -> None:
    embedding, qubits, readout, gate = CIRCUITS[name]
    circuit = embedded(embedding, 2, qubits, 1, readout, gate=gate)
    parameters, x = drawn(circuit, 7)
    ours = shift_gradient(circuit, parameters, x)
    theirs = jax.jacobian(lambda p: readings(circuit, p, x))(parameters)
    assert ours == pytest.approx(np.asarray(theirs), abs=1e-10)


@pytest.mark.usefixtures("x64")
def test_it_differentiates_a_noisy_circuit() -> None:
    """As on a device: only values are asked for. Channels leave the circuit affine in each cos and sin."""
    circuit, noise = embedded("angle", 2, 2, 1, Trash((1,))), Noise(depolarising=0.05, damping=0.1)
    parameters, x = drawn(circuit, 2, events=1)

    def read(circuit: Any, angles: Any, event: Any) -> Any:
        return read_density(circuit, density_of(circuit, angles, event, noise), angles, noise)

    ours = shift_gradient(circuit, parameters, x, jax.jit(read, static_argnums=0))
    step, way = 1e-5, np.random.default_rng(0).normal(size=circuit.parameters)

    def value(t: float) -> Any:
        from strangeness.quantum.noise import noisy_readings

        return np.asarray(noisy_readings(circuit, parameters + t * way, x, noise))

    # Error of the central difference: step^2 |way|^3 / 6 and rounding 1e-16 / step.
    assert ours[0] @ way == pytest.approx((value(step) - value(-step))[0] / (2 * step), abs=1e-8)


def test_it_checks_its_arguments() -> None:
    circuit = embedded("angle", 2, 2, 1, Trash((1,)))
    with pytest.raises(InputError, match="not finite"):
        shift_gradient(circuit, np.full(6, np.nan), np.zeros((1, 2)))
