"""The kernel behind the common surface against the reference simulation, and what falls back to JAX."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from strangeness.core.errors import InputError
from strangeness.quantum import Circuit, LearnedProduct, PauliStrings, Trash, embedded, fast, readings
from strangeness.quantum.references import entangled, maximally_mixed, mixed, zero
from tests.quantum.circuits import drawn

RUN: dict[str, Circuit] = {
    "re-uploading": embedded("reupload", 4, 3, 2, Trash((2,))),
    "trash in another order": embedded("alternate", 3, 3, 2, Trash((2, 0)), gate="CZ"),
    "a mixture of bits": embedded(
        "angle", 4, 4, 1, Trash((3, 1), mixed(np.eye(4)[[1, 2]], [0.3, 0.7])), topology="star"
    ),
    "a string of Z": embedded("parallel", 2, 4, 2, PauliStrings(("ZIZI",)), topology="brick-wall"),
}


@pytest.mark.parametrize("name", RUN)
def test_it_gives_what_the_reference_simulation_gives(name: str) -> None:
    circuit = RUN[name]
    parameters, x = drawn(circuit, 11, events=5)
    assert fast.why_not(circuit) is None
    exact = readings(circuit, parameters, x, engine="numpy")
    # 32 bits behind some dozens of rotations of a unit vector.
    assert np.asarray(readings(circuit, parameters, x)) == pytest.approx(exact, abs=3e-6)


def test_its_gradient_is_that_of_jax() -> None:
    circuit = RUN["re-uploading"]
    parameters, x = (jnp.asarray(array, jnp.float32) for array in drawn(circuit, 4, events=5))

    def gradients(engine: str) -> Any:
        return jax.grad(lambda p, x: jnp.mean(readings(circuit, p, x, engine=engine)), (0, 1))(parameters, x)

    for ours, theirs in zip(gradients("kernel"), gradients("jax"), strict=True):
        assert np.asarray(ours) == pytest.approx(np.asarray(theirs), abs=1e-5 * float(jnp.max(abs(theirs))))


LEFT: dict[str, tuple[Callable[[], Circuit], str]] = {
    "two strings": (lambda: embedded("angle", 2, 2, 1, PauliStrings(("ZI", "IZ"))), "no diagonal"),
    "X": (lambda: embedded("angle", 2, 2, 1, PauliStrings(("XI",))), "no diagonal"),
    "a Bell pair": (lambda: embedded("angle", 3, 3, 1, Trash((0, 1), entangled(2))), "no diagonal"),
    "learned": (lambda: embedded("angle", 2, 2, 1, Trash((0,), LearnedProduct(1))), "learned"),
    "no rotation": (lambda: Circuit(2, 1, (), Trash((0,))), "no rotation"),
    "large": (lambda: embedded("reupload", 4, 21, 1, Trash((0,))), "more than 20"),
}


@pytest.mark.parametrize("name", LEFT)
def test_what_it_cannot_run_it_refuses(name: str) -> None:
    make, reason = LEFT[name]
    circuit = make()
    with pytest.raises(InputError, match=f"{reason}.*engine='jax'"):
        readings(circuit, np.zeros(circuit.parameters), np.zeros((1, circuit.features)), engine="kernel")


def test_other_circuits_fall_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of the kernel, where it is taken away: the same numbers from the portable path."""
    circuit = RUN["re-uploading"]
    parameters, x = drawn(circuit, 2, events=3)
    ours = np.asarray(readings(circuit, parameters, x))
    monkeypatch.setattr(fast, "why_not", lambda circuit: "taken away")
    assert np.asarray(readings(circuit, parameters, x)) == pytest.approx(ours, abs=3e-6)


def test_diagonals() -> None:
    def diagonal(trash: Trash) -> Any:
        return fast.observable(embedded("angle", 3, 3, 1, trash))

    assert np.array_equal(diagonal(Trash((2,), zero(1))), [1, 0] * 4)
    assert np.array_equal(diagonal(Trash((0,), maximally_mixed(1))), np.full(8, 0.5))
    assert fast.observable(embedded("angle", 2, 2, 1, PauliStrings(("II",)))) == pytest.approx(np.ones(4))
