"""Every circuit gives the same in NumPy, in JAX and on PennyLane's devices; so do gradients."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings

from strangeness.core.errors import InputError
from strangeness.quantum import (
    Circuit,
    PauliStrings,
    Trash,
    embedded,
    expectation,
    fidelity,
    readings,
    state,
    statevector,
)
from strangeness.quantum.engines import initial_parameters
from strangeness.quantum.references import maximally_mixed, random_product
from tests.quantum.circuits import circuits, drawn, seeds

CLOSE = 1e-10
"""States of unit norm in complex128 behind some dozens of gates: rounding stays below 1e-13."""


@settings(max_examples=40)
@given(circuits, seeds)
def test_the_reference_simulation_agrees_with_pennylane(circuit: Circuit, seed: int) -> None:
    parameters, x = drawn(circuit, seed, events=1)
    ours = readings(circuit, parameters, x, engine="numpy")
    assert ours == pytest.approx(readings(circuit, parameters, x, engine="default.qubit"), abs=CLOSE)


@pytest.mark.usefixtures("x64")
@settings(max_examples=8)
@given(circuits, seeds)
def test_jax_agrees_with_the_reference_simulation(circuit: Circuit, seed: int) -> None:
    parameters, x = drawn(circuit, seed)
    ours, theirs = (readings(circuit, parameters, x, engine=engine) for engine in ("jax", "numpy"))
    assert np.asarray(ours) == pytest.approx(theirs, abs=CLOSE)


@pytest.mark.usefixtures("x64")
@settings(max_examples=2)
@given(circuits, seeds)
def test_gradients_agree_with_finite_differences(circuit: Circuit, seed: int) -> None:
    parameters, x = drawn(circuit, seed, events=1)
    way = np.random.default_rng(seed).normal(size=circuit.parameters)

    def along(t: Any) -> Any:
        return readings(circuit, parameters + t * way, x)

    value, step = jax.jvp(along, (0.0,), (1.0,))[1], 1e-5
    slopes = (np.asarray(along(step)) - np.asarray(along(-step))) / (2 * step)
    # The error of a central difference is step^2 |way|^3 / 6 at most, and rounding is 1e-16 / step.
    assert np.asarray(value) == pytest.approx(slopes, abs=1e-7 * (1 + np.linalg.norm(way) ** 3))


def test_states_have_norm_one_and_qubit_zero_is_the_most_significant() -> None:
    circuit = embedded("angle", 2, 2, 1, PauliStrings(("ZI",)), topology="none")
    x = np.array([[np.pi, 0.0]])  # RX(pi) flips qubit 0: |10>, index 2
    for engine in ("jax", "numpy"):
        found = np.asarray(state(circuit, np.zeros(circuit.parameters), x, engine=engine))
        assert np.abs(found[0]) ** 2 == pytest.approx([0, 0, 1, 0], abs=1e-6)
        assert expectation(circuit, np.zeros(circuit.parameters), x, engine=engine)[0, 0] == pytest.approx(-1)


def test_many_events_in_slices_give_what_all_at_once_give(monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = embedded("angle", 2, 2, 1, Trash((1,)))
    parameters, x = (jnp.asarray(array, float) for array in drawn(circuit, 3, events=11))

    def mean() -> Any:
        return jax.jit(jax.value_and_grad(lambda p: jnp.mean(statevector.readings(circuit, p, x))))(
            parameters
        )

    value, slope = mean()
    monkeypatch.setattr(statevector, "_AT_ONCE", 4 * 4)
    sliced, same = mean()
    assert float(sliced) == pytest.approx(float(value), rel=1e-5)
    assert np.asarray(same) == pytest.approx(np.asarray(slope), abs=1e-5)


def test_known_fidelities(rng: np.random.Generator) -> None:
    """cos^2(x / 2) for RX(x) against |0>; 1/2 against the mixed state; the overlap for a product."""
    angle = embedded("angle", 2, 2, 1, Trash((1,)), topology="none")
    x, none = np.array([[0.4, 1.1], [0.0, 3.0]]), np.zeros(angle.parameters)
    assert np.asarray(fidelity(angle, none, x)) == pytest.approx(np.cos(x[:, 1] / 2) ** 2, abs=1e-6)
    mixed = angle.with_readout(Trash((1,), maximally_mixed(1)))
    assert np.asarray(fidelity(mixed, none, x)) == pytest.approx([0.5, 0.5], abs=1e-6)
    reference = random_product(1, rng)
    turned = np.stack([np.cos(x[:, 1] / 2), -1j * np.sin(x[:, 1] / 2)], axis=1)
    overlap = np.abs(turned @ np.conj(reference.states[0])) ** 2
    found = fidelity(angle.with_readout(Trash((1,), reference)), none, x)
    assert np.asarray(found) == pytest.approx(overlap, abs=1e-6)


def test_an_engine_compiles_once_for_equal_circuits() -> None:
    first, second = (embedded("angle", 2, 2, 1, Trash((0,))) for _ in range(2))
    assert first == second and hash(first) == hash(second)
    parameters = initial_parameters(first, np.random.default_rng(0))
    x = np.array([[0.1, 0.2]])
    assert np.array_equal(fidelity(first, parameters, x), fidelity(second, parameters, x))


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "NaN": ({"x": [[0.1, np.nan]]}, "feature 1 of event 0 is nan"),
    "outside": ({"x": [[0.1, 0.0], [7.0, 0.0]]}, r"feature 0 of event 1 is 7, not within \[-3.142, 3.142\]"),
    "another width": ({"x": [[0.1]]}, r"events of shape \(1, 1\) for a circuit of 2"),
    "no event": ({"x": np.zeros((0, 2))}, "one or more"),
    "parameters": ({"parameters": np.zeros(3)}, r"parameters of shape \(3,\) for a circuit of 6"),
    "infinite parameter": ({"parameters": [0, 0, np.inf, 0, 0, 0]}, "parameter 2 is not finite"),
    "engine": ({"engine": "lightening.qubit"}, "unknown engine or device 'lightening.qubit'"),
    "missing device": ({"engine": "qiskit.aer"}, "pip install pennylane-qiskit"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_used_is_refused(name: str) -> None:
    changed, said = BAD[name]
    circuit = embedded("angle", 2, 2, 1, Trash((0,)))
    arguments = {"parameters": np.zeros(6), "x": [[0.1, 0.2]], "engine": "jax", **changed}
    with pytest.raises(InputError, match=said):
        fidelity(circuit, **arguments)


def test_readouts_are_not_mixed_up_and_devices_give_no_states() -> None:
    circuit = embedded("angle", 2, 2, 1, Trash((0,)))
    none, x = np.zeros(6), [[0.1, 0.2]]
    with pytest.raises(InputError, match="has no Pauli strings"):
        expectation(circuit, none, x)
    with pytest.raises(InputError, match="has no fidelity"):
        fidelity(circuit.with_readout(PauliStrings(("ZZ",))), none, x)
    with pytest.raises(InputError, match="gives no states"):
        state(circuit, none, x, engine="default.qubit")


def test_an_event_of_zero_amplitudes_and_too_many_qubits_are_refused() -> None:
    circuit = embedded("amplitude", 3, 2, 1, Trash((0,)))
    with pytest.raises(InputError, match="all amplitudes of event 1 are 0"):
        fidelity(circuit, np.zeros(6), [[1.0, 0, 0], [0, 0, 0]])
    large = embedded("reupload", 4, 45, 1, Trash((0,)), topology="none")
    with pytest.raises(InputError, match="45 qubits need 768 TiB and"):
        fidelity(large, np.zeros(large.parameters), np.zeros((1, 4)))
