"""Circuits against dense matrices, against density matrices on a tree, and against the tree that projects."""

import jax
import numpy as np
import pytest
from numpy.typing import NDArray

from strangeness.core.errors import InputError
from strangeness.tensor_networks import tree
from strangeness.tensor_networks.feature_maps import SpinMap
from strangeness.tensor_networks.isometries import Stack, defect
from strangeness.tensor_networks.twins import LAYOUTS, Twin, cross_entropy, free_parameters, twin

U = np.random.default_rng(0).random((5, 4))


def _made(layout: str, bond: int, sites: int = 4) -> Twin:
    """A circuit of random gates only."""
    made = twin(layout, sites, bond, key=jax.random.key(1))
    rng = np.random.default_rng(2)
    gates = [np.linalg.qr(rng.normal(size=gate.matrix.shape))[0] for gate in made.gates]
    return Twin(tuple(Stack(gate, True) for gate in gates), made.wires, made.sites, made.read)


def _spins(u: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.stack([np.cos(0.5 * np.pi * u), np.sin(0.5 * np.pi * u)], axis=-1)


def _written_out(made: Twin, u: NDArray[np.float64]) -> NDArray[np.float64]:
    """The state (2^n,) of one event: every gate as a matrix of all qubits."""
    state = np.ones(1)
    for spin in _spins(u):
        state = np.kron(state, spin)
    n = len(u)
    for step, stack in zip(made.wires, made.gates, strict=True):
        for wires, gate in zip(step, np.asarray(stack.matrix), strict=True):
            whole = np.zeros((2**n, 2**n))
            for column in range(2**n):
                bits = [column >> (n - 1 - q) & 1 for q in range(n)]
                inside = int("".join(str(bits[wire]) for wire in wires), 2)
                for row in range(2 ** len(wires)):
                    for place, wire in enumerate(wires):
                        bits[wire] = row >> (len(wires) - 1 - place) & 1
                    whole[int("".join(map(str, bits)), 2), column] = gate[row, inside]
            state = whole @ state
    return state


@pytest.mark.parametrize(
    ("layout", "bond"), [("chain", 2), ("chain", 4), ("tree", 2), ("mera", 2), ("mera", 4)]
)
def test_the_state_is_that_of_matrices(layout: str, bond: int) -> None:
    made = _made(layout, bond)
    with jax.enable_x64(True):
        state, log = made.state(U), made.log_probabilities(U)
    expected = np.array([_written_out(made, u) for u in U])
    np.testing.assert_allclose(state, expected, atol=1e-12)
    square = (expected**2).reshape(len(U), 2**made.read, 2, -1)
    # The floor of 1e-6 moves both probabilities by less than twice as much.
    np.testing.assert_allclose(np.exp(log), square.sum(axis=(1, 3)), atol=2e-6)


def test_a_tree_traces_out_what_it_leaves() -> None:
    made = _made("tree", 2)
    densities = [np.einsum("na,nb->nab", spin, spin) for spin in _spins(U).swapaxes(0, 1)]
    for stack in made.gates:
        pairs = zip(densities[::2], densities[1::2], np.asarray(stack.matrix), strict=True)
        densities = [_through(left, right, gate) for left, right, gate in pairs]
    found = np.exp(made.log_probabilities(U))
    np.testing.assert_allclose(found, np.diagonal(densities[0], axis1=1, axis2=2), atol=1e-5)


def _through(left: NDArray, right: NDArray, gate: NDArray) -> NDArray:
    """The density matrix of the first qubit of a pair behind a gate."""
    both = np.einsum("nab,ncd->nacbd", left, right).reshape(len(left), 4, 4)
    after = np.einsum("ij,njk,lk->nil", gate, both, gate).reshape(-1, 2, 2, 2, 2)
    return np.einsum("nacbc->nab", after)


def test_projected_on_zeros_it_is_the_tree_network() -> None:
    made = _made("tree", 2)
    levels = [Stack(np.asarray(gate.matrix)[:, [0, 2]].transpose(0, 2, 1), True) for gate in made.gates]
    log, direction = tree.contract(tree.Tree(tuple(levels), 4), SpinMap(2).vectors(U))
    left_behind_zero = np.asarray(made.state(U)).reshape(-1, 2, 2, 2, 2)[:, :, 0, 0, 0]
    expected = np.exp(np.asarray(log))[:, None] * np.asarray(direction)
    np.testing.assert_allclose(left_behind_zero, expected, atol=1e-5)


def test_sites_are_filled_up() -> None:
    made = twin("tree", 3, 2, key=jax.random.key(0))
    assert made.qubits == 4
    whole = Twin(made.gates, made.wires, 4, made.read)
    zeros = np.column_stack([U[:, :3], np.zeros(len(U))])
    np.testing.assert_allclose(made.state(U[:, :3]), whole.state(zeros), atol=1e-6)


def test_the_loss_is_that_of_the_label() -> None:
    made, label = _made("chain", 2), np.array([0, 1, 1, 0, 1])
    log = np.asarray(made.log_probabilities(U))
    np.testing.assert_allclose(cross_entropy(made, (U, label), None), -log[np.arange(5), label], rtol=1e-6)


def test_gates_are_orthogonal() -> None:
    for layout in LAYOUTS:
        assert defect(twin(layout, 8, 4, key=jax.random.key(3))) < 1e-6


def test_free_parameters_are_those_of_rotations() -> None:
    """A rotation of four dimensions has six angles; an isometry of 4 x 2 has 8 - 3."""
    assert free_parameters(_made("tree", 2)) == 3 * 6
    assert free_parameters(tree.random_tree(4, 2, 2, outputs=2, key=jax.random.key(0))) == 3 * 5


@pytest.mark.parametrize(
    ("layout", "sites", "bond", "said"),
    [
        ("ring", 4, 2, "unknown layout"),
        ("chain", 4, 3, "bond of 3"),
        ("tree", 2, 4, "bond of 4"),
        ("chain", 30, 2, "30 sites"),
    ],
)
def test_what_makes_no_circuit_is_refused(layout: str, sites: int, bond: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        twin(layout, sites, bond, key=jax.random.key(0))
