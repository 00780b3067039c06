"""Counts in closed form, and what is no circuit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

from strangeness.core.errors import InputError
from strangeness.quantum import TOPOLOGIES, TRAINED, Angle, Circuit, Layer, PauliStrings, Rotation, Trash
from strangeness.quantum.embeddings import embedded, patch_circuit
from strangeness.quantum.encoders import patches
from strangeness.quantum.entanglers import Entangler, entangler
from strangeness.quantum.gates import gates_of
from strangeness.quantum.layout import dense_form, layout_of, why_not_dense
from strangeness.quantum.memory import density_memory_needed, memory_needed, refuse_too_large
from strangeness.quantum.readout import last
from strangeness.quantum.references import LearnedProduct, mixed, pure
from tests.quantum.circuits import circuits

NONE: tuple[Any, ...] = ((), ())


def test_nine_patches_of_sixteen_pixels_uploaded_five_times_have_1440_parameters() -> None:
    circuit = patch_circuit((12, 12), (4, 4), 5, Trash(last(4, 9)))
    assert (circuit.qubits, circuit.features, circuit.parameters, circuit.rotations) == (9, 144, 1440, 6)
    assert layout_of(circuit).weight.shape == (5, 9, 6, 3)


def test_patches_are_the_blocks_of_the_image() -> None:
    image = np.arange(24).reshape(4, 6)
    assert patches((4, 6), (2, 3))[1] == tuple(image[:2, 3:].ravel())
    assert sorted(sum(patches((4, 6), (2, 3)), ())) == list(range(24))


@settings(max_examples=40)
@given(circuits)
def test_every_parameter_is_used_once_and_in_one_order(circuit: Circuit) -> None:
    """The arrays of the engines and the list of gates take the parameters in the same order."""
    layout = layout_of(circuit)
    found = np.concatenate([np.ravel(part) for part in (layout.weight, layout.bias, layout.entangler)])
    found = np.concatenate([found, layout.reference.ravel()])
    used = np.sort(found[found < circuit.parameters])
    assert np.array_equal(used, np.arange(circuit.parameters))
    marks = np.arange(1.0, circuit.parameters + 1)
    gates = list(gates_of(circuit, marks, np.zeros(circuit.features) + circuit.amplitudes))
    biases = [a for gate in gates if gate.name != "State" for a in gate.angles]
    fixed = layout.constants[1:]
    ours = layout.angles(marks, np.zeros(circuit.features))
    by_layer = [np.append(r.ravel(), e) for r, e in zip(ours.rotations, ours.entanglers, strict=True)]
    listed = np.concatenate(by_layer) if by_layer else np.zeros(0)
    keep = [a for a in biases if a not in (0.0, *fixed)]
    assert keep == [a for a in listed if a not in (0.0, *fixed)]


PAIRS = {
    "ring": [(0, 1), (1, 2), (2, 3), (3, 0)],
    "linear": [(0, 1), (1, 2), (2, 3)],
    "all-to-all": [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)],
    "star": [(0, 1), (0, 2), (0, 3)],
    "brick-wall": [(0, 1), (2, 3), (1, 2)],
    "none": [],
}


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_topologies(topology: str) -> None:
    assert list(entangler(topology, 4).pairs) == PAIRS[topology]
    assert entangler(topology, 4, "RZZ").parameters == len(PAIRS[topology])
    assert entangler(topology, 1).pairs == ()
    assert len(entangler(topology, 2).pairs) == (topology != "none")


def test_memory_in_closed_form() -> None:
    """Three states of 8 bytes an amplitude; a gradient keeps one more for each qubit and end of a layer."""
    circuit = embedded("reupload", 4, 20, 5, Trash((0,)))
    assert memory_needed(circuit, 64) == 3 * 64 * 2**20 * 8
    assert memory_needed(circuit, 1, gradient=True, double=True) == (3 + 5 * 21) * 2**20 * 16
    assert density_memory_needed(circuit, 1) == 3 * 2**40 * 8
    refuse_too_large(circuit, 2**30, limit=2**30)
    with pytest.raises(InputError, match=r"20 qubits need 1\.5 GiB and 1 GiB"):
        refuse_too_large(circuit, memory_needed(circuit, 64), limit=2**30)


def test_the_dense_form_holds_the_same_angles(rng: np.random.Generator) -> None:
    circuit = embedded("alternate", 3, 3, 2, Trash((0,)))
    parameters, x = rng.normal(size=circuit.parameters), rng.normal(size=(5, 3))
    weight, bias, laid = dense_form(circuit, parameters, x)
    assert laid.shape == (5, 3, 2, 3)
    ours = layout_of(circuit).angles(parameters, x).rotations
    assert np.array_equal(bias + weight * laid[:, None], ours)


NO_DENSE = {
    "angles": lambda: embedded("angle", 2, 2, 1, Trash((0,)), gate="RZZ"),
    "first state": lambda: embedded("amplitude", 2, 2, 1, Trash((0,))),
    "learned": lambda: embedded("angle", 2, 2, 1, Trash((0,), LearnedProduct(1))),
    "another feature": lambda: Circuit(2, 2, tuple(_upload(f) for f in (0, 1)), Trash((0,))),
}


def _upload(feature: int) -> Layer:
    return Layer(((Rotation("X", (Angle(feature),)),), ()))


@pytest.mark.parametrize("reason", NO_DENSE)
def test_circuits_without_a_dense_form_say_why(reason: str) -> None:
    circuit = NO_DENSE[reason]()
    assert reason in str(why_not_dense(circuit))
    with pytest.raises(InputError, match=reason):
        dense_form(circuit, np.zeros(circuit.parameters), np.ones((1, 2)))


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "no qubit": (lambda: Circuit(0, 1, (), Trash((0,))), "0 qubits"),
    "no feature": (lambda: Circuit(2, 0, (), Trash((0,))), "0 features"),
    "all trash": (lambda: Circuit(2, 1, (), Trash((0, 1))), "2 trash qubits of 2 qubits"),
    "no trash": (lambda: Circuit(2, 1, (), Trash(())), "0 trash qubits"),
    "trash twice": (lambda: Circuit(3, 1, (), Trash((1, 1))), "different qubits"),
    "trash outside": (lambda: Circuit(3, 1, (), Trash((3,))), "different qubits"),
    "reference too large": (lambda: Circuit(3, 1, (), Trash((0,), LearnedProduct(2))), "2 qubits for 1"),
    "string too long": (lambda: Circuit(2, 1, (), PauliStrings(("ZZZ",))), "3 letters for 2 qubits"),
    "string of others": (lambda: PauliStrings(("ZA",)), "'ZA'"),
    "no string": (lambda: PauliStrings(()), "without Pauli strings"),
    "amplitudes": (lambda: Circuit(2, 5, (), Trash((0,)), amplitudes=True), "Give 3 qubits"),
    "encoder": (lambda: Circuit(2, 1, (Layer(((),)),), Trash((0,))), "encoder of 1 qubits"),
    "feature": (lambda: Circuit(2, 1, (_upload(1),), Trash((0,))), "feature 1 of 1"),
    "pair": (lambda: Circuit(2, 1, (Layer(NONE, Entangler("CZ", ((0, 2),))),), Trash((0,))), r"\(0, 2\)"),
    "pair with itself": (
        lambda: Circuit(2, 1, (Layer(NONE, Entangler("CZ", ((1, 1),))),), Trash((0,))),
        r"\(1, 1\)",
    ),
    "axis": (lambda: Rotation("W", (Angle(),)), "about 'W'"),
    "angles": (lambda: Rotation("ZYZ", (Angle(),)), "1 angles"),
    "weight": (lambda: Angle(0, float("nan")), "weight of an angle is nan"),
    "word": (lambda: Angle(0, TRAINED, "train"), "bias of an angle is 'train'"),  # type: ignore[arg-type]
    "gate": (lambda: entangler("ring", 3, "CNOTT"), "CNOT"),
    "topology": (lambda: entangler("rings", 3), "ring"),
    "embedding": (lambda: embedded("angel", 2, 2, 1, Trash((0,))), "angle"),
    "layers": (lambda: embedded("angle", 2, 2, 0, Trash((0,))), "0 layers"),
    "layers of patches": (lambda: patch_circuit((4, 4), (2, 2), 0, Trash((0,))), "0 layers"),
    "angle width": (lambda: embedded("angle", 3, 2, 1, Trash((0,))), "3 features on 2 qubits"),
    "copies": (lambda: embedded("parallel", 2, 3, 1, Trash((0,))), "multiple of 2"),
    "tiles": (lambda: patch_circuit((12, 12), (5, 4), 1, Trash((0,))), "5 x 4 pixels do not tile"),
    "norm": (lambda: pure([1.0, 1.0]), "norm 1.41421"),
    "NaN reference": (lambda: pure([np.nan, 1.0]), "norm nan"),
    "sizes": (lambda: mixed([[1.0, 0.0], [1.0, 0, 0, 0]], [0.5, 0.5]), r"\[2, 4\] amplitudes"),
    "three amplitudes": (lambda: pure([1.0, 0.0, 0.0]), r"\[3\] amplitudes"),
    "sum": (lambda: mixed([[1.0, 0.0], [0.0, 1.0]], [0.5, 0.6]), "sum to 1.1"),
    "shares": (lambda: mixed([[1.0, 0.0], [0.0, 1.0]], [1.5, -0.5]), "0 or more"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_circuit_is_refused(name: str) -> None:
    make, said = BAD[name]
    with pytest.raises(InputError, match=said):
        make()
