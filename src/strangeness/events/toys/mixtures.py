"""Gaussian mixtures: classes whose density is known exactly, so that the best possible score is too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strangeness.core.errors import InputError
from strangeness.core.identity import identities
from strangeness.events.events import Events

Array = NDArray[np.float64]


@dataclass(frozen=True)
class GaussianMixture:
    """A sum of Gaussian densities in d dimensions; make one with ``mixture`` or ``blobs``.

    Attributes:
        share: (k,) how often each component is drawn; they sum to 1.
        mean: (k, d).
        root: (k, d, d) lower triangular; root @ root.T is the covariance of a component.
    """

    share: Array
    mean: Array
    root: Array

    @property
    def dimensions(self) -> int:
        """d."""
        return self.mean.shape[1]

    def sample(self, n: int, rng: np.random.Generator) -> tuple[Array, NDArray[np.int64]]:
        """``n`` points (n, d) and the component that each comes from, (n,).

        Raises:
            InputError: for n below 1.
        """
        if n < 1:
            raise InputError(f"{n} points were asked for", "Ask for at least one.")
        component: NDArray[np.int64] = rng.choice(len(self.share), n, p=self.share).astype(np.int64)
        noise = rng.standard_normal((n, self.dimensions))
        return self.mean[component] + np.einsum("nij,nj->ni", self.root[component], noise), component

    def log_density(self, x: ArrayLike) -> Array:
        """The log of the density at points (n, d), exact: (n,).

        Raises:
            InputError: for points of another dimension.
        """
        points = np.asarray(x, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != self.dimensions:
            raise InputError(
                f"points of shape {points.shape} for {self.dimensions} dimensions", "Give one row a point."
            )
        parts = np.stack([self._component(points, k) for k in map(int, np.flatnonzero(self.share))])
        most = parts.max(axis=0)
        return most + np.log(np.sum(np.exp(parts - most), axis=0))

    def _component(self, points: Array, k: int) -> Array:
        z = np.linalg.solve(self.root[k], (points - self.mean[k]).T)
        log_root = np.log(np.diag(self.root[k])).sum()
        constant = np.log(self.share[k]) - log_root - 0.5 * self.dimensions * np.log(2.0 * np.pi)
        return constant - 0.5 * np.sum(z**2, axis=0)

    def events(self, n: int, rng: np.random.Generator, name: str) -> Events:
        """``n`` events with columns x0, x1, ...; their truth is the component."""
        x, component = self.sample(n, rng)
        features = {f"x{i}": x[:, i] for i in range(self.dimensions)}
        return Events(features, identities(name, n), np.ones(n), truth=component, provenance={"name": name})


def mixture(share: ArrayLike, mean: ArrayLike, covariance: ArrayLike) -> GaussianMixture:
    """A mixture from ``share`` (k,), scaled to sum 1, ``mean`` (k, d) and ``covariance`` (k, d, d).

    Raises:
        InputError: for shares that are negative or all zero, shapes that do not fit, numbers that are not
            finite, or a covariance that is not symmetric and positive definite.
    """
    shares, means, covariances = (np.asarray(part, dtype=np.float64) for part in (share, mean, covariance))
    k, d = means.shape if means.ndim == 2 else (0, 0)
    if not k or not d or shares.shape != (k,) or covariances.shape != (k, d, d):
        raise InputError(
            f"shapes {shares.shape}, {means.shape} and {covariances.shape}",
            "Give (k,), (k, d) and (k, d, d).",
        )
    if not all(np.isfinite(part).all() for part in (shares, means, covariances)):
        raise InputError(
            "a mixture holds NaN or infinite numbers", "Give finite shares, means and covariances."
        )
    if shares.min() < 0.0 or not shares.sum() > 0.0:
        raise InputError(f"the shares {shares.tolist()}", "Give numbers of 0 or more, not all 0.")
    if not np.allclose(covariances, np.swapaxes(covariances, 1, 2), rtol=1e-9, atol=0.0):
        raise InputError("a covariance is not symmetric", "Give symmetric matrices.")
    try:
        root: Array = np.asarray(np.linalg.cholesky(covariances), dtype=np.float64)
    except np.linalg.LinAlgError as error:
        raise InputError("a covariance is not positive definite", "Give variances above 0.") from error
    return GaussianMixture(shares / shares.sum(), means, root)


def blobs(
    means: Sequence[Sequence[float]], spread: float = 1.0, share: ArrayLike | None = None
) -> GaussianMixture:
    """Round components of standard deviation ``spread`` at ``means`` (k, d), all alike or by ``share``.

    Raises:
        InputError: for a spread that is not positive, and as ``mixture``.
    """
    centres = np.asarray(means, dtype=np.float64)
    if not 0.0 < spread < np.inf:
        raise InputError(f"a spread of {spread}", "Give a positive number.")
    if centres.ndim != 2:
        raise InputError(f"means of shape {centres.shape}", "Give one list of coordinates a component.")
    k, d = centres.shape
    return mixture(np.ones(k) if share is None else share, centres, np.tile(spread**2 * np.eye(d), (k, 1, 1)))
