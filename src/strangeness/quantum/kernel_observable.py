"""Scores by a quantum kernel k(x, y) = |<psi(x)|psi(y)>|^2, each as the expectation of one observable.

A sum over training events, sum_i a_i k(x_i, x) = <psi(x)| A |psi(x)> with A = sum_i a_i |psi_i><psi_i|, needs
none of them once A (2^n, 2^n) is known: scoring costs one state, whatever the number of events.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strangeness.core.errors import InputError

Complex = NDArray[Any]


def mean_state(states: Complex, weight: NDArray[Any]) -> Complex:
    """rho = weighted mean of |psi_i><psi_i| (z, z), whose expectation is the mean kernel with the events."""
    shares = weight / np.sum(weight)
    return np.einsum("n,na,nb->ab", shares, states, states.conj(), optimize=True)


def kernel_matrix(states: Complex) -> NDArray[np.float64]:
    """|<psi_i|psi_j>|^2 (n, n)."""
    return np.abs(states.conj() @ states.T) ** 2


def mean_observable(states: Complex, weight: NDArray[Any]) -> Complex:
    """1 - rho: one less the mean kernel with the training events (a kernel density estimate)."""
    return np.eye(states.shape[1]) - mean_state(states, weight)


def leverage_observable(states: Complex, weight: NDArray[Any], ridge: float) -> Complex:
    """ridge (rho + ridge)^-1, between 0 and 1: the squared Mahalanobis distance in the space of states.

    It is large where an event's state has little in common with those of the training events.

    Raises:
        InputError: for a ridge that is not above 0.
    """
    if not ridge > 0:
        raise InputError(f"a ridge of {ridge}", "Give a number above 0.")
    values, vectors = np.linalg.eigh(mean_state(states, weight))
    return (vectors * (ridge / (np.maximum(values, 0.0) + ridge))) @ vectors.conj().T


def vector_machine_observable(states: Complex, weight: NDArray[Any], nu: float) -> Complex:
    """Minus the decision function of a one-class support vector machine, as an observable.

    A constant is added as a multiple of the identity, since states have norm 1.

    Args:
        states: (n, z).
        weight: of the events; each bounds the event's coefficient.
        nu: bound of the share of training events outside, above 0 and up to 1.

    Raises:
        InputError: for a nu outside (0, 1].
    """
    if not 0 < nu <= 1:
        raise InputError(f"a nu of {nu}", "Give a number above 0 and up to 1.")
    from sklearn.svm import OneClassSVM

    # The machine's own sum of coefficients is nu times the sum of the weights: brought to 1.
    scaled = weight / np.mean(weight)
    machine: Any = OneClassSVM(kernel="precomputed", nu=nu).fit(kernel_matrix(states), sample_weight=scaled)
    support, total = states[machine.support_], nu * float(np.sum(scaled))
    alpha = np.ravel(machine.dual_coef_) / total
    inside = np.einsum("n,na,nb->ab", alpha, support, support.conj(), optimize=True)
    offset = -float(np.ravel(machine.intercept_)[0]) / total
    return offset * np.eye(states.shape[1]) - inside
