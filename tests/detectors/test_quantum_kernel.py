"""Scores of kernels against the same kernels written out event by event."""

from typing import Any

import jax
import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.svm import OneClassSVM

from strangeness.core.batch import ArraySource, make_batch
from strangeness.core.errors import InputError
from strangeness.detectors.quantum_kernel import QuantumKernel
from strangeness.quantum import state


@pytest.fixture(scope="module")
def rows() -> NDArray[np.float64]:
    return np.random.default_rng(2).normal(size=(150, 2))


def _fit(x: NDArray[Any], weight: Any = None, **settings: Any) -> Any:
    return QuantumKernel(**settings).fit_scorer(
        ArraySource(make_batch(x, weight=weight)), key=jax.random.key(0)
    )


def _states(scorer: Any, x: NDArray[Any]) -> NDArray[Any]:
    mean, scale = np.asarray(scorer.scaling.centre), np.asarray(scorer.scaling.scale)
    angles = np.pi / 2 / (1 + np.exp(-(x - mean) / scale))
    return state(scorer.recipe.circuit, np.zeros(0), angles, engine="numpy")


def _kernel(one: NDArray[Any], other: NDArray[Any]) -> NDArray[np.float64]:
    return np.abs(one.conj() @ other.T) ** 2


def test_the_mean_score_is_the_mean_kernel(rows: NDArray[Any]) -> None:
    weight = np.arange(150) % 3
    scorer = _fit(rows, weight, criterion="mean")
    psi = _states(scorer, rows)
    by_hand = 1 - np.average(_kernel(psi, psi), axis=1, weights=weight)
    assert scorer(make_batch(rows)) == pytest.approx(by_hand, abs=1e-5)  # 32 bits


def test_the_support_vector_score_is_that_of_scikit_learn(rows: NDArray[Any]) -> None:
    scorer = _fit(rows, nu=0.2)
    psi = _states(scorer, rows)
    machine = OneClassSVM(kernel="precomputed", nu=0.2).fit(_kernel(psi, psi))
    theirs = -machine.decision_function(_kernel(psi, psi)) / (0.2 * 150)
    # The machine stops at a tolerance of 1e-3 in its own units, here divided by 30.
    assert scorer(make_batch(rows)) == pytest.approx(theirs, abs=1e-4)


def test_the_mahalanobis_score_is_the_ridge_leverage_of_the_kernel(rows: NDArray[Any]) -> None:
    """k(x, x) - k(x, .) (K + n ridge)^-1 k(., x), by the push-through identity; K of <psi|psi'> itself."""
    scorer = _fit(rows, criterion="mahalanobis", ridge=0.05)
    psi = _states(scorer, rows)
    inner = psi.conj() @ psi.T
    inverse = np.linalg.inv(inner + 150 * 0.05 * np.eye(150))
    by_hand = 1 - np.einsum("ij,jk,ki->i", inner, inverse, inner).real
    assert scorer(make_batch(rows)) == pytest.approx(by_hand, abs=1e-4)


def test_without_entanglement_it_is_a_product_of_single_qubits(rows: NDArray[Any]) -> None:
    """Two uploads RY(x) RY(x): each qubit contributes cos^2(x - y)."""
    scorer = _fit(rows, criterion="mean", entangler="none")
    angles = np.asarray(scorer.scaling(rows))
    product = np.prod(np.cos(angles[:, None] - angles[None]) ** 2, axis=2)
    assert scorer(make_batch(rows)) == pytest.approx(1 - product.mean(axis=1), abs=1e-5)


def test_events_of_the_support_vector_machine_are_chosen_by_identity(rows: NDArray[Any]) -> None:
    first, again = (_fit(rows[order], max_reference=40) for order in (slice(None), slice(None)))
    assert np.array_equal(first.real, again.real)
    assert not np.allclose(first.real, _fit(rows, max_reference=150).real)


BAD = {
    "criterion": ({"criterion": "svn"}, "svm"),
    "nu": ({"nu": 0.0}, "nu of 0"),
    "ridge": ({"criterion": "mahalanobis", "ridge": 0.0}, "ridge of 0"),
    "gate": ({"gate": "RZZ"}, "whose angles are trained"),
    "max_reference": ({"max_reference": 1}, "'max_reference' of quantum-kernel is 1"),
}


@pytest.mark.parametrize("name", BAD)
def test_settings_that_make_no_kernel_are_refused(rows: NDArray[Any], name: str) -> None:
    settings, said = BAD[name]
    with pytest.raises(InputError, match=said):
        _fit(rows, **settings)
