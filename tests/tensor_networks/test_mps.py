"""States against dense tensors and quimb; bonds, padding, and tensors that do not fit."""

import numpy as np
import pytest
import quimb.tensor as qtn

from strangeness.core.errors import InputError
from strangeness.tensor_networks.linalg import truncated_svd
from strangeness.tensor_networks.mps import (
    MPS,
    bond_note,
    exact_bonds,
    from_dense,
    from_padded,
    log_inner,
    log_norm,
    padded,
    product_state,
    random_mps,
    to_dense,
)


def to_quimb(state: MPS) -> qtn.MatrixProductState:
    """The same state in quimb, its scale in the first tensor."""
    first, *bulk, last = (np.array(tensor) for tensor in state.tensors)
    arrays = [(first[0] * np.exp(state.log_scale)).T, *(t.transpose(0, 2, 1) for t in bulk), last[:, :, 0]]
    return qtn.MatrixProductState(arrays, shape="lrp")


@pytest.mark.parametrize(("sites", "size", "bond"), [(2, 2, 4), (7, 3, 5), (12, 2, 16)])
def test_norms_and_overlaps_are_those_of_quimb(
    sites: int, size: int, bond: int, rng: np.random.Generator
) -> None:
    a, b = random_mps(sites, size, bond, rng), random_mps(sites, size, bond, rng)
    sign, log = log_inner(a, b)
    assert sign * np.exp(log) == pytest.approx(float(to_quimb(a).H @ to_quimb(b)), rel=1e-10)
    assert log_norm(a) == pytest.approx(2 * np.log(to_quimb(a).norm()), abs=1e-10)


def test_a_dense_tensor_comes_back(rng: np.random.Generator) -> None:
    dense = rng.normal(size=(2, 3, 4, 2, 3))
    state = from_dense(dense)
    assert state.bonds == (2, 6, 6, 3)
    np.testing.assert_allclose(to_dense(state), dense, atol=1e-13)


def test_padding_keeps_the_state(rng: np.random.Generator) -> None:
    state = random_mps(6, 2, 4, rng)
    scaled = MPS(state.tensors, 1.5)
    cores = padded(scaled, 7)
    assert cores.shape == (6, 7, 2, 7)
    np.testing.assert_allclose(to_dense(from_padded(cores)), to_dense(scaled), rtol=1e-12)


def test_a_thousand_sites_neither_overflow_nor_vanish(rng: np.random.Generator) -> None:
    """A product of unit vectors times c has the norm c^n: ln <s|s> = 2 n ln c."""
    vectors = rng.normal(size=(2000, 3))
    vectors *= 7.0 / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert log_norm(product_state(vectors)) == pytest.approx(4000 * np.log(7.0), rel=1e-12)


def test_orthogonal_states_have_no_logarithm() -> None:
    up, down = product_state(np.array([[1.0, 0.0]] * 3)), product_state(np.array([[0.0, 1.0]] * 3))
    assert log_inner(up, down) == (0.0, -np.inf)


def test_bonds_above_the_exact_rank_are_reduced_and_said() -> None:
    assert exact_bonds([2] * 6, 100) == (2, 4, 8, 4, 2)
    assert exact_bonds([3] * 1000, 16)[500] == 16
    assert "100 is above the exact rank 8 of 6 sites" in bond_note([2] * 6, 100)
    assert bond_note([2] * 6, 8) == ""


def test_singular_values_and_their_weight_are_those_of_numpy(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(6, 9))
    values = np.linalg.svd(matrix, compute_uv=False)
    split = truncated_svd(matrix, bond=4)
    np.testing.assert_allclose(split.values, values[:4], rtol=1e-13)
    assert split.discarded == pytest.approx(np.sum(values[4:] ** 2) / np.sum(values**2), rel=1e-12)
    assert split.rank == 6


def test_a_cutoff_drops_as_much_as_it_may() -> None:
    """Squares 0.9, 0.06, 0.03, 0.01: up to 0.05 the last two weigh 0.04."""
    split = truncated_svd(np.diag(np.sqrt([0.9, 0.06, 0.03, 0.01])), cutoff=0.05)
    assert len(split.values) == 2 and split.discarded == pytest.approx(0.04)


def test_values_of_rounding_are_dropped(rng: np.random.Generator) -> None:
    matrix = rng.normal(size=(8, 2)) @ rng.normal(size=(2, 8))
    split = truncated_svd(matrix)
    assert split.rank == len(split.values) == 2 and split.discarded < 1e-28


@pytest.mark.parametrize(
    ("matrix", "options", "message"),
    [
        (np.full((2, 2), np.nan), {}, "not finite"),
        (np.zeros((2, 2)), {}, "state vanishes"),
        (np.eye(2), {"bond": 0}, "bond dimension of 0"),
        (np.eye(2), {"cutoff": 1.0}, "cutoff of 1"),
    ],
)
def test_matrices_that_cannot_be_split(matrix: np.ndarray, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        truncated_svd(matrix, **options)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        ([], "0 sites"),
        ([(1, 2)], "site 0 has shape"),
        ([(1, 2, 3), (2, 2, 1)], "site 1 has a left bond of 2 and the one before it 3"),
        ([(2, 2, 1)], "left bond of 2"),
        ([(1, 2, 3)], "right bond of 3"),
        ([(1, 0, 1)], "none empty"),
    ],
)
def test_tensors_that_make_no_chain(shapes: list[tuple[int, ...]], message: str) -> None:
    with pytest.raises(InputError, match=message):
        MPS(tuple(np.zeros(shape) for shape in shapes))


def test_states_that_cannot_be_combined(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="Give equal sites"):
        log_inner(random_mps(3, 2, 2, rng), random_mps(4, 2, 2, rng))
    with pytest.raises(InputError, match="cannot be padded to 2"):
        padded(random_mps(6, 2, 4, rng), 2)
    with pytest.raises(InputError, match="dense tensor of 30 sites"):
        to_dense(random_mps(30, 2, 2, rng))
    with pytest.raises(InputError, match="bond 0"):
        random_mps(3, 2, 0, rng)
