"""Product feature maps: each feature in [0, 1] becomes a small vector, one a site.

The maps are orthonormal functions on [0, 1], or say by ``gram`` how far from it they are: a state contracted
with orthonormal maps has as its squared norm the integral of its squared value over the unit cube.
"""

from __future__ import annotations

import abc
from collections.abc import Callable
from functools import lru_cache
from math import comb, gamma, pi
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import Float, PRNGKeyArray
from numpy.typing import NDArray

from strangeness.core.errors import InputError, nearest
from strangeness.core.estimators import float_dtype

_ROUNDING = 1e-6
"""Features may miss [0, 1] by so much."""
_NODES = 64


class FeatureMap(eqx.Module):
    """A map of features in [0, 1] to vectors of ``size`` components, the same or another for each site.

    A subclass writes ``vectors`` alone and is a pure function, so that it can be traced and differentiated.
    """

    @property
    @abc.abstractmethod
    def size(self) -> int:
        """Components of a vector."""

    @abc.abstractmethod
    def vectors(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        """The vectors of features that are known to lie in [0, 1]."""

    def __call__(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        """The vectors (..., sites, size) of features (..., sites); values are checked outside ``jit``.

        Raises:
            InputError: for a feature that is not in [0, 1].
        """
        if not isinstance(x, Tracer):
            _refuse_outside(np.asarray(x))
        return self.vectors(jnp.asarray(x, float_dtype()))

    def gram(self, sites: int = 1) -> NDArray[np.float64]:
        """Overlaps (sites, size, size) of the components, integrated over [0, 1]: ones if orthonormal.

        Gauss-Legendre nodes make them exact for polynomials and exact to rounding for low frequencies.
        """
        nodes, weights = np.polynomial.legendre.leggauss(_NODES)
        grid = np.repeat(0.5 * (nodes + 1.0)[:, None], sites, axis=1)
        values = on_host(self, grid)
        return np.einsum("g,gsi,gsj->sij", 0.5 * weights, values, values)


def on_host(map: FeatureMap, x: NDArray[Any]) -> NDArray[np.float64]:
    """Vectors (n, sites, size) of features (n, sites) that are known to lie in [0, 1], compiled, as NumPy.

    Rows are filled up to a power of two, so that few shapes are compiled.
    """
    rows = np.zeros((1 << max(len(x) - 1, 0).bit_length(), *x.shape[1:]), float_dtype())
    rows[: len(x)] = x
    return np.asarray(_compiled(map, rows), np.float64)[: len(x)]


@eqx.filter_jit
def _compiled(map: FeatureMap, x: Any) -> Any:
    return map.vectors(x)


class SpinMap(FeatureMap):
    """sqrt(C(d-1, k)) cos^(d-1-k) sin^k of pi x / 2, k = 0 .. d-1 (arXiv:1605.05775).

    A vector has length 1. The components are not orthogonal on [0, 1]; with ``orthonormal`` they are
    multiplied by the inverse root of their overlaps, which makes them so and spans the same functions.
    """

    components: int = eqx.field(static=True, default=2)
    orthonormal: bool = eqx.field(static=True, default=False)

    def __check_init__(self) -> None:
        _refuse_small(self.components, "spin", 2)

    @property
    def size(self) -> int:
        return self.components

    def vectors(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        cos, sin, top = jnp.cos(0.5 * jnp.pi * x), jnp.sin(0.5 * jnp.pi * x), self.components - 1
        spin = jnp.stack([comb(top, k) ** 0.5 * cos ** (top - k) * sin**k for k in range(top + 1)], axis=-1)
        return spin @ jnp.asarray(_inverse_root(self.components), x.dtype) if self.orthonormal else spin


class FourierMap(FeatureMap):
    """1, sqrt(2) cos(2 pi x), sqrt(2) sin(2 pi x), sqrt(2) cos(4 pi x), ...: orthonormal and periodic.

    0 and 1 are one point, as for an azimuth; for other features scale into a part of the range.
    """

    components: int = eqx.field(static=True, default=3)

    def __check_init__(self) -> None:
        _refuse_small(self.components, "fourier", 1)

    @property
    def size(self) -> int:
        return self.components

    def vectors(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        waves = [jnp.ones_like(x)]
        for k in range(1, self.components):
            wave = jnp.cos if k % 2 else jnp.sin
            waves.append(2**0.5 * wave(2.0 * jnp.pi * ((k + 1) // 2) * x))
        return jnp.stack(waves, axis=-1)


class PolynomialMap(FeatureMap):
    """Legendre polynomials sqrt(2k + 1) P_k(2x - 1), k = 0 .. d-1: orthonormal on [0, 1].

    They span what 1, x, x^2, ... span, and stay well conditioned.
    """

    components: int = eqx.field(static=True, default=3)

    def __check_init__(self) -> None:
        _refuse_small(self.components, "polynomial", 1)

    @property
    def size(self) -> int:
        return self.components

    def vectors(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        t = 2.0 * x - 1.0
        legendre = [jnp.ones_like(t), t]
        for k in range(1, self.components - 1):
            legendre.append(((2 * k + 1) * t * legendre[k] - k * legendre[k - 1]) / (k + 1))
        return jnp.stack([(2 * k + 1) ** 0.5 * legendre[k] for k in range(self.components)], axis=-1)


class LearnedMap(FeatureMap):
    """Trained combinations of the Legendre polynomials up to a degree, other ones for each site.

    The columns of ``weight`` (sites, polynomials, size) are made orthonormal (QR) when it is called, so that
    the map stays orthonormal on [0, 1] whatever training does to them.
    """

    weight: Float[Any, "sites polynomials size"]

    @property
    def size(self) -> int:
        return self.weight.shape[2]

    def vectors(self, x: Float[Any, "*batch sites"]) -> Float[Any, "*batch sites size"]:
        if x.shape[-1] != self.weight.shape[0]:
            raise InputError(
                f"a learned feature map of {self.weight.shape[0]} sites was given {x.shape[-1]} features",
                "Give one feature a site.",
            )
        basis, upper = jnp.linalg.qr(self.weight)
        sign = jnp.where(jnp.diagonal(upper, axis1=-2, axis2=-1) < 0, -1.0, 1.0)
        return jnp.einsum(
            "...sp,spd->...sd",
            PolynomialMap(self.weight.shape[1]).vectors(x),
            basis * sign[:, None, :],
        )


def learned_map(sites: int, size: int, polynomials: int, *, key: PRNGKeyArray) -> LearnedMap:
    """A learned map that starts near the first ``size`` of so many polynomials.

    Raises:
        InputError: for more components than polynomials, or none.
    """
    if not 1 <= size <= polynomials:
        raise InputError(
            f"a learned feature map of {size} components from {polynomials} polynomials",
            "Give 1 or more components and at least as many polynomials.",
        )
    rng = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    start = np.eye(polynomials, size) + 0.1 * rng.normal(size=(sites, polynomials, size))
    return LearnedMap(jnp.asarray(start, float_dtype()))


FEATURE_MAPS = ("spin", "fourier", "polynomial", "learned")
_FIXED: dict[str, Callable[[int], FeatureMap]] = {
    "fourier": FourierMap,
    "polynomial": PolynomialMap,
}


SHARED = (SpinMap, FourierMap, PolynomialMap)
"""The maps that are the same for each site."""


def feature_map(
    name: str, size: int, *, sites: int, key: PRNGKeyArray | None = None, orthonormal: bool = False
) -> FeatureMap:
    """A feature map by name: "spin", "fourier", "polynomial", or "learned" (of twice as many polynomials).

    All but the spin are orthonormal on [0, 1]; with ``orthonormal`` that is made so too.

    Raises:
        InputError: for an unknown name, a size that the map cannot have, or a learned one without key.
    """
    if name not in FEATURE_MAPS:
        raise InputError(f"unknown feature map {name!r}", nearest(name, FEATURE_MAPS))
    if name == "spin":
        return SpinMap(size, orthonormal)
    if name in _FIXED:
        return _FIXED[name](size)
    if key is None:
        raise InputError("a learned feature map was given no key", "Pass key=jax.random.key(seed).")
    return learned_map(sites, size, 2 * size, key=key)


@lru_cache(maxsize=32)
def _inverse_root(components: int) -> NDArray[np.float64]:
    """G^(-1/2) of the overlaps of spins, in 64 bits; integrals of cos^a sin^b are Beta functions."""
    top = components - 1
    k = np.arange(components)
    root = np.sqrt([comb(top, int(one)) for one in k])
    a, b = 2 * top - k[:, None] - k, k[:, None] + k
    integral = np.vectorize(
        lambda p, q: gamma((p + 1) / 2) * gamma((q + 1) / 2) / gamma((p + q) / 2 + 1) / pi
    )
    values, vectors = np.linalg.eigh(root[:, None] * root * integral(a, b))
    return (vectors * values**-0.5) @ vectors.T


def _refuse_small(size: int, name: str, least: int) -> None:
    if size < least:
        raise InputError(f"a {name} feature map of {size} components", f"Give {least} or more.")


def _refuse_outside(x: NDArray[Any]) -> None:
    outside = ~((x >= -_ROUNDING) & (x <= 1.0 + _ROUNDING))
    if x.ndim == 0 or np.any(outside):
        place = tuple(map(int, np.argwhere(outside)[0])) if np.any(outside) else ()
        what = f"feature {place[-1]} is {x[place]:g}" if place else "a single number was given"
        raise InputError(f"{what}, and a feature map takes values in [0, 1]", "Scale the features first.")
