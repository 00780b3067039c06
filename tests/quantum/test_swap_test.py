"""The literal SWAP test measures the fidelity that the engines compute without its extra qubits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strangeness.core.errors import InputError
from strangeness.quantum import PauliStrings, Trash, embedded, fidelity
from strangeness.quantum.swap_test import measured, purified, swap_test
from tests.quantum.circuits import REFERENCES, drawn, reference, seeds


@settings(max_examples=25)
@given(st.sampled_from(REFERENCES), st.integers(1, 2), seeds)
def test_it_measures_the_fidelity(kind: str, trash: int, seed: int) -> None:
    circuit = embedded("alternate", 3, 3, 2, Trash((2, 0)[:trash], _of(kind, trash, seed)), topology="star")
    parameters, x = drawn(circuit, seed, events=1)
    test = swap_test(circuit, parameters, x[0])
    exact = fidelity(circuit, parameters, x, engine="numpy")[0]
    # Rounding of the square roots in the purification of a mixed reference: 1e-8 at worst, squared.
    assert measured(test) == pytest.approx(exact, abs=1e-10)
    pure = kind in ("zero", "product", "entangled", "learned")
    assert test.qubits == 3 + (trash if pure else 2 * trash) + 1


def _of(kind: str, trash: int, seed: int) -> object:
    return reference(kind, trash, np.random.default_rng(seed))


def test_without_hadamards_it_measures_nothing() -> None:
    """Z of the ancilla commutes with the controlled swaps: it stays 1 whatever the event."""
    circuit = embedded("angle", 2, 2, 1, Trash((1,)), topology="none")
    test = swap_test(circuit, np.zeros(circuit.parameters), np.array([0.3, np.pi]))
    printed = test._replace(gates=tuple(gate for gate in test.gates if gate.name != "H"))
    assert measured(test) == pytest.approx(0.0, abs=1e-12)
    assert measured(printed) == pytest.approx(1.0, abs=1e-12)


def test_a_purification_has_the_mixed_state_as_its_half(rng: np.random.Generator) -> None:
    shares = rng.dirichlet(np.ones(4))
    basis = np.linalg.qr(rng.normal(size=(4, 4)) + 1j * rng.normal(size=(4, 4)))[0]
    sigma = (basis * shares) @ basis.conj().T
    half = purified(sigma).reshape(4, 4)
    assert half @ half.conj().T == pytest.approx(sigma, abs=1e-12)


def test_pauli_strings_have_no_swap_test() -> None:
    circuit = embedded("angle", 2, 2, 1, PauliStrings(("ZZ",)))
    with pytest.raises(InputError, match="Give it trash qubits"):
        swap_test(circuit, np.zeros(circuit.parameters), np.zeros(2))
